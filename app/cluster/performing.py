"""What each command writes. Called by Cluster, which records it as one step.

Commands go through the API server like any client. Those that API clients may ask for need no more than a server, so
that a dry run can perform them on an overlay.
"""

from __future__ import annotations

from collections.abc import Sequence

from app import nodes
from app.api import errors, times
from app.api.deployments import rollback_template
from app.api.objects import Obj, Ref, controller_of, find_named
from app.apiserver import requests
from app.apiserver.server import ApiServer, Written
from app.cluster import applying
from app.commands import (
    Apply,
    BindPod,
    Bootstrap,
    Command,
    Cordon,
    CrashContainer,
    CreateObject,
    DeleteCollection,
    DeleteObject,
    EvictPod,
    PatchObject,
    ReplaceObject,
    RolloutRestart,
    RolloutUndo,
    Scale,
    SetImage,
    SetLabel,
    SetLatencies,
)
from app.engine.engine import Engine
from app.engine.latency import PRESETS

_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_MAX_NODES = 500
_RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


def perform(engine: Engine, command: Command) -> Sequence[Written]:
    """Raises the ApiError with which it is refused; then nothing was written."""
    server = engine.server
    match command:
        case Bootstrap():
            return _bootstrap(engine, command)
        case Apply(text, namespace):
            applying.plan(server, text, namespace)  # all or nothing
            return [*applying.apply(server, text, namespace)]
        case CrashContainer(ref, container, exit_code):
            return [_crash(engine, ref, container, exit_code)]
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
        case Cordon(node, unschedulable):
            return [server.patch(Ref("Node", "", node), {"spec": {"unschedulable": unschedulable or None}})]
        case SetLatencies(preset):
            return _set_latencies(engine, preset)
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


def _bootstrap(engine: Engine, command: Bootstrap) -> list[Written]:
    server = engine.server
    written = [server.create(_namespace(name)) for name in _NAMESPACES]
    for number in range(1, min(command.nodes, _MAX_NODES) + 1):
        name = f"node-{number}"
        machine = nodes.machine(name, number, cpu=command.cpu, memory=command.memory, latencies=command.latencies)
        written.append(server.create(machine))
        for controller in nodes.machine_controllers(name):
            engine.start(controller, 1)
    return written


def _namespace(name: str) -> Obj:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _crash(engine: Engine, ref: Ref, container: str, exit_code: int) -> Written:
    server = engine.server
    pod = server.get(ref)
    name = container or pod["spec"]["containers"][0]["name"]
    sandbox = nodes.sandbox_ref(ref.namespace, ref.name, pod["spec"].get("nodeName", ""))
    running = server.store.get(sandbox)
    if running is None or nodes.crashed(running, name, exit_code, engine.now_ms) is running:
        raise errors.BadRequest(f'container "{name}" in pod "{ref.name}" is not running')
    return server.patch(sandbox, lambda obj: nodes.crashed(obj, name, exit_code, engine.now_ms))


def _undo(server: ApiServer, ref: Ref, to_revision: int) -> Written:
    deployment = server.get(ref)
    uid, sets = deployment["metadata"]["uid"], server.store.objects("ReplicaSet", ref.namespace)
    owned = [rs for rs in sets if (controller_of(rs) or {}).get("uid") == uid]
    template = rollback_template(deployment, owned, to_revision)
    return server.patch(ref, lambda obj: {**obj, "spec": {**obj["spec"], "template": template}})


def _set_latencies(engine: Engine, preset: str) -> list[Written]:
    if preset not in PRESETS:
        raise errors.BadRequest(f'unknown latencies "{preset}": one of {", ".join(PRESETS)}')
    engine.latencies = PRESETS[preset]
    server = engine.server
    machines = [Ref("Machine", "", machine["metadata"]["name"]) for machine in server.store.objects("Machine")]
    return [server.patch(ref, {"spec": {"latencies": preset}}) for ref in machines]


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
