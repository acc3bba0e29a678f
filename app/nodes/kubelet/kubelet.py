"""kubelet: one loop per machine that makes the pods bound to it run, and says in their status how they are.

It asks the container runtime for what a pod needs (app/nodes/sandbox.py), restarts what ended, probes what runs, stops
what is to be deleted, and reports. It only receives pods of its own node. How a single container is dealt with is in
app/nodes/kubelet/containers.py, how the pod's status is put together in app/nodes/kubelet/pod_status.py.
Models kubernetes/pkg/kubelet (`syncPod`, `SyncTerminatingPod`, `SyncTerminatedPod`), with pod status patched as its
status manager does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from app.api.messages import N_, Message
from app.api.objects import Obj, Ref, is_terminating, ref_of
from app.component_helpers import pods
from app.nodes import sandbox
from app.nodes.kubelet import (
    admission,
    asking,
    configs,
    containers,
    endings,
    hooks,
    pod_status,
    resizing,
    sayings,
    volumes,
)
from app.nodes.kubelet.containers import Look, PodSeen
from app.nodes.kubelet.pod_status import Status
from app.nodes.kubelet.resizing import Resize
from app.nodes.kubelet.restarts import NOTICE_MS, Memory
from app.nodes.sandbox import EXITED, RUNNING, Container
from app.reconcile import (
    BACKGROUND,
    Action,
    Announce,
    Cache,
    Controller,
    Create,
    Delete,
    Difference,
    Patch,
    Reader,
    RequeueAfter,
    Wake,
    itself,
)

_ORPHAN_GRACE_SECONDS = 2


class Kubelet(Controller[PodSeen]):
    name = "kubelet"
    title = "kubelet"
    subject = N_("The kubelet of %(node)s")
    lane = 100
    reconciles = "Pod"
    concurrency = 0
    assumes = True
    says = sayings.SAYS
    labels = {"sandbox": N_("what runs here")}

    def __init__(self, node: str) -> None:
        self.instance = node
        own = ("spec.nodeName", node)
        self.wakes = (
            itself("Pod"),
            Wake("PodSandbox", _pod_of, when=_happened),
            Wake("PodSandbox", _waiting_for_room, when=resizing.made_room),
        )
        self.reads = (
            Cache(
                "Pod",
                field_selector=own,
                sees=_by_others,
                indexes={"hostPort": admission.port_numbers, "waits": resizing.waits},
            ),
            Cache("PodSandbox", field_selector=own, sees=_happened),
            Cache("Machine", field_selector=("metadata.name", node)),
        )

    def observe(self, key: Ref, reader: Reader) -> PodSeen | None:
        pod = reader.get(key)
        found = reader.get(sandbox.sandbox_ref(key.namespace, key.name, self.instance))
        machine = reader.get(Ref("Machine", "", self.instance))
        if machine is None or (pod is None and found is None):
            return None
        starts = pod is not None and found is None and not is_terminating(pod) and not pods.is_terminal(pod)
        unmounted = volumes.missing(pod, reader) if pod is not None and starts else ""
        withheld = configs.withheld(pod, _to_be_made(pod, found), reader) if pod is not None else {}
        rivals = admission.rivals(pod, reader) if pod is not None and starts else ()
        taken = resizing.taken(pod, found, reader) if pod is not None and found is not None else None
        memory = reader.remembered() or Memory()
        return PodSeen(pod, found, machine, memory, reader.now_ms, unmounted, withheld, rivals, taken)

    @staticmethod
    def saw(seen: PodSeen) -> Message:
        return sayings.saw(seen.pod, seen.sandbox)

    def diff(self, seen: PodSeen) -> Iterable[Difference]:
        pod, found = seen.pod, seen.sandbox
        if found is not None and (pod is None or found["spec"]["podUID"] != pod["metadata"]["uid"]):
            return _clear_away(found, seen.now_ms)
        assert pod is not None
        if found is None:
            return _without_sandbox(seen, pod)
        if is_terminating(pod):
            return _terminate(seen, pod, found)
        return _sync(seen, pod, found)


# ------------------------------------------------------------------------------------------------ starting


def _without_sandbox(seen: PodSeen, pod: Obj) -> Iterator[Difference]:
    if is_terminating(pod):
        yield from _finish_deletion(pod, ())
    elif pods.is_terminal(pod):
        return
    elif (refusal := admission.refusal(pod, seen.machine, seen.rivals)) is not None:
        yield admission.rejection(pod, *refusal, seen.now_ms)
    else:
        yield from _start(seen, pod)


def _start(seen: PodSeen, pod: Obj) -> Iterator[Difference]:
    """Have the sandbox made, and say that containers are being created."""
    asked, events = _requests(seen, pod, _due(pod, {}))
    if seen.unmounted:
        told, wait = Announce(pod, "Warning", "FailedMount", seen.unmounted), volumes.pause_ms(pod, seen.now_ms)
        actions: tuple[Action, ...] = (told, RequeueAfter(wait, "volume mount back-off"))
        yield Difference(ref_of(pod), "volumes", "mounted", seen.unmounted, "FailedMount", actions, BACKGROUND)
    else:
        first, others = (events[0], events[1:]) if events else (None, [])
        actions = (Create(sandbox.new_sandbox(pod, asked), announce=first), *others)
        yield Difference(ref_of(pod), "sandbox", "ready", "", "SandboxMissing", actions)
    if seen.withheld:
        first_look = RequeueAfter(NOTICE_MS, "container is tried again")
        yield Difference(ref_of(pod), "sandbox", "created", seen.withheld, configs.REASON, (first_look,))
    spec = pod["spec"]
    inits = [containers.first_status(pod, seen.machine, each) for each in spec.get("initContainers") or ()]
    apps = [
        containers.first_status(pod, seen.machine, each, asked=each["name"] in asked) for each in spec["containers"]
    ]
    status = pod_status.pod_status(pod, seen.machine, None, inits, apps, seen.now_ms)
    yield from _report(pod, status, ())


def _due(pod: Obj, known: dict[str, Container]) -> list[tuple[dict[str, Any], bool]]:
    """The containers that should run by now, and whether each is an init container: those go first, one by one."""
    sidecars: list[tuple[dict[str, Any], bool]] = []
    for init in pod["spec"].get("initContainers") or ():
        state = known.get(init["name"]) or {"state": ""}
        if pods.is_sidecar(init):
            sidecars.append((init, True))
            if state["state"] != RUNNING:
                return sidecars
        elif state["state"] != EXITED or state["exitCode"] != 0:
            return [*sidecars, (init, True)]
    return [*sidecars, *((each, False) for each in pod["spec"]["containers"])]


def _to_be_made(pod: Obj, found: Obj | None) -> list[dict[str, Any]]:
    """The containers that should run by now and were not asked for yet."""
    if is_terminating(pod) or pods.is_terminal(pod):
        return []
    asked, spec = sandbox.wanted_of(found) if found is not None else {}, pod["spec"]
    if len(asked) >= len(spec["containers"]) + len(spec.get("initContainers") or ()):
        return []
    known = sandbox.known_of(found) if found is not None else {}
    return [each for each, _ in _due(pod, known) if each["name"] not in asked]


def _requests(
    seen: PodSeen, pod: Obj, due: list[tuple[dict[str, Any], bool]]
) -> tuple[dict[str, Container], list[Announce]]:
    asked: dict[str, Container] = {}
    events = []
    for container, is_init in due:
        if container["name"] in seen.withheld:
            continue
        wanted, event = asking.request(pod, seen.machine, container, is_init=is_init)
        events.append(event)
        if wanted is not None:
            asked[container["name"]] = wanted
    return asked, events


# ------------------------------------------------------------------------------------------------- running


def _sync(seen: PodSeen, pod: Obj, found: Obj) -> Iterator[Difference]:
    if sandbox.ending_of(found) is not None:
        yield from _end(seen, pod, found)
        return
    resize = resizing.resize_of(pod, found, seen.machine, seen.taken)
    inits, apps, added = _looks(seen, pod, resize)
    over = all(look.over for look in apps) or any(look.over and not look.status["ready"] for look in inits)
    alive = over and bool(_alive(pod, found))
    status = pod_status.pod_status(
        pod, seen.machine, found, [i.status for i in inits], [a.status for a in apps], seen.now_ms,
        over=over and not alive, added=[each.status for each in added],
        resizes=() if over else resizing.conditions(pod, found, resize, seen.now_ms),
    )  # fmt: skip
    looks = (*inits, *apps, *added)
    events = tuple(event for look in looks for event in look.events)
    if over:
        then = Patch(ref_of(found), {"spec": {"ending": {}}}) if alive else Delete(ref_of(found))
        yield from _report(pod, status, events, then)
        return
    yield from _report(pod, status, (*events, *resizing.events(pod, found, resize)))
    yield from endings.of_deadline(pod, found, seen.now_ms)
    yield from endings.of_storage(pod, found, seen.now_ms)
    for look in looks:
        yield from look.differences
    yield from resizing.differences(pod, found, resize, seen.now_ms)
    yield from _ask_for_next(seen, pod, found)


def _end(seen: PodSeen, pod: Obj, found: Obj) -> Iterator[Difference]:
    """It ends though nobody deleted it: stop what runs, then report how it ended."""
    ending = sandbox.ending_of(found)
    assert ending is not None
    alive = _alive(pod, found)
    grace = ending.get("graceSeconds", pod["spec"].get("terminationGracePeriodSeconds", 30))
    for container, is_init in alive:
        if "stop" not in sandbox.wanted_of(found)[container["name"]]:
            yield _stop(seen, pod, found, container, is_init, grace, first=True)
    status = _last_status(seen, pod, found, over=not alive)
    yield from _report(pod, status, (), *(() if alive else (Delete(ref_of(found)),)))


def _alive(pod: Obj, found: Obj) -> list[tuple[dict[str, Any], bool]]:
    known = sandbox.known_of(found)
    return [item for item in _all_containers(pod) if known.get(item[0]["name"], {}).get("state") == RUNNING]


def _looks(seen: PodSeen, pod: Obj, resize: Resize | None = None) -> tuple[list[Look], list[Look], list[Look]]:
    """Of its init containers, of those proper, and of those that were added to look inside."""
    assert seen.sandbox is not None
    memory = seen.memory
    looks: dict[str, list[Look]] = {"initContainers": [], "containers": [], asking.EPHEMERAL: []}
    for container, is_init in _all_containers(pod):
        look = containers.look(seen, container, memory, is_init=is_init)
        memory = look.memory
        status, part = resizing.sized(look.status, seen.sandbox, resize), asking.part_of(pod, container, is_init)
        if part == asking.EPHEMERAL:  # nobody waits for it, so nobody says so
            status = {key: value for key, value in {**status, "ready": False}.items() if key != "started"}
        looks[part].append(look._replace(status=status))
    inits, apps, added = looks.values()
    return inits, apps, added


def _all_containers(pod: Obj) -> list[tuple[dict[str, Any], bool]]:
    spec = pod["spec"]
    inits = [(each, True) for each in spec.get("initContainers") or ()]
    return [*inits, *((each, False) for each in (*spec["containers"], *_added(pod)))]


def _added(pod: Obj) -> list[dict[str, Any]]:
    """Containers that somebody added to look inside."""
    return pod["spec"].get(asking.EPHEMERAL) or []


def _ask_for_next(seen: PodSeen, pod: Obj, found: Obj) -> Iterator[Difference]:
    """An init container has done its work: on to the next, or to the containers proper. Whoever was added to look
    inside waits for none of them."""
    asked = sandbox.wanted_of(found)
    wanted, events = _requests(seen, pod, [(each, False) for each in _added(pod) if each["name"] not in asked])
    if wanted:
        first, *others = events
        actions: tuple[Action, ...] = (Patch(ref_of(found), {"spec": {"containers": wanted}}, announce=first), *others)
        yield Difference(ref_of(pod), "sandbox", [*asked, *wanted], [*asked], "EphemeralContainerMissing", actions)
    if not pod["spec"].get("initContainers") and len(asked) >= len(pod["spec"]["containers"]):
        return
    new = [item for item in _due(pod, sandbox.known_of(found)) if item[0]["name"] not in asked]
    wanted, events = _requests(seen, pod, new)
    if wanted:
        first, *others = events
        patch = Patch(ref_of(found), {"spec": {"containers": wanted}}, announce=first)
        yield Difference(ref_of(pod), "sandbox", [*asked, *wanted], [*asked], "ContainersMissing", (patch, *others))


def _report(pod: Obj, status: Status, events: tuple[Announce, ...], *then: Action) -> Iterator[Difference]:
    """Patch the pod's status if it changed, announce what happened, and go on to `then`."""
    old: Status = pod.get("status") or {}
    changed = pod_status.changes(old, status)
    actions: list[Action] = [*events]
    if changed:
        first, others = (events[0], events[1:]) if events else (None, ())
        uid = pod["metadata"]["uid"]
        actions = [Patch(ref_of(pod), {"status": changed}, uid=uid, subresource="status", announce=first), *others]
    if actions or then:
        desired, observed = pod_status.summary(status), pod_status.summary(old)
        yield Difference(ref_of(pod), "status", desired, observed, "StatusOutdated", (*actions, *then))


