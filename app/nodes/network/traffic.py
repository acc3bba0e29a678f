"""The request generator: people out there who use a Service, once per virtual second and Load.

It looks at what is physically so (machines, sandboxes, the rules of each machine; never at what the API server says)
and works out every request of the seconds that have passed (app/nodes/network/requests.py). What came of them goes into
the Load's status; what one second hands to the next (workers that are busy, health checks) is remembered. All of it is
background: traffic alone never makes a cluster restless. Without a Load it takes no step.

    Load/web
      spec: service, rps, pattern ("steady", "ramp", "spike"), path ("node-port", "direct"), startedMs
      status:
        window: {fromMs, toMs, sent, ok, failed: {REASON: n}, losses: [[CAUSE, n, ...]], p50Ms, p99Ms, forwarded}
        total:  {fromMs, toMs, sent, ok, failed: {REASON: n}}  # since the generator has counted, up to the window's end
        pods:   {POD: {requests, failed, cpuMilli, memoryBytes, requestsPerSecond, latencyMs, queued,
                     busyPercent, queuePercent}}   # of what its workers can do, and of its queue
        nodes:  {NODE: {requests, failed}}
        samples: "137,node-1,web-x,22,Ok;..."            # a few of the window's requests (app/api/loads.py)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.api import limits, losses, memo
from app.api.loads import DIRECT, packed
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, name_of, ref_of, uid_of
from app.api.status import replacing
from app.nodes.network import health_checks, requests
from app.nodes.network.health_checks import Target
from app.nodes.network.queueing import Workers
from app.nodes.network.requests import Outcome, PodAt, Rules, Window
from app.nodes.network.serving import Busy, pods_at
from app.reconcile import (
    BACKGROUND,
    Cache,
    Controller,
    Delete,
    Difference,
    Patch,
    Reader,
    Remember,
    RequeueAfter,
    background_if,
    itself,
    nothing,
)

WINDOW_MS = 1_000
_RAMP_MS = 60_000
_SPIKE_EVERY_MS, _SPIKE_FROM_MS, _SPIKE_MS, _SPIKE_TIMES = 60_000, 20_000, 10_000, 4
_MANY_PODS, _MANY_EVERY = 50, 5  # of more pods than that it tells every fifth second
_IN_THIS_SECOND = N_("In this second: sent %(desired)s, answered %(observed)s.")
_CALM_WINDOWS = 3  # without a failure, until it is said that all is well again
_MOST_WINDOWS = 5  # at once; a generator that stood still does not make up for hours


class Memory(NamedTuple):
    """What one window hands to the next."""

    until_ms: int = 0  # up to here every request has been worked out; 0: none was sent yet
    busy: Mapping[tuple[str, str], Busy] = {}  # pods that still work at that moment
    checks: Mapping[str, Target] = {}  # the load balancer's, by machine or pod
    dark: Mapping[str, int] = {}
    total: Mapping[str, Any] = {}
    failing: frozenset[str] = frozenset()  # causes that have been told, until all is well again
    calm: int = 0  # windows since then in which nothing failed


@dataclass(frozen=True, slots=True)
class TrafficSeen:
    load: Obj
    has_service: bool
    machines: Sequence[Obj]
    sandboxes: Sequence[Obj]
    paths: Sequence[Obj]  # of this Service
    memory: Memory | None
    now_ms: int


def _failing(gap: Difference) -> Message:
    windows = (action.patch["status"]["window"] for action in gap.actions if isinstance(action, Patch))
    said = next((losses.sentence(window, gap.about.namespace) for window in windows), None)
    return said or message(_IN_THIS_SECOND, desired=gap.desired, observed=gap.observed)


def _failed(record: Any) -> Message:
    return _failing(record.differences[record.difference])


class Traffic(Controller[TrafficSeen]):
    name = "traffic"
    title = N_("Traffic")
    subject = N_("The request generator")
    lane = 160
    reconciles = "Load"
    only_while = "Load"
    concurrency = 0
    wakes = (itself("Load"),)
    reads = (Cache("Load", sees=lambda old, new: old["spec"] != new["spec"]), Cache("Service", sees=nothing))
    says = {
        "RulesAwaited": Saying(N_("Not all machines have rules for %(about)s yet."), N_("rules first")),
        "WindowOpen": Saying(N_("This second is not over yet."), N_("the second runs")),
        "RequestsFail": Saying(_failing, N_("requests fail"), {"Load": _failed}),
        "RequestsServed": Saying(
            N_("For a while every request of %(about)s was answered."),
            N_("all served again"),
            {"Load": N_("Requests to %(name)s are all answered again.")},
        ),
        "WindowOver": Saying(
            _IN_THIS_SECOND,
            N_("a second is over"),
            {"Load": N_("It notes the requests of this second.")},
        ),
        "ServiceGone": Saying(
            N_("Service %(about)s is gone: nothing can be sent."),
            N_("the Service is gone"),
            {"Load": N_("It ends the traffic of %(name)s.")},
        ),
    }

    def observe(self, key: Ref, reader: Reader) -> TrafficSeen | None:
        loads = reader.live("Load", key.namespace)  # its own writes of a status wake nobody, so a cache would be old
        load = next((each for each in loads if name_of(each) == key.name), None)
        if load is None:
            return None
        paths = [each for each in reader.live("DataPath", key.namespace) if each["spec"]["service"] == key.name]
        return TrafficSeen(
            load,
            reader.get(Ref("Service", key.namespace, key.name)) is not None,
            reader.live("Machine", None),
            reader.live("PodSandbox", key.namespace),
            paths,
            reader.remembered(),
            reader.now_ms,
        )

    @staticmethod
    def saw(seen: TrafficSeen) -> Message:
        return message(N_("%(who)s sends requests to %(name)s."), name=name_of(seen.load))

    def diff(self, seen: TrafficSeen) -> Iterable[Difference]:
        about = ref_of(seen.load)
        if not seen.has_service:
            gone = (*(Delete(ref_of(path)) for path in seen.paths), Delete(about))
            return [Difference(about, "exists", False, True, "ServiceGone", gone)]
        memory = seen.memory or Memory()
        if not _is_ready(seen, memory):
            wait = RequeueAfter(WINDOW_MS // 4, "the rules of the machines")
            return [Difference(about, "status.window", "known", "none", "RulesAwaited", (wait,), BACKGROUND)]
        return _advance(seen, about, memory)


def _is_ready(seen: TrafficSeen, memory: Memory) -> bool:
    """Traffic begins when each machine's rules are known, and does not wait for a machine that has none to tell."""
    if memory.until_ms or len(seen.paths) > len(seen.machines):
        return True
    return seen.now_ms >= int(seen.load["spec"]["startedMs"]) + _MOST_WINDOWS * WINDOW_MS


