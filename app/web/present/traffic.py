"""Traffic of Services as the browser draws it: small numbers per second, a few requests for the eye, load per pod.

Part of the JSON that every message begins with (present/room.py); static/js/traffic.js and strips.js draw it. What came
of past seconds, for the strip chart, is read from the steps that wrote it down, as the timeline is: the trace has its
limit and is part of the cluster, so nothing else is kept, copied or replayed. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.api import losses, selectors
from app.api.loads import Sample, unpacked
from app.api.objects import Obj, Ref, ref_of, uid_of
from app.commands import ClientRequest
from app.engine.trace import Commanded, Step, changes_of
from app.look import Look
from app.web.present import captions
from app.web.present.card import element_id
from app.web.present.names import tell
from app.web.present.values import clip
from app.web.present.words import Words

KEPT_ROWS = 240
KEPT_ACTS = 24
LOOK_BACK = 2_000  # steps before an act in which the last second before it is looked for
SELECTING = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController")

Row = tuple[int, int, Mapping[str, int] | int, float, float]
"""ms since the epoch, sent, failed by reason (0: none), p50 and p99 in ms: of one second"""


def views(
    cluster: Look, steps: Iterable[Step] | None, changed: Iterable[Ref], act: Step | None, _: Words
) -> dict[str, Any]:  # fmt: skip
    """By `namespace/name` of the Service; None where nobody uses it any more. `steps` None: all that are known, of all
    there are; else of some steps, and of what `changed` with them."""
    if steps is None:
        refs = [ref_of(load) for load in cluster.objects("Load")]
    else:
        refs = [ref for ref in changed if ref.kind == "Load"]
    if not refs:
        return {}
    windows = _windows(cluster.trace if steps is None else steps)
    found: dict[str, Any] = {}
    for ref in refs:
        load = cluster.get(ref)
        of_this = windows.get(ref, [])[-KEPT_ROWS:]
        found[f"{ref.namespace}/{ref.name}"] = view(cluster, load, of_this, act, _) if load is not None else None
    return found


def view(cluster: Look, load: Obj, windows: list[Obj], act: Step | None, _: Words) -> dict[str, Any]:
    """Times since the room's epoch; samples as [ms within the window, machine, pod, outcome], by numbers in `names`;
    pods as [percent busy, requests that wait, percent of the queue]."""
    spec, status = load["spec"], _status(load)
    shown: dict[str, Any] = {"rps": spec["rps"], "pattern": spec["pattern"], "path": spec["path"]}
    if "window" not in status:
        return shown
    names: dict[str, int] = {}
    samples = [_sample(each, names) for each in unpacked(status["samples"])]
    return {
        **shown,
        "rows": [row(window, cluster.epoch_ms) for window in windows],
        "why": why(windows, load["metadata"]["namespace"], act, cluster.epoch_ms, _),
        "since": since(cluster, load, act),
        "workload": workload(cluster, load),
        "pods": {
            name: [pod["busyPercent"], pod["queued"], pod["queuePercent"]]
            for name, pod in (status.get("pods") or {}).items()
        },
        "samples": samples,
        "names": list(names),
    }


def _sample(each: Sample, names: dict[str, int]) -> list[int | str]:
    return [each.at_ms, *(names.setdefault(name, len(names)) for name in (each.node, each.pod)), each.outcome]


# ------------------------------------------------------------------------------------------- second by second


def _windows(steps: Iterable[Step]) -> dict[Ref, list[Obj]]:
    """The windows that the request generator wrote down, per Load, oldest first."""
    found: dict[Ref, list[Obj]] = {}
    for step in steps:
        for ref, old, new in _changed_loads(step):
            window = _status(new).get("window")
            if window and window != _status(old).get("window"):
                found.setdefault(ref, []).append(window)
    return found


def _changed_loads(step: Step) -> Iterator[tuple[Ref, Obj | None, Obj | None]]:
    return ((change.ref, change.old, change.new) for change in changes_of(step) if change.ref.kind == "Load")


def _status(load: Obj | None) -> Mapping[str, Any]:
    return (load or {}).get("status") or {}


def row(window: Mapping[str, Any], epoch_ms: int) -> Row:
    return (
        window["fromMs"] - epoch_ms, window["sent"], window["failed"] or 0, window["p50Ms"], window["p99Ms"],
    )  # fmt: skip


def why(
    windows: Iterable[Obj], namespace: str, act: Step | None, epoch_ms: int, _: Words
) -> tuple[int, str] | None:  # fmt: skip
    """Of the newest second since the last act in which requests failed: when it was, and the sentence."""
    for window in reversed([*windows]):
        if act is not None and window["toMs"] <= act.at_ms:
            return None
        if said := losses.sentence(window, namespace):
            return window["fromMs"] - epoch_ms, clip(tell(said, _), captions.LONGEST[_.lang])
    return None


def since(cluster: Look, load: Obj, act: Step | None) -> tuple[int, int, Mapping[str, int]]:
    """Since when, sent, failed by reason: since the last act, or since the generator has counted.

    The second in which somebody acted counts whole: what came of its first part nobody noted apart."""
    total = load["status"]["total"]
    before = _total_before(cluster, load, act)
    if before is None or before["fromMs"] != total["fromMs"]:
        return total["fromMs"] - cluster.epoch_ms, total["sent"], total["failed"]
    failed = {reason: n - before["failed"].get(reason, 0) for reason, n in total["failed"].items()}
    at_ms = before["toMs"] - cluster.epoch_ms
    return at_ms, total["sent"] - before["sent"], {reason: n for reason, n in failed.items() if n}


def _total_before(cluster: Look, load: Obj, act: Step | None) -> Mapping[str, Any] | None:
    """What the generator had counted when somebody acted; None: nothing yet, or nobody did."""
    if act is None:
        return None
    ref = ref_of(load)
    for number in range(act.number, max(0, act.number - LOOK_BACK), -1):
        step = cluster.trace.get(number)
        for changed, _old, new in _changed_loads(step) if step is not None else ():
            if changed == ref and new is not None:
                return _status(new).get("total") if uid_of(new) == uid_of(load) else None
    return None


# --------------------------------------------------------------------------------------- what goes beside it


def workload(cluster: Look, load: Obj) -> str:
    """The element of the workload whose pods the Service selects; "" if there is none, or it selects by hand."""
    ref = ref_of(load)
    service = cluster.get(Ref("Service", ref.namespace, ref.name))
    selector: Mapping[str, str] = ((service or {}).get("spec") or {}).get("selector") or {}
    for kind in SELECTING if selector else ():
        for obj in cluster.objects(kind, ref.namespace):
            labels = obj["spec"]["template"]["metadata"].get("labels") or {}
            if selectors.matches_labels(selector, labels):
                return element_id(ref_of(obj))
    return ""


def cpu(steps: Iterable[Step], epoch_ms: int) -> dict[str, list[list[int]]]:
    """What autoscalers saw of their targets' CPU, in percent of what was requested, and what they aim at, by the
    workload's element: (virtual ms, percent, aim)."""
    found: dict[str, list[list[int]]] = {}
    for step in steps:
        for change in changes_of(step):
            if change.ref.kind == "HorizontalPodAutoscaler" and change.new is not None:
                numbers = _utilization(change.new)
                target = change.new["spec"]["scaleTargetRef"]
                series = found.setdefault(element_id(Ref(target["kind"], change.ref.namespace, target["name"])), [])
                if numbers and (not series or series[-1][1:] != numbers):
                    series.append([step.at_ms - epoch_ms, *numbers])
    return {id: series[-KEPT_ROWS:] for id, series in found.items() if series}


