"""What each command writes. Called by Cluster, which records it as one step.

Commands go through the API server like any client. Those that API clients may ask for need no more than a server, so
that a dry run can perform them on an overlay.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.api import errors, times
from app.api.objects import (
    Obj,
    Ref,
    controller_of,
    controller_uid,
    find_named,
    is_terminating,
    name_of,
    namespace_of,
    owner_reference,
    ref_of,
    uid_of,
)
from app.apiserver import requests
from app.apiserver.server import ApiServer, Written
from app.cluster import applying, breaking
from app.commands import (
    Apply,
    BindPod,
    Command,
    Cordon,
    CreateObject,
    DeleteCollection,
    DeleteObject,
    Drain,
    EvictPod,
    PatchObject,
    ReplaceObject,
    RolloutRestart,
    RolloutUndo,
    RunNow,
    Scale,
    SetImage,
    SetLabel,
    Suspend,
)
from app.component_helpers import revisions
from app.controllers.deployment.rollout import rolled_back
from app.engine.engine import Engine

_RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


def perform(engine: Engine, command: Command) -> Sequence[Written]:
    """Raises the ApiError with which it is refused; then nothing was written."""
    if command.physical:
        return breaking.perform(engine, command)
    check_api_server(engine)
    server = engine.server
    match command:
        case Apply(text, namespace):
            applying.plan(server, text, namespace)  # all or nothing
            return [*applying.apply(server, text, namespace)]
        case Scale(ref, replicas):
            return [server.patch(ref, {"spec": {"replicas": replicas}})]
        case SetImage(ref, image, container):
            return [server.patch(ref, lambda obj: _with_image(obj, image, container))]
        case SetLabel(ref, label, value):
            return [server.patch(ref, {"metadata": {"labels": {label: value}}})]
        case RolloutUndo(ref, to_revision):
            return [_undo(server, ref, to_revision)]
        case RolloutRestart(ref):
            mark = {"annotations": {_RESTARTED_AT: times.rfc3339(engine.now_ms)}}
            return [server.patch(ref, {"spec": {"template": {"metadata": mark}}})]
        case Suspend(ref, suspended):
            return [server.patch(ref, {"spec": {"suspend": suspended}})]
        case RunNow(ref, job):
            return [server.create(_job_from(server, ref, job))]
        case Cordon(node, unschedulable):
            return [server.patch(Ref("Node", "", node), {"spec": {"unschedulable": unschedulable or None}})]
        case Drain(node):
            return _drain(server, node)
        case _:
            return requested(server, command)


def requested(server: ApiServer, command: Command) -> Sequence[Written]:
    """What any API client may ask for, of a server that may be one for dry runs."""
    match command:
        case CreateObject(obj, manager):
            return [requests.create(server, obj, manager)]
        case ReplaceObject(ref, obj, subresource, manager):
            return [requests.replace(server, ref, obj, subresource, manager)]
        case PatchObject(ref, patch_type, patch, subresource, manager, force, validation, _who, version):
            return [requests.patch(server, ref, patch_type, patch, subresource, manager, force, validation, version)]
        case DeleteObject(ref, grace_seconds, propagation, uid, version):
            return [requests.delete(server, ref, grace_seconds, propagation, uid, version)]
        case DeleteCollection(kind, namespace, labels, fields, grace_seconds, propagation):
            return requests.delete_collection(server, kind, namespace, labels, fields, grace_seconds, propagation)
        case BindPod(ref, node, uid):
            return [requests.bind(server, ref, node, uid)]
        case EvictPod(ref, grace_seconds, uid):
            return [requests.evict(server, ref, grace_seconds, uid)]
    raise errors.BadRequest(f'unknown command "{command.do}"')


def check_api_server(engine: Engine) -> None:
    """Raises ServiceUnavailable while the API server is down."""
    if engine.faults.api_down:
        raise errors.ServiceUnavailable("The connection to the server was refused: the API server is down")


def _drain(server: ApiServer, node: str) -> list[Written]:
    """What was written of the node and of each pod; a pod that a budget keeps is told of in a warning.

    Raises ApiError if the node was cordoned already and no pod may go."""
    written = [server.patch(Ref("Node", "", node), {"spec": {"unschedulable": True}})]
    refused: errors.ApiError | None = None
    on_it = [pod for pod in server.store.objects("Pod") if pod["spec"].get("nodeName") == node]
    for pod in on_it:
        owner = controller_of(pod)
        if (owner is not None and owner["kind"] == "DaemonSet") or is_terminating(pod):
            continue
        try:
            written.append(requests.evict(server, ref_of(pod)))
        except errors.ApiError as refusal:
            refused = refused or refusal
            said = f'error when evicting pods/"{name_of(pod)}" -n "{namespace_of(pod)}": {refusal.message}'
            written.append(Written(pod, (), (said,)))
    if refused is not None and not any(each.changes for each in written):
        raise refused
    return written


def _undo(server: ApiServer, ref: Ref, to_revision: int) -> Written:
    workload = server.get(ref)
    past = "ReplicaSet" if ref.kind == "Deployment" else revisions.KIND
    owned = [each for each in server.store.objects(past, ref.namespace) if controller_uid(each) == uid_of(workload)]
    if ref.kind == "Deployment":
        return server.patch(ref, lambda obj: rolled_back(obj, owned, to_revision))
    template = revisions.rollback_template(workload, owned, to_revision)
    return server.patch(ref, lambda obj: {**obj, "spec": {**obj["spec"], "template": template}})


def _job_from(server: ApiServer, ref: Ref, job: str) -> Obj:
    """As `kubectl create job --from` makes it."""
    cron_job = server.get(ref)
    if ref.kind != "CronJob":
        raise errors.BadRequest("unknown object type for --from: only a CronJob is a template for Jobs")
    template = cron_job["spec"]["jobTemplate"]
    meta = template.get("metadata") or {}
    taken = {obj["metadata"]["name"] for obj in server.store.objects("Job", ref.namespace)}
    free = (f"{ref.name}-manual-{number}" for number in range(1, len(taken) + 2))
    metadata = {
        "name": job or next(name for name in free if name not in taken),
        "namespace": ref.namespace,
        "annotations": {"cronjob.kubernetes.io/instantiate": "manual", **(meta.get("annotations") or {})},
        "labels": meta.get("labels") or {},
        # kubectl does not ask that the CronJob's deletion in the foreground wait for it.
        "ownerReferences": [{k: v for k, v in owner_reference(cron_job).items() if k != "blockOwnerDeletion"}],
    }
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]}


def _with_image(obj: Obj, image: str, container: str) -> Obj:
    spec = obj["spec"]
    pod_spec = spec["template"]["spec"] if "template" in spec else spec
    name = container or pod_spec["containers"][0]["name"]
    if find_named(pod_spec["containers"], name) is None:
        raise errors.BadRequest(f'unable to find container named "{name}"')
    changed = [{**item, "image": image} if item["name"] == name else item for item in pod_spec["containers"]]
    pod_spec = {**pod_spec, "containers": changed}
    if "template" in spec:
        return {**obj, "spec": {**spec, "template": {**spec["template"], "spec": pod_spec}}}
    return {**obj, "spec": pod_spec}
