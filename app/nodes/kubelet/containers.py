"""How one container of a pod is doing, and what its kubelet does about it: restart, pull again, kill, wait.

`look` is called by the kubelet for every container of a pod that has a sandbox. It answers with the container's status,
the Events that go with its news, the Differences to close, and what to remember. Pure.
Models `computePodActions` in kubernetes/pkg/kubelet/kuberuntime/kuberuntime_manager.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.api.objects import Obj, is_terminating, ref_of
from app.component_helpers import pods
from app.nodes import sandbox
from app.nodes.kubelet import asking, configs, hooks, pod_status, probes, restarts
from app.nodes.kubelet.pod_status import Status
from app.nodes.kubelet.restarts import NOTICE_MS, Memory
from app.nodes.runtime import images
from app.nodes.sandbox import CREATING, EXITED, PULL_FAILED, PULLING, RUNNING, Container
from app.reconcile import (
    BACKGROUND,
    NOW,
    Action,
    Announce,
    Difference,
    Pace,
    Patch,
    Remember,
    RequeueAfter,
    background_if,
)

_LONG_MS = 300_000  # whoever has more time than this keeps no cluster from being quiet


@dataclass(frozen=True, slots=True)
class PodSeen:
    """What a kubelet sees of a pod: what the API server says, what the runtime says, and what it remembers itself."""

    pod: Obj | None  # None: it was deleted by force
    sandbox: Obj | None
    machine: Obj
    memory: Memory
    now_ms: int
    unmounted: str = ""  # why a volume of a pod that is to start cannot be mounted
    withheld: Mapping[str, str] = field(default_factory=dict)  # why containers that are to be made cannot be, by name
    rivals: Sequence[Obj] = ()  # pods here that want a port of the node with the same number
    taken: tuple[int, int] | None = None  # where a container is to have another size: what other pods were granted


class Look(NamedTuple):
    status: Status
    memory: Memory
    events: tuple[Announce, ...] = ()  # to announce when the status is written
    differences: tuple[Difference, ...] = ()
    over: bool = False  # it has ended and will not run again


class Case(NamedTuple):
    """One container, from all sides."""

    pod: Obj
    machine: Obj
    sandbox: Obj
    container: dict[str, Any]  # of the manifest
    is_init: bool
    withheld: str  # why it cannot be made
    wanted: Container | None  # of the sandbox: what the kubelet asked for
    known: Container | None  # of the sandbox: what the runtime says
    shown: Status | None  # what the pod's status says
    memory: Memory
    now_ms: int

    @property
    def name(self) -> str:
        name: str = self.container["name"]
        return name

    @property
    def part(self) -> str:
        return asking.part_of(self.pod, self.container, self.is_init)

    @property
    def policy(self) -> str:
        """Its restartPolicy; nothing is restarted in a pod that is to go, or to end."""
        if is_terminating(self.pod) or sandbox.ending_of(self.sandbox) is not None:
            return "Never"
        policy: str = self.pod["spec"].get("restartPolicy", "Always")
        if self.part == asking.EPHEMERAL:
            return "Never"
        own: str = self.container.get("restartPolicy", policy)
        if not self.is_init:
            return own
        if pods.is_sidecar(self.container):
            return "Always"
        return "OnFailure" if own == "Always" else own

    def is_restarted(self, exit_code: int) -> bool:
        """After this exit; rules of its own go before its policy."""
        rules = not is_terminating(self.pod) and sandbox.ending_of(self.sandbox) is None
        by_rule = rules and restarts.rule_says(self.container, exit_code)
        return by_rule or restarts.is_restarted(self.policy, exit_code)

    def announce(self, type_: str, reason: str, message: str) -> Announce:
        return Announce(asking.about(self.pod, self.container, self.is_init), type_, reason, message)

    def difference(self, reason: str, desired: Any, observed: Any, *actions: Action, pace: Pace = NOW) -> Difference:
        field = f"status.{self.part.removesuffix('s')}Statuses[{self.name}].state"
        return Difference(ref_of(self.pod), field, desired, observed, reason, actions, pace)

    def ask(self, wanted: Container | dict[str, Any], announce: Announce | None = None) -> Patch:
        """Change what is asked of the runtime for this container."""
        return Patch(
            ref_of(self.sandbox),
            {"spec": {"containers": {self.name: wanted}}},
            uid=_uid(self.sandbox),
            announce=announce,
        )


def look(seen: PodSeen, container: dict[str, Any], memory: Memory, *, is_init: bool = False) -> Look:
    assert seen.pod is not None
    assert seen.sandbox is not None
    name = container["name"]
    wanted, known = sandbox.wanted_of(seen.sandbox).get(name), sandbox.known_of(seen.sandbox).get(name)
    shown = pods.container_status(seen.pod, name)
    case = Case(
        seen.pod, seen.machine, seen.sandbox, container, is_init, seen.withheld.get(name, ""), wanted, known, shown,
        memory, seen.now_ms,
    )  # fmt: skip
    if wanted is None or known is None or known["attempt"] < wanted["attempt"] or known["state"] in (PULLING, CREATING):
        return _waits(case)
    answers: dict[str, Callable[[Case, Container, Container], Look]] = {
        RUNNING: _runs,
        EXITED: _ended,
        PULL_FAILED: _did_not_come,
    }
    return answers[known["state"]](case, known, wanted)


def stop(case: Case, announce: Announce, grace_seconds: int) -> Patch:
    return case.ask({"stop": sandbox.stop(case.now_ms, grace_seconds, hooks.pre_stop_ms(case.container))}, announce)


# --------------------------------------------------------------------------------- on its way, or held up


def _waits(case: Case) -> Look:
    """It was not started yet, or is being restarted: what was shown last still holds."""
    if case.shown is not None and (case.wanted is not None or case.known is not None):
        return Look(case.shown, case.memory)
    if case.withheld:
        return _withheld(case)
    return Look(first_status(case.pod, case.machine, case.container, asked=case.wanted is not None), case.memory)


def _withheld(case: Case) -> Look:
    """What it is made from is not there, or not allowed: it is looked for again."""
    state = pod_status.waiting(configs.REASON, case.withheld)
    status = pod_status.container_status(case.pod, case.container, None, state)
    waiting = ((case.shown or {}).get("state") or {}).get("waiting") or {}
    told = (case.announce("Warning", "Failed", f"Error: {case.withheld}"),)
    wait = RequeueAfter(configs.PAUSE_MS, "container is tried again")
    again = case.difference(configs.REASON, "created", case.withheld, wait, pace=BACKGROUND)
    return Look(status, case.memory, () if waiting.get("message") == case.withheld else told, (again,))


def first_status(pod: Obj, machine: Obj, container: dict[str, Any], *, asked: bool = True) -> Status:
    """Of a container that never ran. `asked`: the runtime knows of it."""
    state = pod_status.waiting("PodInitializing" if pod["spec"].get("initContainers") else "ContainerCreating")
    wanted, event = asking.request(pod, machine, container)
    if not asked and wanted is None:
        state = pod_status.waiting("ErrImageNeverPull", event.message)
    return pod_status.container_status(pod, container, None, state)


def _did_not_come(case: Case, known: Container, wanted: Container) -> Look:
    """ErrImagePull when the pull has just failed, ImagePullBackOff until the next one."""
    image = wanted["image"]
    if case.container["image"] != image:
        return _waits(case)._replace(differences=(_pull_again(case, 1),))
    error = images.pull_error(image)
    memory, past = case.memory, case.memory.pulls.get(case.name)
    if past is None or (past.image, past.pull) != (image, known["pull"]):
        past = restarts.FailedPull(image, known["pull"], case.now_ms)
        memory = memory.with_pull(case.name, past)
    retry_ms = known["sinceMs"] + restarts.pull_delay_ms(known["pull"])
    backs_off_ms = min(past.noticed_ms + NOTICE_MS, retry_ms)
    if case.now_ms < backs_off_ms:
        state, next_ms = pod_status.waiting("ErrImagePull", error), backs_off_ms
        events = (
            ("Warning", "Failed", f'Failed to pull image "{image}": {error}'),
            ("Warning", "Failed", "Error: ErrImagePull"),
        )
    else:
        message = f'Back-off pulling image "{image}"'
        state, next_ms = pod_status.waiting("ImagePullBackOff", f"{message}: ErrImagePull: {error}"), retry_ms
        events = ("Normal", "BackOff", message), ("Warning", "Failed", "Error: ImagePullBackOff")
    reason = state["waiting"]["reason"]
    remember = (Remember(memory),) if memory is not case.memory else ()
    if case.now_ms >= retry_ms:
        difference = _pull_again(case, known["pull"] + 1)
    else:
        difference = case.difference(
            reason, "image pulled", PULL_FAILED, *remember, RequeueAfter(next_ms - case.now_ms, "image pull back-off")
        )
    return Look(_unlike_shown(case, None, state), memory, _news(case, reason, events), (difference,))


def _pull_again(case: Case, pull: int) -> Difference:
    granted = (case.wanted or {}).get("resources")
    wanted, event = asking.request(
        case.pod, case.machine, case.container, is_init=case.is_init, pull=pull, granted=granted
    )
    actions: tuple[Action, ...] = (event,) if wanted is None else (case.ask(wanted, event),)
    return case.difference("ImageMissing", "image pulled", PULL_FAILED, *actions)


def _unlike_shown(case: Case, known: Container | None, state: Status) -> Status:
    """A waiting state; a container that ran before keeps what is known of that."""
    if case.shown is not None and "containerID" in case.shown:
        return {**case.shown, "state": state, "ready": False, "started": False}
    return pod_status.container_status(case.pod, case.container, known, state)


def _news(case: Case, reason: str, events: tuple[tuple[str, str, str], ...]) -> tuple[Announce, ...]:
    """The events of a waiting state, if it is not shown already."""
    shown = ((case.shown or {}).get("state") or {}).get("waiting") or {}
    return () if shown.get("reason") == reason else tuple(case.announce(*event) for event in events)


# ------------------------------------------------------------------------------------------------ running


def _runs(case: Case, known: Container, wanted: Container) -> Look:
    hook = _post_start(case, known, wanted)
    if hook is not None and (hook.failed(case.now_ms) or case.now_ms < hook.ends_ms):
        return _in_hook(case, known, wanted, hook)
    state = pod_status.running(known)
    last = pod_status.terminated(case.pod, case.name, known["last"]) if "last" in known else None
    checked, differences, memory = _probed(case, known, wanted)
    status = pod_status.container_status(
        case.pod, case.container, known, state, last=last, ready=checked.ready, started=checked.started
    )  # fmt: skip
    return Look(status, memory, _started(case, known), differences)


def _post_start(case: Case, known: Container, wanted: Container) -> hooks.PostStart | None:
    has_one = "postStart" in (case.container.get("lifecycle") or {})
    return hooks.post_start(case.pod, _target(case, known, wanted)) if has_one else None


def _in_hook(case: Case, known: Container, wanted: Container, hook: hooks.PostStart) -> Look:
    """Not shown as running before its postStart hook has ended; killed if that fails."""
    shown = ((case.shown or {}).get("state") or {}).get("waiting")
    state = {"waiting": shown} if shown else pod_status.waiting("ContainerCreating")
    last = pod_status.terminated(case.pod, case.name, known["last"]) if "last" in known else None
    status = pod_status.container_status(case.pod, case.container, known, state, last=last)
    differences: tuple[Difference, ...] = ()
    if "stop" not in wanted and hook.failed(case.now_ms):
        failed = case.announce("Warning", "FailedPostStartHook", "PostStartHook failed")
        kill = _kill(case, case.announce("Normal", "Killing", "FailedPostStartHook"))
        differences = (case.difference("PostStartHookFailed", RUNNING, "hook failed", failed, kill),)
    elif "stop" not in wanted:
        is_long = hook.ends_ms - case.now_ms > _LONG_MS
        wait = RequeueAfter(hook.ends_ms - case.now_ms, "postStart hook")
        differences = (case.difference("PostStartHookRuns", RUNNING, "starting", wait, pace=background_if(is_long)),)
    return Look(status, case.memory, _started(case, known), differences)


def _started(case: Case, known: Container) -> tuple[Announce, ...]:
    """The Events of a start that the pod's status does not show yet."""
    if (case.shown or {}).get("containerID") == pod_status.container_id(case.pod, case.name, known["attempt"]):
        return ()
    events = []
    if "pullMs" in known:
        took = restarts.duration_text(known["pullMs"])
        size = images.program(known["image"]).size_bytes
        message = f'Successfully pulled image "{known["image"]}" in {took} ({took} including waiting).'
        events.append(case.announce("Normal", "Pulled", f"{message} Image size: {size} bytes."))
    events.append(case.announce("Normal", "Created", "Container created"))
    if "message" in known:
        events.append(case.announce("Warning", "Failed", f"Error: {known['message']}"))
    else:
        events.append(case.announce("Normal", "Started", "Container started"))
    return tuple(events)