def _utilization(autoscaler: Obj) -> list[int]:
    """Percent and aim of the first metric that is CPU of what was requested; [] where there is none."""
    aims = (each for each in autoscaler["spec"].get("metrics") or () if _is_cpu(each, "target"))
    seen = (each for each in (autoscaler.get("status") or {}).get("currentMetrics") or () if _is_cpu(each, "current"))
    aim, now = next(aims, None), next(seen, None)
    if aim is None or now is None:
        return []
    return [now["resource"]["current"]["averageUtilization"], aim["resource"]["target"]["averageUtilization"]]


def _is_cpu(metric: Mapping[str, Any], part: str) -> bool:
    resource = metric.get("resource") or {}
    return resource.get("name") == "cpu" and (resource.get(part) or {}).get("averageUtilization") is not None


def acts(steps: Iterable[Step], epoch_ms: int, _: Words) -> list[tuple[int, str]]:
    """What people did: (virtual ms, sentence), oldest first."""
    made = [step for step in steps if isinstance(step.record, Commanded) and _is_yours(step.record)]
    return [(step.at_ms - epoch_ms, captions.caption(step, _).text) for step in made[-KEPT_ACTS:]]


def _is_yours(record: Commanded) -> bool:
    return not record.error and not isinstance(record.command, ClientRequest)


def words(_: Words) -> dict[str, str]:
    """What static/js/traffic.js says, by the name it uses; outcomes by their own names."""
    return {
        "traffic": _("Requests per second for Service {name}"),
        "traffic_pattern": _("Pattern of the traffic"),
        "traffic_path": _("Path of the traffic"),
        "steady": _("steady"),
        "ramp": _("ramp"),
        "spike": _("spikes"),
        "node-port": _("node port, then pod"),
        "direct": _("straight to pod"),
        "rps": _("{n} req/s"),
        "served": _("{n} served"),
        "no_traffic": _("no traffic"),
        "Ok": _("served"),
        "NoEndpoint": _("no endpoint"),
        "ConnectionRefused": _("connection refused"),
        "ConnectionReset": _("connection reset"),
        "Timeout": _("timeout"),
        "Overload": _("overloaded (503)"),
        **_words_of_strips(_),
    }


def _words_of_strips(_: Words) -> dict[str, str]:
    """What static/js/strips.js says."""
    return {
        "axis_requests": _("req/s"),
        "axis_latency": "ms",
        "axis_cpu": "%",
        "axis_pods": _("pods"),
        "strip_sent": _("sent {n}"),
        "strip_failed": _("failed {n}"),
        "strip_cpu_now": "CPU {n} %",
        "strip_target": _("target {n} %"),
        "strip_wanted": _("wanted {n}"),
        "strip_ready": _("ready {n}"),
        "strip_since": _("since {time}:"),
        "strip_sent_in_all": _("{n} sent"),
        "strip_none_failed": _("none failed"),
        "strip": _("Traffic of Service {name}, the last {span}."),
        "strip_now": _("In the last second {sent} sent, {failed} failed; p50 {p50} ms, p99 {p99} ms."),
        "strip_cpu": _("CPU: {n} %, target: {aim} %."),
        "strip_pods": _("{ready} of {wanted} pods ready."),
        "strip_totals": _("Since {time} {sent} sent, {failed} failed."),
        "strip_acts": _("What was done: {acts}"),
        "busy": _("busy {n} %"),
        "queued": _("queue {n}"),
        "busiest": _("busiest pod: busy {n} %"),
        "busy_title": _("Busy: the share of the last second in which the workers of the pod were at work."),
        "queue_title": _("Queue: requests that wait in the pod for a free worker. When it is full, one more gets 503."),
    }