# ------------------------------------------------------------------------------------------------ stopping


def _terminate(seen: PodSeen, pod: Obj, found: Obj) -> Iterator[Difference]:
    """The pod was marked for deletion: stop what runs, report how it ended, then let the pod go."""
    grace = pod["metadata"].get("deletionGracePeriodSeconds", 30)
    wanted, alive = sandbox.wanted_of(found), _alive(pod, found)
    for container, is_init in alive:
        past = wanted[container["name"]].get("stop")
        if past is None or past["graceSeconds"] > grace:
            yield _stop(seen, pod, found, container, is_init, grace, first=past is None)
        elif past.get("asks") and past["atMs"] > seen.now_ms and sandbox.told(found, container["name"]).get("mayGo"):
            ended = {"spec": {"containers": {container["name"]: {"stop": {"atMs": seen.now_ms}}}}}
            field = f"containers[{container['name']}].state"
            yield Difference(ref_of(pod), field, EXITED, RUNNING, "PreStopHookEnded", (Patch(ref_of(found), ended),))
    status = _last_status(seen, pod, found, over=not alive)
    if alive:
        yield from _report(pod, status, ())
    else:
        changed = pod_status.changes(pod.get("status") or {}, status)
        uid = pod["metadata"]["uid"]
        report = (Patch(ref_of(pod), {"status": changed}, uid=uid, subresource="status"),) if changed else ()
        yield from _finish_deletion(pod, (*report, Delete(ref_of(found))))