def _probed(case: Case, known: Container, wanted: Container) -> tuple[probes.Checked, tuple[Difference, ...], Memory]:
    """What the probes of a running container say, and what to do about that."""
    settled = probes.Checked(True, not case.is_init or pods.is_sidecar(case.container), {}, (), "", None, False)
    if "stop" in wanted:  # a container that is being stopped is not probed any more
        shown = case.shown or {}
        return settled._replace(ready=bool(shown.get("ready")), started=bool(shown.get("started"))), (), case.memory
    if case.container["image"] != wanted["image"]:
        event = case.announce("Normal", "Killing", f"Container {case.name} definition changed, will be restarted")
        change = case.difference("ContainerChanged", case.container["image"], wanted["image"], _kill(case, event))
        return settled, (change,), case.memory
    if not any(field in case.container for field in ("readinessProbe", "livenessProbe", "startupProbe")):
        return settled, (), case.memory
    checked = probes.check(_target(case, known, wanted), case.memory.probes.get(case.name, {}), case.now_ms)
    memory = case.memory.with_probes(case.name, {} if checked.killed_by else checked.runs)
    return checked, _about_probes(case, checked, memory), memory


def _target(case: Case, known: Container, wanted: Container) -> probes.Target:
    return probes.Target(
        case.container, sandbox.program_of(wanted), images.durations_of(case.machine), sandbox.ip_of(case.sandbox),
        known["attempt"], known["startedMs"], tuple(sandbox.told(case.sandbox, case.name).get("passes", ())),
    )  # fmt: skip