def _advance(seen: TrafficSeen, about: Ref, memory: Memory) -> Iterator[Difference]:
    until_ms = memory.until_ms or seen.now_ms - seen.now_ms % WINDOW_MS
    until_ms = max(until_ms, seen.now_ms // WINDOW_MS * WINDOW_MS - _MOST_WINDOWS * WINDOW_MS)
    memory = memory._replace(until_ms=until_ms)
    status: dict[str, Any] | None = None
    while memory.until_ms + WINDOW_MS <= seen.now_ms:
        window, checks, dark = _window(seen, memory)
        outcome = requests.simulate(window)
        status, memory = _told(window, outcome, memory, checks, dark)
    if status is not None:
        news, memory = _news(status["window"], memory)
        yield _over(seen.load, about, status, news)
    wait = RequeueAfter(memory.until_ms + WINDOW_MS - seen.now_ms, "the next second")
    known = "known" if status is not None else "not yet"
    yield Difference(about, "status.window", "known", known, "WindowOpen", (Remember(memory), wait), BACKGROUND)


def _over(load: Obj, about: Ref, status: dict[str, Any], news: str) -> Difference:
    write = Patch(about, {"status": replacing(load.get("status") or {}, status)})
    if news == "RequestsServed":
        return Difference(about, "status.window", "served", "failing", news, (write,))
    desired, observed = status["window"]["sent"], status["window"]["ok"]
    pace = background_if(not news)
    return Difference(about, "status.window", desired, observed, news or "WindowOver", (write,), pace)


def _news(window: Mapping[str, Any], memory: Memory) -> tuple[str, Memory]:
    """That requests fail for a cause is news once; and so it is that for a while none has failed any more."""
    if cause := losses.cause(window):
        news = "" if cause in memory.failing else "RequestsFail"
        return news, memory._replace(failing=memory.failing | {cause}, calm=0)
    if memory.failing and memory.calm + 1 >= _CALM_WINDOWS:
        return "RequestsServed", memory._replace(failing=frozenset(), calm=0)
    return "", memory._replace(calm=memory.calm + 1)


def count_of(spec: Mapping[str, Any], from_ms: int) -> int:
    """Requests in the second that begins at `from_ms`.

    steady: as many as asked for; ramp: growing to that for a minute; spike: four times as many for 10 s a minute."""
    rps, since_ms = int(spec["rps"]), from_ms - int(spec["startedMs"])
    match spec["pattern"]:
        case "ramp":
            rps = rps * min(_RAMP_MS, max(0, since_ms) + WINDOW_MS) // _RAMP_MS
        case "spike":
            within = since_ms % _SPIKE_EVERY_MS - _SPIKE_FROM_MS
            rps *= _SPIKE_TIMES if 0 <= within < _SPIKE_MS else 1
    return min(rps, limits.REQUESTS_A_SECOND)


# ------------------------------------------------------------------------------------------------ one window


def _window(seen: TrafficSeen, memory: Memory) -> tuple[Window, dict[str, Target], dict[str, int]]:
    from_ms, to_ms = memory.until_ms, memory.until_ms + WINDOW_MS
    spec = seen.load["spec"]
    dark = _dark(seen.machines, memory.dark, from_ms)
    rules = {path["spec"]["node"]: _rules(path["status"]) for path in seen.paths}
    named = frozenset[tuple[str, str]]().union(*(_named(path["status"]) for path in seen.paths))
    pods = pods_at(seen.sandboxes, seen.machines, named, memory.busy)
    answering = _answering(seen, spec["path"], pods, dark, rules, from_ms)
    checks = health_checks.checked(memory.checks, answering, from_ms, from_ms)
    usable = health_checks.in_use(checks)
    direct = spec["path"] == DIRECT
    window = Window(
        from_ms, to_ms, count_of(spec, from_ms), spec["path"], f"{uid_of(seen.load)}/{from_ms}",
        () if direct else usable, rules, pods, dark, frozenset(set(checks) - set(usable)) if direct else frozenset(),
    )  # fmt: skip
    return window, checks, dark


def _answering(
    seen: TrafficSeen, path: str, pods: Mapping[tuple[str, str], PodAt], dark: Mapping[str, int],
    rules: Mapping[str, Sequence[Rules]], now_ms: int,
) -> dict[str, bool]:  # fmt: skip
    """What a health check would find at each target: machines for the one way, pods for the other."""
    if path == DIRECT:
        places = rules[""][-1].endpoints if rules.get("") else ()
        return {
            each.pod: each.node not in dark and _listens(pods.get((each.pod, each.node)), now_ms) for each in places
        }
    balancer = next((each for each in seen.paths if not each["spec"]["node"]), None)
    names = balancer["status"].get("nodes", []) if balancer else [name_of(each) for each in seen.machines]
    known = {name_of(each) for each in seen.machines}
    return {name: name in known and name not in dark for name in names}


def _listens(pod: PodAt | None, now_ms: int) -> bool:
    if pod is None:
        return False
    return any(s.from_ms <= now_ms and (s.until_ms is None or now_ms < s.until_ms) for s in pod.spans)


def _dark(machines: Sequence[Obj], before: Mapping[str, int], from_ms: int) -> dict[str, int]:
    """Machines that nobody reaches, and since when: a cut is noticed at the window's begin, power knows its moment."""
    dark = {}
    for machine in machines:
        spec, name = machine["spec"], name_of(machine)
        if spec["power"] == "off" or spec["network"] == "cut":
            off_ms = spec.get("poweredOffMs") if spec["network"] != "cut" else None
            dark[name] = before.get(name, from_ms if off_ms is None else int(off_ms))
    return dark


@memo.by_identity
def _rules(status: Mapping[str, Any]) -> tuple[Rules, ...]:
    return tuple(
        Rules(rule["fromMs"], tuple(requests.Endpoint(*place) for place in rule["endpoints"]))
        for rule in status["rules"]
    )


@memo.by_identity
def _named(status: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Pods and their machines that a rule sends to."""
    return frozenset((each.pod, each.node) for rule in _rules(status) for each in rule.endpoints)


# ------------------------------------------------------------------------------------------ what is told


def _told(
    window: Window, outcome: Outcome, memory: Memory, checks: dict[str, Target], dark: dict[str, int]
) -> tuple[dict[str, Any], Memory]:
    end_us = window.to_ms * 1000
    left = {key: _left(workers, end_us) for key, workers in outcome.workers.items()}
    busy = {key: each for key, each in left.items() if each.free}
    past = memory.total or {"fromMs": window.from_ms, "sent": 0, "ok": 0, "failed": {}}
    total = {
        "fromMs": past["fromMs"],
        "toMs": window.to_ms,
        "sent": past["sent"] + outcome.sent,
        "ok": past["ok"] + outcome.ok,
        "failed": {
            reason: past["failed"].get(reason, 0) + outcome.failed.get(reason, 0)
            for reason in losses.FAILURES
            if reason in past["failed"] or reason in outcome.failed
        },
    }
    status = {
        "window": {
            "fromMs": window.from_ms,
            "toMs": window.to_ms,
            "sent": outcome.sent,
            "ok": outcome.ok,
            "failed": outcome.failed,
            "losses": [list(loss) for loss in outcome.losses],
            "forwarded": outcome.forwarded,
            "p50Ms": requests.percentile_ms(outcome.took_us, 50),
            "p99Ms": requests.percentile_ms(outcome.took_us, 99),
        },
        "total": total,
        "pods": _told_of_pods(window, outcome),
        "nodes": {name: {"requests": t.requests, "failed": t.failed} for name, t in sorted(outcome.nodes.items())},
        "samples": packed(outcome.samples),
    }
    if len(window.pods) > _MANY_PODS and window.to_ms // WINDOW_MS % _MANY_EVERY:
        del status["pods"]
    return status, memory._replace(until_ms=window.to_ms, busy=busy, checks=checks, dark=dark, total=total)


def _left(workers: Workers, end_us: int) -> Busy:
    return Busy(
        tuple(sorted(each for each in workers.free if each > end_us)),
        tuple(each for each in workers.starts if each > end_us),
    )


def _told_of_pods(window: Window, outcome: Outcome) -> dict[str, Any]:
    told: dict[str, Any] = {}
    end_us, seconds = window.to_ms * 1000, (window.to_ms - window.from_ms) / 1000
    for (name, node), workers in sorted(outcome.workers.items()):
        pod = window.pods[name, node]
        tally = outcome.pods.get(name, requests.Tally())
        answered = tally.requests - tally.failed
        told[name] = {
            "requests": tally.requests,
            "failed": tally.failed,
            "cpuMilli": round(workers.busy_us / 1000 / seconds),
            "memoryBytes": requests.memory_bytes(workers.in_flight(end_us)),
            "requestsPerSecond": round(tally.requests / seconds),
            "latencyMs": round(tally.took_us / answered / 1000, 1) if answered else 0.0,
            "queued": workers.waiting(end_us),
            "busyPercent": _percent(workers.busy_us, _can_us(window, pod)),
            "queuePercent": _percent(workers.waiting(end_us), pod.capacity.queue),
        }
    return told


def _can_us(window: Window, pod: PodAt) -> int:
    """CPU time that a pod can spend in the window: what its workers, or its limit, allow."""
    most_milli = min(pod.capacity.concurrency * 1000, pod.capacity.cpu_milli or 1_000_000)
    return (window.to_ms - window.from_ms) * most_milli


def _percent(part: int, whole: int) -> int:
    return min(100, part * 100 // whole) if whole else 0
