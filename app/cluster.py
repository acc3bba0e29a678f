"""A cluster: the store, the API server and every control loop, as one value that time and commands move forward.

    cluster = Cluster(seed=1)
    cluster.submit(Apply(text))          # -> the Step that records it
    cluster.run()                        # until nothing is left to do
    cluster.objects("Pod", "default")

The same seed and the same commands at the same steps give the same trace, in every process. Rooms (app/rooms) own
clusters and decide when they move; this module knows no wall clock.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from app import controllers, nodes
from app.api import errors, kinds, manifests, schema, times
from app.api.deployments import rollback_template
from app.api.objects import Obj, Ref, annotations_of, controller_of, find_named, with_metadata
from app.api.patches import FieldChange, apply_manifest, field_changes
from app.apiserver import requests
from app.apiserver.server import ApiServer, Written
from app.apiserver.store import Store
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
    command_from_json,
)
from app.engine.engine import Engine
from app.engine.latency import PRESETS
from app.engine.trace import Commanded, Result, Step, Trace, is_visible
from app.engine.worker import ActorState

DEFAULT_EPOCH_MS = times.parse("2026-01-01T00:00:00Z")
YOU = "you"
_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_MAX_NODES = 500
_RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


class Entry(NamedTuple):
    """A command in the journal: submitted after `step` steps, at virtual time `at_ms`."""

    step: int
    at_ms: int
    command: dict[str, Any]


class Planned(NamedTuple):
    """What applying one document would do."""

    ref: Ref
    operation: str  # "created", "configured" or "unchanged", as kubectl says it
    changes: tuple[FieldChange, ...]
    obj: Obj  # as the server would store it
    document: manifests.Document


class Outcome(NamedTuple):
    reason: str  # "quiet", "condition" or "limit"
    steps: int


class Cluster:
    def __init__(
        self,
        seed: int = 1,
        epoch_ms: int = DEFAULT_EPOCH_MS,
        latencies: str = "textbook",
        nodes: int = 3,
        **machine: str,
    ) -> None:
        self.seed = seed
        self.epoch_ms = epoch_ms
        self.latencies = latencies
        self.store = Store()
        self.trace = Trace()
        self.engine = Engine(self.store, random.Random(seed), epoch_ms, PRESETS[latencies], self.trace)
        self.journal: list[Entry] = []
        for rank, controller in enumerate(controllers.CONTROLLERS, start=2):
            self.engine.start(controller(), rank)
        self.submit(Bootstrap(nodes, latencies, **machine))

    # ------------------------------------------------------------------------------------------ looking

    @property
    def now_ms(self) -> int:
        return self.engine.now_ms

    @property
    def quiet(self) -> bool:
        """Nothing is left to do but heartbeats."""
        return self.engine.agenda.quiet

    @property
    def actors(self) -> dict[str, ActorState]:
        return {name: worker.state() for name, worker in self.engine.workers.items()}

    def get(self, ref: Ref) -> Obj | None:
        return self.store.get(ref)

    def objects(self, kind: str, namespace: str | None = None) -> list[Obj]:
        return self.store.objects(kind, namespace)

    def next_due_ms(self, *, foreground: bool = True) -> int | None:
        return self.engine.agenda.next_due_ms(foreground=foreground)

    # ------------------------------------------------------------------------------------------ moving

    def step(self) -> Step | None:
        return self.engine.step()

    def step_phase(self, limit_steps: int = 10_000) -> Step | None:
        """Run until one visible step was made; None if the cluster is quiet first."""
        for _ in range(limit_steps):
            if self.quiet:
                return None
            step = self.engine.step()
            if step is None or is_visible(step):
                return step
        return None

    def finish_loop(self, actor: str, key: Ref, limit_steps: int = 10_000) -> None:
        """Run until the reconcile that `actor` has in flight for `key` is over."""
        for _ in range(limit_steps):
            worker = self.engine.workers.get(actor)
            if worker is None or key not in worker.in_flight:
                return
            self.engine.step()

    def advance(self, to_ms: int, max_steps: int = 1_000_000) -> int:
        """Run what is due up to `to_ms`, heartbeats too, `max_steps` at most. Returns the number of steps made."""
        for made in range(max_steps):
            if self.engine.step(to_ms) is None:
                self.engine.now_ms = max(self.now_ms, to_ms)
                return made
        return max_steps

    def run(
        self, until: str | Callable[[Cluster], bool] = "quiet", limit_ms: int = 1_200_000, limit_steps: int = 1_000_000
    ) -> Outcome:
        """Run until quiet or until a condition holds, within limits of virtual time and steps."""
        latest = self.now_ms + limit_ms
        for made in range(limit_steps):
            if callable(until) and until(self):
                return Outcome("condition", made)
            if self.quiet:
                return Outcome("quiet", made)
            if self.engine.step(latest) is None:
                return Outcome("limit", made)
        return Outcome("limit", limit_steps)

    # ------------------------------------------------------------------------------------------ commands

    def submit(self, command: Command) -> Step:
        """Do what a person asks, now. A refusal is recorded in the step, never raised, and changes nothing."""
        number = self.trace.count + 1
        self.journal.append(Entry(self.trace.count, self.now_ms, command.to_json()))
        try:
            results, error = tuple(_result(written) for written in self._perform(command)), ""
            refusal = None
        except errors.ApiError as refused:
            results, error, refusal = (), refused.message, refused
        step = self.engine.record(YOU, _about(command, results), 0, Commanded(command, results, error, refusal))
        for result in results:
            self.engine.publish(result.changes, number)
        return step

    def plan(self, text: str, namespace: str = "default") -> tuple[Planned, ...]:
        """What applying `text` would do, document by document (a server-side dry run).

        Raises ManifestError or another ApiError; its `document` is the one that was refused, if it is one's fault.
        """
        store = self.store.overlay()
        server = ApiServer(store, lambda: self.now_ms, random.Random(0))
        planned = []
        for document in manifests.parse(text):
            try:
                planned.append(_apply(server, document, namespace))
            except errors.ApiError as error:
                error.document = document
                raise
        return tuple(planned)

    def dry_run(self, command: Command) -> tuple[Result, ...]:
        """What an API client's command would write. Raises the ApiError with which it would be refused."""
        server = ApiServer(self.store.overlay(), lambda: self.now_ms, random.Random(self.trace.count))
        results = (_result(written) for written in _requested(server, command))
        return tuple(result._replace(obj=self._unwritten(result)) for result in results)

    def _unwritten(self, result: Result) -> Obj | None:
        """An object that a dry run gave a resourceVersion, with the one it really has."""
        stored = self.store.get(result.ref) if result.ref else None
        version = stored["metadata"]["resourceVersion"] if stored else None
        return with_metadata(result.obj, resourceVersion=version) if result.obj else None

    def _perform(self, command: Command) -> Sequence[Written]:
        server = self.engine.server
        match command:
            case Bootstrap():
                return self._bootstrap(command)
            case Apply(text, namespace):
                self.plan(text, namespace)  # all or nothing
                return [_apply_now(server, *_wanted(each, namespace)) for each in manifests.parse(text)]
            case CrashContainer(ref, container, exit_code):
                return [self._crash(ref, container, exit_code)]
            case Scale(ref, replicas):
                return [server.patch(ref, {"spec": {"replicas": replicas}})]
            case SetImage(ref, image, container):
                return [server.patch(ref, lambda obj: _with_image(obj, image, container))]
            case SetLabel(ref, label, value):
                return [server.patch(ref, {"metadata": {"labels": {label: value}}})]
            case RolloutUndo(ref, to_revision):
                return [self._undo(ref, to_revision)]
            case RolloutRestart(ref):
                mark = {"annotations": {_RESTARTED_AT: times.rfc3339(self.now_ms)}}
                return [server.patch(ref, {"spec": {"template": {"metadata": mark}}})]
            case Cordon(node, unschedulable):
                return [server.patch(Ref("Node", "", node), {"spec": {"unschedulable": unschedulable or None}})]
            case SetLatencies(preset):
                return self._set_latencies(preset)
            case _:
                return _requested(server, command)

    def _bootstrap(self, command: Bootstrap) -> list[Written]:
        server = self.engine.server
        written = [server.create(_namespace(name)) for name in _NAMESPACES]
        for number in range(1, min(command.nodes, _MAX_NODES) + 1):
            name = f"node-{number}"
            machine = nodes.machine(name, number, cpu=command.cpu, memory=command.memory, latencies=command.latencies)
            written.append(server.create(machine))
            for controller in nodes.machine_controllers(name):
                self.engine.start(controller, 1)
        return written

    def _crash(self, ref: Ref, container: str, exit_code: int) -> Written:
        server = self.engine.server
        pod = server.get(ref)
        name = container or pod["spec"]["containers"][0]["name"]
        sandbox = nodes.sandbox_ref(ref.namespace, ref.name, pod["spec"].get("nodeName", ""))
        running = self.get(sandbox)
        if running is None or nodes.crashed(running, name, exit_code, self.now_ms) is running:
            raise errors.BadRequest(f'container "{name}" in pod "{ref.name}" is not running')
        return server.patch(sandbox, lambda obj: nodes.crashed(obj, name, exit_code, self.now_ms))

    def _undo(self, ref: Ref, to_revision: int) -> Written:
        deployment = self.engine.server.get(ref)
        uid = deployment["metadata"]["uid"]
        owned = [rs for rs in self.objects("ReplicaSet", ref.namespace) if (controller_of(rs) or {}).get("uid") == uid]
        template = rollback_template(deployment, owned, to_revision)
        return self.engine.server.patch(ref, lambda obj: {**obj, "spec": {**obj["spec"], "template": template}})

    def _set_latencies(self, preset: str) -> list[Written]:
        if preset not in PRESETS:
            raise errors.BadRequest(f'unknown latencies "{preset}": one of {", ".join(PRESETS)}')
        self.latencies = preset
        self.engine.latencies = PRESETS[preset]
        server = self.engine.server
        machines = [Ref("Machine", "", machine["metadata"]["name"]) for machine in self.objects("Machine")]
        return [server.patch(ref, {"spec": {"latencies": preset}}) for ref in machines]

    # ------------------------------------------------------------------------------------------ replay

    @staticmethod
    def replay(seed: int, epoch_ms: int, journal: Sequence[Entry], to_step: int | None = None) -> Cluster:
        """The cluster that this journal made, as it was after `to_step` steps (None: after its last command)."""
        first = command_from_json(journal[0].command)
        assert isinstance(first, Bootstrap)
        cluster = Cluster(seed, epoch_ms, first.latencies, first.nodes, cpu=first.cpu, memory=first.memory)
        for entry in journal[1:]:
            if to_step is not None and entry.step >= to_step:
                break
            cluster.forward(entry.step, entry.at_ms)
            cluster.submit(command_from_json(entry.command))
        if to_step is not None:
            cluster.forward(to_step)
        return cluster

    def forward(self, to_step: int, at_ms: int = 0) -> None:
        """Run until `to_step` steps have been made and it is `at_ms`."""
        while self.trace.count < to_step and self.engine.step() is not None:
            pass
        self.engine.now_ms = max(self.now_ms, at_ms)