def _about_probes(case: Case, checked: probes.Checked, memory: Memory) -> tuple[Difference, ...]:
    actions: list[Action] = [
        case.announce("Warning", "Unhealthy", f"{kind} probe failed: {message}") for kind, message in checked.failures
    ]
    if memory is not case.memory:
        actions.append(Remember(memory))
    if checked.killed_by:
        probe = checked.killed_by.lower()
        event = case.announce("Normal", "Killing", f"Container {case.name} failed {probe} probe, will be restarted")
        actions.append(_kill(case, event, case.container[f"{probe}Probe"].get("terminationGracePeriodSeconds")))
        return (case.difference("Unhealthy", "running", f"{probe} probe failed", *actions),)
    if checked.next_ms is not None:
        actions.append(RequeueAfter(checked.next_ms - case.now_ms, "probe"))
    if not actions:
        return ()
    reason = "Unhealthy" if checked.failures else "ProbeDue" if checked.ready else "ProbeNotYetPassed"
    observed = "ready" if checked.ready else "not ready"
    return (case.difference(reason, "ready", observed, *actions, pace=background_if(checked.hopeless)),)


def _kill(case: Case, event: Announce, grace_seconds: int | None = None) -> Patch:
    own = case.pod["spec"].get("terminationGracePeriodSeconds", 30)
    return stop(case, event, own if grace_seconds is None else grace_seconds)


