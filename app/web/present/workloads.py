"""The cards of workloads: what is wanted and what there is, and the numbers that matter for each kind.

All kinds share one card (`templates/_workload.html`), built by its fields. Those that own others of these kinds
(a Deployment its ReplicaSets, a CronJob its Jobs) show them as rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.api import conditions, objects, times
from app.api.names import short_name
from app.api.numbers import whole
from app.api.objects import Obj, Ref
from app.apimachinery.scheme.scheme import Scheme
from app.kubectl.printers import printers
from app.look import Look
from app.web.present import asked, evictions
from app.web.present.card import element_id, image_of
from app.web.present.words import ENGLISH, Words

OWNED = {"ReplicaSet": "Deployment", "Job": "CronJob"}
"""Drawn as rows of their owner, if that is of this kind."""
SHOWN_ROWS = 3


class FactView(NamedTuple):
    """One number that matters: `failed 1`. With `since_ms` the page keeps its age ticking."""

    label: str
    value: str
    tone: str = ""  # "", bad, busy
    since_ms: int = 0
    why: str = ""


class RowView(NamedTuple):
    """A ReplicaSet below its Deployment, a Job below its CronJob."""

    kind: str
    namespace: str
    name: str
    short: str
    text: str  # image
    tally: str
    empty: bool
    order: int  # newest last


class WorkloadView(NamedTuple):
    id: str
    kind: str
    abbreviation: str  # kubectl's short name, where there is little room
    namespace: str
    name: str
    tally: str  # "2/5"
    meaning: str  # of the tally
    desired: int
    ready: int
    facts: tuple[FactView, ...]
    note: str  # a condition worth knowing: "ProgressDeadlineExceeded", "FailedCreate"
    bad: bool
    asked: bool  # whether *Why not?* is worth asking
    settled: bool
    charted: bool
    stored: bool  # accepted and kept, but no loop here acts on it
    rows: tuple[RowView, ...]


class Numbers(NamedTuple):
    desired: int
    ready: int
    facts: tuple[FactView, ...] = ()
    busy: bool = False  # on the way to what is wanted, though the two numbers agree
    tally: str | None = None


# ------------------------------------------------------------------------------------------------ by kind


def desired_of(obj: Obj) -> int:
    replicas = (obj.get("spec") or {}).get("replicas")
    return 1 if replicas is None else int(replicas)


def _replicated(obj: Obj, _: Words) -> Numbers:
    status, desired = _status(obj), desired_of(obj)
    updated = _count(status, "updatedReplicas")
    rolling = obj["kind"] == "Deployment" and updated != desired
    return Numbers(desired, _count(status, "readyReplicas"), busy=rolling or _count(status, "replicas") != desired)


def _stateful_set(obj: Obj, _: Words) -> Numbers:
    status, desired = _status(obj), desired_of(obj)
    updated, current = _count(status, "updatedReplicas"), _count(status, "replicas")
    rolling = bool(status.get("updateRevision")) and status.get("updateRevision") != status.get("currentRevision")
    update = ((obj["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition")
    facts = [FactView(_("current"), str(current), "busy" if current != desired else "")]
    if rolling:
        facts.append(FactView(_("updated"), f"{updated}/{desired}", "busy"))
    if update:
        facts.append(FactView(_("partition"), str(update)))
    return Numbers(desired, _count(status, "readyReplicas"), tuple(facts), busy=rolling or current != desired)


def _daemon_set(obj: Obj, _: Words) -> Numbers:
    status = _status(obj)
    desired, updated = _count(status, "desiredNumberScheduled"), _count(status, "updatedNumberScheduled")
    facts = [FactView(_("current"), str(_count(status, "currentNumberScheduled")))]
    if updated != desired:
        facts.append(FactView(_("updated"), f"{updated}/{desired}", "busy"))
    if misplaced := _count(status, "numberMisscheduled"):
        facts.append(FactView(_("misscheduled"), str(misplaced), "bad"))
    return Numbers(desired, _count(status, "numberReady"), tuple(facts), busy=updated != desired)


def _job(obj: Obj, _: Words) -> Numbers:
    """Without completions the first pod that succeeds ends a Job, however many work on it."""
    spec, status = obj["spec"], _status(obj)
    done, active, failed = (_count(status, field) for field in ("succeeded", "active", "failed"))
    wanted = int(spec.get("completions") or 1)
    facts = []
    if active or spec.get("suspend"):
        facts.append(FactView(_("active"), str(active), "busy" if active else ""))
    facts.append(FactView(_("failed"), str(failed), "bad" if failed else ""))
    if spec.get("suspend"):
        facts.append(FactView("", _("suspended")))
    return Numbers(wanted, done, tuple(facts), busy=active > 0, tally=_cells(obj)["COMPLETIONS"])


def _cron_job(obj: Obj, _: Words) -> Numbers:
    spec, status = obj["spec"], _status(obj)
    active = len(status.get("active") or ())
    zone = f" {spec['timeZone']}" if spec.get("timeZone") else ""
    facts = [FactView("", f"{spec.get('schedule', '')}{zone}")]
    last = status.get("lastScheduleTime")
    facts.append(FactView(_("last run"), "–" if not last else "", "", times.parse(last) if last else 0))
    if spec.get("suspend"):
        facts.append(FactView("", _("suspended")))
    return Numbers(0, active, tuple(facts), busy=active > 0, tally=str(active))


def _autoscaler(obj: Obj, _: Words) -> Numbers:
    status, cells = _status(obj), _cells(obj)
    desired, current = _count(status, "desiredReplicas"), _count(status, "currentReplicas")
    facts = (
        FactView("", cells["TARGETS"]),
        FactView(_("min–max"), f"{cells['MINPODS']}–{cells['MAXPODS']}"),
        FactView(_("of"), cells["REFERENCE"]),
    )
    return Numbers(desired, current, facts)


def _disruption_budget(obj: Obj, _: Words) -> Numbers:
    status, spec = _status(obj), obj["spec"]
    allowed = _count(status, "disruptionsAllowed")
    facts = [FactView(_("allowed disruptions"), str(allowed), "" if allowed else "bad")]
    for field, label in (("minAvailable", _("min available")), ("maxUnavailable", _("max unavailable"))):
        if field in spec:
            facts.append(FactView(label, str(spec[field])))
    return Numbers(_count(status, "desiredHealthy"), _count(status, "currentHealthy"), tuple(facts))


NUMBERS: Mapping[str, Callable[[Obj, Words], Numbers]] = {
    "Deployment": _replicated,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "ReplicaSet": _replicated,
    "ReplicationController": _replicated,
    "Job": _job,
    "CronJob": _cron_job,
    "HorizontalPodAutoscaler": _autoscaler,
    "PodDisruptionBudget": _disruption_budget,
}
WORKLOADS = tuple(NUMBERS)
CHARTED = tuple(kind for kind in WORKLOADS if kind not in ("CronJob", "PodDisruptionBudget"))


def _meaning(kind: str, _: Words) -> str:
    words = {
        "Job": _("completed / wanted"),
        "CronJob": _("active jobs"),
        "HorizontalPodAutoscaler": _("current / desired"),
        "PodDisruptionBudget": _("healthy / needed"),
    }
    return words.get(kind, _("ready / desired"))


# ------------------------------------------------------------------------------------------------ a card


def workloads(cluster: Look, _: Words = ENGLISH) -> tuple[WorkloadView, ...]:
    """Kind by kind, without those that are rows of their owner."""
    views = []
    for kind in WORKLOADS:
        children = children_of(cluster, kind)
        for obj in cluster.objects(kind):
            if root_of(obj) == objects.ref_of(obj):
                views.append(drawn(cluster, obj, children.get(objects.uid_of(obj), ()), _))
    return tuple(views)


def drawn(cluster: Look, obj: Obj, children: Iterable[Obj], _: Words) -> WorkloadView:
    """Its card, with what only the steps tell."""
    view = workload(cluster.scheme, obj, children, _)
    refused = evictions.refused(cluster, obj) if view.kind == evictions.KIND else ()
    return view._replace(facts=(_refused(refused, _), *view.facts)) if refused else view


def _refused(kept: Sequence[Obj], _: Words) -> FactView:
    names = [short_name("Pod", objects.name_of(pod)) for pod in kept]
    value = names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"
    why = _("It refused to let these pods be evicted: %(names)s.", names=", ".join(names))
    return FactView(_("refused"), value, "bad", why=why)


def children_of(cluster: Look, kind: str) -> Mapping[str, Sequence[Obj]]:
    """The objects that this kind draws as rows, by the uid of their owner."""
    found: dict[str, list[Obj]] = {}
    for below, above in OWNED.items():
        for obj in cluster.objects(below) if above == kind else ():
            found.setdefault(objects.controller_uid(obj), []).append(obj)
    return found


def workload(scheme: Scheme, obj: Obj, children: Iterable[Obj] = (), _: Words = ENGLISH) -> WorkloadView:
    ref = objects.ref_of(obj)
    row = scheme.kind(ref.kind)
    numbers = NUMBERS[ref.kind](obj, _)
    note, bad = _note(_status(obj))
    rows = sorted((_row(child, ref.name, _) for child in children), key=lambda each: (-each.order, each.name))
    return WorkloadView(
        id=element_id(ref),
        kind=ref.kind,
        abbreviation=row.short_names[0] if row.short_names else row.singular,
        namespace=ref.namespace,
        name=ref.name,
        tally=f"{numbers.ready}/{numbers.desired}" if numbers.tally is None else numbers.tally,
        meaning=_meaning(ref.kind, _),
        desired=numbers.desired,
        ready=numbers.ready,
        facts=numbers.facts,
        note=note,
        asked=bool(note) and asked.is_short(obj),
        bad=bad,
        settled=not numbers.busy and numbers.ready >= numbers.desired,
        charted=ref.kind in CHARTED,
        stored=not row.runs,
        rows=tuple(each for index, each in enumerate(rows) if index < SHOWN_ROWS or not each.empty),
    )


def root_of(obj: Obj) -> Ref:
    """The object in whose card this one is drawn: its owner, else itself."""
    ref, owner = objects.ref_of(obj), objects.controller_of(obj)
    above = OWNED.get(ref.kind, "")
    return Ref(above, ref.namespace, owner["name"]) if owner and objects.is_of(owner, above) else ref


def point(obj: Obj) -> tuple[int, int]:
    """Desired and ready, for the chart."""
    numbers = NUMBERS[obj["kind"]](obj, ENGLISH)
    return numbers.desired, numbers.ready


def _row(obj: Obj, owner: str, _: Words) -> RowView:
    ref, numbers = objects.ref_of(obj), NUMBERS[obj["kind"]](obj, _)
    tally = numbers.tally or f"{numbers.ready}/{numbers.desired}"
    short, status = ref.name.removeprefix(f"{owner}-"), _status(obj)
    if ref.kind == "Job":
        text, bad = _note(status)
        over = bool(status.get("completionTime")) or bad
        created = times.parse(obj["metadata"].get("creationTimestamp") or "1970-01-01T00:00:00Z")
        return RowView(*ref, short, text, tally, over, created)
    revision = objects.annotations_of(obj).get("deployment.kubernetes.io/revision", "")
    empty = numbers.desired == 0 and _count(status, "replicas") == 0
    order = whole(revision) or 0
    return RowView(*ref, short, image_of(obj["spec"]["template"]["spec"]), tally, empty, order)


def _note(status: Mapping[str, Any]) -> tuple[str, bool]:
    """The condition that says why a workload is not there yet, and whether that is trouble."""
    found = status.get("conditions") or []
    for type_ in ("ReplicaFailure", "Failed", "FailureTarget"):
        failure = conditions.find(found, type_)
        if failure and failure["status"] == "True":
            return str(failure.get("reason") or type_), True
    for type_ in ("ScalingActive", "AbleToScale", "DisruptionAllowed"):
        able = conditions.find(found, type_)
        if able and able["status"] == "False":
            return str(able.get("reason") or type_), type_ != "DisruptionAllowed"
    if progressing := conditions.find(found, "Progressing"):
        return str(progressing.get("reason") or ""), progressing["status"] == "False"
    over = next((type_ for type_ in ("Complete", "ScalingLimited") if _is_true(found, type_)), "")
    return str((conditions.find(found, over) or {}).get("reason") or over) if over else "", False


def _is_true(found: Iterable[Mapping[str, Any]], type_: str) -> bool:
    return any(each.get("type") == type_ and each.get("status") == "True" for each in found)


def _status(obj: Obj) -> Mapping[str, Any]:
    return obj.get("status") or {}


def _count(status: Mapping[str, Any], field: str) -> int:
    return int(status.get(field) or 0)


def _cells(obj: Obj) -> dict[str, str]:
    """What `kubectl get` prints of it, by column."""
    table = printers.table(obj["kind"], [obj], 0)
    return {column.name.upper(): str(cell) for column, cell in zip(table.columns, table.rows[0], strict=True)}