def _last_status(seen: PodSeen, pod: Obj, found: Obj, *, over: bool) -> Status:
    """Of a pod that is to go or to end. Once nothing runs any more, every container counts as terminated."""
    inits, apps, added = (
        [_final(look.status) if over else look.status for look in looks] for looks in _looks(seen, pod)
    )
    ending = sandbox.ending_of(found)
    return pod_status.pod_status(
        pod, seen.machine, found, inits, apps, seen.now_ms, over=over, ending=ending, added=added
    )


def _final(status: Status) -> Status:
    return status if "terminated" in status["state"] else pod_status.never_ran(status)


def _stop(
    seen: PodSeen, pod: Obj, found: Obj, container: dict[str, Any], is_init: bool, grace: int, *, first: bool
) -> Difference:
    name = container["name"]
    event = Announce(asking.about(pod, container, is_init), "Normal", "Killing", f"Stopping container {name}")
    stop = sandbox.stop(seen.now_ms, grace, hooks.pre_stop_ms(container) if first else 0)
    if first and hooks.asks_its_program(pod, container):
        stop = {**stop, "atMs": stop["killAtMs"], "asks": True}
    patch = Patch(ref_of(found), {"spec": {"containers": {name: {"stop": stop}}}}, announce=event if first else None)
    return Difference(ref_of(pod), f"containers[{name}].state", EXITED, RUNNING, "PodDeleted", (patch,))