# -------------------------------------------------------------------------------------------------- ended


def _ended(case: Case, known: Container, wanted: Container) -> Look:
    """Terminated, at first; then CrashLoopBackOff until it is restarted, if it is."""
    state = pod_status.terminated(case.pod, case.name, known)
    last = pod_status.terminated(case.pod, case.name, known["last"]) if "last" in known else None
    if not case.is_restarted(known["exitCode"]):
        well = case.is_init and known["exitCode"] == 0 and not pods.is_sidecar(case.container)
        status = pod_status.container_status(case.pod, case.container, known, state, last=last, ready=well)
        return Look(status, case.memory, _started(case, known), over=True)
    past = case.memory.crashes.get(case.name)
    memory = case.memory
    if past is None or past.attempt != known["attempt"]:
        past = restarts.crash(past, known, case.now_ms)
        memory = memory.with_crash(case.name, past).with_probes(case.name, {})
    restart_ms = known["finishedMs"] + past.delay_ms
    backs_off_ms = past.noticed_ms + NOTICE_MS
    remember = (Remember(memory),) if memory is not case.memory else ()
    events = _started(case, known)
    status = pod_status.container_status(case.pod, case.container, known, state, last=last)
    if (error := _start_failure(case, known, wanted)) is not None:
        status = pod_status.container_status(case.pod, case.container, known, error, last=state)
    if past.delay_ms and case.now_ms >= backs_off_ms:
        status, news = _backs_off(case, known, state, past.delay_ms)
        events += news
    if case.now_ms >= restart_ms:
        return Look(status, memory, events, (_restart(case, known, remember),))
    next_ms = min(backs_off_ms, restart_ms) if case.now_ms < backs_off_ms else restart_ms
    wait = RequeueAfter(next_ms - case.now_ms, "restart back-off")
    return Look(status, memory, events, (case.difference("CrashLoopBackOff", RUNNING, EXITED, *remember, wait),))