def _requested(server: ApiServer, command: Command) -> Sequence[Written]:
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


def _apply(server: ApiServer, document: manifests.Document, namespace: str) -> Planned:
    wanted, ref = _wanted(document, namespace)
    before = server.store.get(ref)
    written = _apply_now(server, wanted, ref)
    operation = "created" if before is None else "configured" if written.changes else "unchanged"
    return Planned(ref, operation, field_changes(_shown(before), _shown(written.obj)), written.obj, document)


def _apply_now(server: ApiServer, wanted: Obj, ref: Ref) -> Written:
    """`kubectl apply` of one document: create it, or merge what its author changed since the last apply."""
    current = server.store.get(ref)
    applied = apply_manifest(current, _in_namespace(wanted, ref))
    if current is None:
        return server.create(applied)
    return server.patch(ref, lambda _: schema.decode(applied))


def _wanted(document: manifests.Document, namespace: str) -> tuple[Obj, Ref]:
    """A document decoded, and what it is about."""
    wanted = schema.decode(document.obj)
    return wanted, _target(wanted, namespace)


def _target(obj: Obj, namespace: str) -> Ref:
    """What a decoded manifest is about; `namespace` where it names none."""
    meta = obj.get("metadata") or {}
    namespaced = kinds.KINDS[obj["kind"]].namespaced
    return Ref(obj["kind"], (meta.get("namespace") or namespace) if namespaced else "", meta.get("name", ""))