def _finish_deletion(pod: Obj, before: tuple[Action, ...]) -> Iterator[Difference]:
    """Nothing of it runs here any more: delete it for good. A pod held by finalizers is already marked so."""
    actions = before
    if pod["metadata"].get("deletionGracePeriodSeconds", 0) != 0:
        actions = (*before, Delete(ref_of(pod), uid=pod["metadata"]["uid"], grace_seconds=0))
    if actions:
        yield Difference(ref_of(pod), "metadata.deletionTimestamp", "gone", "terminating", "PodTerminated", actions)


def _clear_away(found: Obj, now_ms: int) -> Iterator[Difference]:
    """Stop what is left of a pod that is no longer in the API, as after a forced deletion."""
    known, wanted = sandbox.known_of(found), sandbox.wanted_of(found)
    alive = [name for name, container in known.items() if container["state"] == RUNNING]
    stops = {
        name: {"stop": sandbox.stop(now_ms, _ORPHAN_GRACE_SECONDS)}
        for name in alive
        if wanted[name].get("stop", {"graceSeconds": _ORPHAN_GRACE_SECONDS + 1})["graceSeconds"] > _ORPHAN_GRACE_SECONDS
    }
    actions: tuple[Action, ...] = ()
    if stops:
        actions = (Patch(ref_of(found), {"spec": {"containers": stops}}),)
    elif not alive:
        actions = (Delete(ref_of(found)),)
    yield Difference(sandbox.pod_ref(found), "sandbox", "gone", alive or "stopped", "PodGone", actions)


# ------------------------------------------------------------------------------------------ what it watches


def _pod_of(found: Obj, _: Reader) -> tuple[Ref]:
    return (sandbox.pod_ref(found),)


def _waiting_for_room(_: Obj, reader: Reader) -> Iterable[Ref]:
    return (ref_of(pod) for pod in reader.by("Pod", "waits", True))


def _by_others(old: Obj, new: Obj) -> bool:
    """A change of the pod that the kubelet did not make itself by reporting a status."""
    before, after = old["metadata"], new["metadata"]
    for field in ("uid", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"):
        if before.get(field) != after.get(field):
            return True
    was, now = old.get("status") or {}, new.get("status") or {}
    if was is now or "containerStatuses" not in was:
        return False
    return bool(was["containerStatuses"] == now.get("containerStatuses") and was != now)


def _happened(old: Obj | None, new: Obj | None) -> bool:
    """The runtime did something that a kubelet answers to; or the sandbox is gone."""
    if new is None:
        return True
    after = sandbox.states(new)
    if old is None:
        return bool(after)
    told = (old.get("status") or {}).get("told") != (new.get("status") or {}).get("told")
    return told or sandbox.states(old) != after or sandbox.ending_of(old) != sandbox.ending_of(new)