def _start_failure(case: Case, known: Container, wanted: Container) -> Status | None:
    """What is shown of a container that did not even start well."""
    if "message" in known:
        return pod_status.waiting("RunContainerError", known["message"])
    hook = _post_start(case, known, wanted)
    failed = hook is not None and hook.failed(known["finishedMs"])
    return pod_status.waiting("PostStartHookError", hook.error) if hook is not None and failed else None


def _backs_off(case: Case, known: Container, ended: Status, delay_ms: int) -> tuple[Status, tuple[Announce, ...]]:
    meta = case.pod["metadata"]
    pod = f"{meta['name']}_{meta['namespace']}({meta['uid']})"
    message = f"back-off {restarts.duration_text(delay_ms)} restarting failed container={case.name} pod={pod}"
    state = pod_status.waiting("CrashLoopBackOff", message)
    event = ("Warning", "BackOff", f"Back-off restarting failed container {case.name} in pod {pod}")
    status = pod_status.container_status(case.pod, case.container, known, state, last=ended)
    return status, _news(case, "CrashLoopBackOff", (event,))


def _restart(case: Case, known: Container, remember: tuple[Remember, ...]) -> Difference:
    attempt, pull = known["attempt"] + 1, known["pull"] + 1
    granted = (case.wanted or {}).get("resources")
    wanted, event = asking.request(
        case.pod, case.machine, case.container, is_init=case.is_init, attempt=attempt, pull=pull, granted=granted
    )  # fmt: skip
    if wanted is None:
        return case.difference("ErrImageNeverPull", RUNNING, EXITED, *remember, event)
    return case.difference("ContainerDied", RUNNING, EXITED, *remember, case.ask({**wanted, "stop": None}, event))


def _uid(obj: Obj) -> str:
    uid: str = obj["metadata"].get("uid", "")
    return uid