def _in_namespace(obj: Obj, ref: Ref) -> Obj:
    meta = obj.get("metadata") or {}
    return {**obj, "metadata": {**meta, "namespace": ref.namespace} if ref.namespace else meta}


def _shown(obj: Obj | None) -> Obj:
    """What a person may change: without status and without what only the server writes."""
    if obj is None:
        return {}
    kept = ("name", "namespace", "labels", "annotations", "finalizers", "ownerReferences")
    meta = {key: value for key, value in obj["metadata"].items() if key in kept}
    notes = {k: v for k, v in annotations_of(obj).items() if k != "kubectl.kubernetes.io/last-applied-configuration"}
    meta = {**meta, "annotations": notes} if notes else {k: v for k, v in meta.items() if k != "annotations"}
    return {**{key: value for key, value in obj.items() if key != "status"}, "metadata": meta}


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


def _namespace(name: str) -> Obj:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _result(written: Written) -> Result:
    created = any(change.type == "ADDED" for change in written.changes)
    meta = written.obj["metadata"]
    ref = Ref(written.obj["kind"], meta.get("namespace", ""), meta["name"])
    code, reason = (201, "Created") if created else (200, "OK")
    return Result(code, reason, "", ref, written.obj, written.changes, written.warnings)


def _about(command: Command, results: Sequence[Result]) -> Ref | None:
    ref = getattr(command, "ref", None)
    return ref if isinstance(ref, Ref) else results[0].ref if len(results) == 1 else None
