"""What matters of a history of objects: facts that two clusters can be compared by, whatever their names, times and
addresses. The same functions read a recording of a real cluster (tools/extract_conformance.py) and our own trace.

A history is a list of `(type, object)`, type ADDED, MODIFIED or DELETED, in the order of arrival. Facts are
`{group: {aspect: value}}`; a value is plain JSON.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

Obj = dict[str, Any]
History = list[tuple[str, Obj]]
Facts = dict[str, dict[str, Any]]

WORKLOADS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "PodDisruptionBudget")
KINDS = (
    *WORKLOADS,
    "HorizontalPodAutoscaler",
    "ControllerRevision",
    "Service",
    "EndpointSlice",
    "Node",
    "Pod",
    "Event",
)
# Who wrote it is not compared: the recordings' kubelet is a stand-in of the recorder's.
NOT_EVIDENCE = ("kubelet",)
UID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
ADDRESS = re.compile(r"\b\d+\.\d+\.\d+\.\d+\b")
RUN = re.compile(r"\b([a-z]+)-\d{8}\b")
DROPPED = {
    "uid", "resourceVersion", "managedFields", "selfLink", "creationTimestamp", "nodeName", "clusterIP", "clusterIPs",
    "kubectl.kubernetes.io/last-applied-configuration", "lastUpdateTime", "lastTransitionTime", "lastProbeTime",
    "observedGeneration", "generateName", "kubectl.kubernetes.io/restartedAt",
    "serviceAccount", "serviceAccountName",  # the recorded API server ran without the admission of accounts
}  # fmt: skip


def dropped(key: str) -> bool:
    """Commands and `fake/` annotations say how long a program runs: each cluster's way to say it."""
    return key in DROPPED or key == "command" or key.startswith("fake/")


def owner(obj: Obj) -> str:
    return next(
        (f"{o['kind']} {o['name']}" for o in obj["metadata"].get("ownerReferences", ()) if o.get("controller")), ""
    )


class Names:
    """Random parts of names, by the order of their making: web's second ReplicaSet is `web-H2`, a pod `web-H2-*`."""

    def __init__(self, history: History) -> None:
        self.table: dict[str, str] = {}
        counts: Counter[str] = Counter()
        for type_, obj in history:
            meta = obj["metadata"]
            if type_ != "ADDED" or obj["kind"] not in ("ReplicaSet", "ControllerRevision"):
                continue
            hash_ = meta["name"].rpartition("-")[2]
            if hash_ not in self.table:
                counts[owner(obj)] += 1
                self.table[hash_] = f"{'H' if obj['kind'] == 'ReplicaSet' else 'R'}{counts[owner(obj)]}"
        for _, obj in history:
            meta = obj["metadata"]
            stem, _, tail = meta["name"].rpartition("-")
            if obj["kind"] in ("Pod", "EndpointSlice") and not tail.isdecimal() and stem:
                self.table[tail] = "*"
        self.words = re.compile(r"\b(?:" + "|".join(map(re.escape, self.table or {"\0": ""})) + r")\b")

    def text(self, text: str) -> str:
        text = UID.sub("UID", TIME.sub("TIME", ADDRESS.sub("IP", text)))
        return RUN.sub(
            r"\1-N", self.words.sub(lambda found: self.table[found[0]], re.sub(r"\bref-[a-z]\b", "default", text))
        )

    def plain(self, value: Any) -> Any:
        """The value without what differs from run to run; what is empty is left out."""
        if isinstance(value, dict):
            items = {self.text(key): self.plain(item) for key, item in value.items() if not dropped(key)}
            return {key: items[key] for key in sorted(items) if items[key] not in ({}, [], None)}
        if isinstance(value, list):
            return [self.plain(item) for item in value]
        return self.text(value) if isinstance(value, str) else value


def facts_of(history: History) -> Facts:
    history = [(type_, obj) for type_, obj in history if obj["kind"] in KINDS]
    names = Names(history)
    facts: Facts = {}
    versions: dict[tuple[str, str], History] = {}
    for type_, obj in history:
        versions.setdefault((obj["kind"], obj["metadata"].get("uid", "")), []).append((type_, obj))
    lives: dict[str, Counter[str]] = {}
    for (kind, _), life in versions.items():
        name = names.text(life[0][1]["metadata"]["name"])
        if kind == "Pod":
            lives.setdefault(names.text(owner(life[0][1])) or f"Pod {name}", Counter())[pod_life(life)] += 1
        elif kind != "Event":
            times = sum(known.startswith(f"{kind} {name}") for known in facts)
            group = facts.setdefault(f"{kind} {name}" + f" ({times + 1})" * (times > 0), {})
            group |= sequences(kind, [obj for _, obj in life], names)
            if life[-1][0] == "DELETED":
                group["end"] = "deleted"
            elif kind in WORKLOADS or kind in ("Service", "ControllerRevision", "HorizontalPodAutoscaler"):
                group |= final(life[-1][1], names)
    for group_name, found in lives.items():
        facts.setdefault(f"Pods of {group_name}", {})["lives"] = dict(sorted(found.items()))
    facts |= events(versions, names)
    facts |= pods_at_the_end(versions, names)
    return dict(sorted(facts.items()))


def final(obj: Obj, names: Names) -> dict[str, Any]:
    plain = names.plain(obj)
    meta = plain["metadata"]
    kept = ("generation", "labels", "annotations", "finalizers", "ownerReferences")
    return {
        "final metadata": {key: meta[key] for key in kept if key in meta},
        "final spec": plain.get("spec", {}),
        "final status": {key: value for key, value in plain.get("status", {}).items() if key != "conditions"},
    }


def sequences(kind: str, versions: list[Obj], names: Names) -> dict[str, Any]:
    """Of each number of the status its turning points, of each condition the states that followed each other."""
    found: dict[str, Any] = {}
    numbers: dict[str, list[int]] = {}
    conditions: dict[str, list[str]] = {}
    for index, obj in enumerate(versions):
        for name, value in status_numbers(kind, obj).items():
            numbers.setdefault(name, [0] * index).append(value)
        for values in numbers.values():
            values += [0] * (index + 1 - len(values))
        for each in obj.get("status", {}).get("conditions") or ():
            if kind != "Node" or each["type"] == "Ready":
                text = ": ".join(part for part in (each.get("reason", ""), each.get("message", "")) if part)
                conditions.setdefault(each["type"], []).append(names.text(f"{each['status']} {text}".strip()))
    for name, values in numbers.items():
        found[name] = values if name.startswith("spec.") else turning_points(values)
        if name.startswith("spec."):
            found[name] = following(values)
    for type_, states in conditions.items():
        found[f"condition {type_}"] = following(states)
    if kind == "Node":
        found["taints"] = following([taints(obj) for obj in versions])
    return found


def status_numbers(kind: str, obj: Obj) -> dict[str, int]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if kind == "EndpointSlice":
        conditions = [endpoint.get("conditions") or {} for endpoint in obj.get("endpoints") or ()]
        return {name: sum(bool(c.get(name)) for c in conditions) for name in ("ready", "serving", "terminating")}
    if kind not in (*WORKLOADS, "HorizontalPodAutoscaler"):
        return {}
    found = {
        f"status.{key}": value
        for key, value in status.items()
        if isinstance(value, int)
        and not isinstance(value, bool)
        and key not in ("observedGeneration", "collisionCount")
    }
    found |= {f"spec.{key}": spec[key] for key in ("replicas", "minAvailable") if isinstance(spec.get(key), int)}
    if "uncountedTerminatedPods" in status:
        found["status.uncountedTerminatedPods"] = sum(len(v or ()) for v in status["uncountedTerminatedPods"].values())
    if kind == "CronJob":
        found["status.active"] = len(status.get("active") or ())
    return found


def taints(obj: Obj) -> str:
    return ", ".join(sorted(f"{t['key']}:{t['effect']}" for t in (obj.get("spec") or {}).get("taints") or ())) or "none"


def following(values: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not found or found[-1] != value:
            found.append(value)
    return found


def turning_points(values: list[int]) -> list[int]:
    """The first, where it turned, the last: what lies between depends on who came first by a millisecond."""
    found: list[int] = []
    for value in following(values):
        if len(found) >= 2 and (found[-1] - found[-2]) * (value - found[-1]) > 0:
            found[-1] = value
        else:
            found.append(value)
    return found


def pod_life(life: History) -> str:
    """What happened to a pod, write after write: `created > scheduled > Running > deleting > Succeeded > gone`."""
    tokens: list[str] = []
    before: set[str] = set()
    for type_, obj in life:
        now = pod_state(obj) if type_ != "DELETED" else before
        tokens += sorted(now - before)
        tokens += [
            {"Ready": "not Ready", "tracked": "counted"}[token]
            for token in ("Ready", "tracked")
            if token in before - now
        ]
        before = now
        if type_ == "DELETED":
            tokens.append("gone")
    return " > ".join(["created", *tokens])


def pod_state(obj: Obj) -> set[str]:
    meta, status = obj["metadata"], obj.get("status") or {}
    phase = status.get("phase", "Pending")
    if meta.get("deletionTimestamp") and phase in ("Succeeded", "Failed"):
        phase = "ended"  # which of the two, the kubelet says
    found = {phase} - {"Pending"}
    if obj["spec"].get("nodeName"):
        found.add("scheduled")
    if meta.get("deletionTimestamp"):
        found.add("deleting")
    if "batch.kubernetes.io/job-tracking" in meta.get("finalizers", ()):
        found.add("tracked")
    for each in status.get("conditions") or ():
        if each["type"] == "Ready" and each["status"] == "True":
            found.add("Ready")
        if each["type"] == "DisruptionTarget":
            found.add(f"DisruptionTarget {each['reason']}: {each['message']}")
    return found


def events(versions: dict[tuple[str, str], History], names: Names) -> Facts:
    """How often each thing was said, by who said it of what."""
    found: Facts = {}
    for (kind, _), life in versions.items():
        if kind != "Event":
            continue
        event = life[-1][1]
        source = (event.get("source") or {}).get("component") or event.get("reportingComponent") or ""
        if source in NOT_EVIDENCE:
            continue
        message = re.sub(r"\bnode-\d+\b", "NODE", names.text(event.get("message", "")))
        about = f"{event['involvedObject']['kind']} {event['type']} {event['reason']} from {source}"
        times = event.get("count") or (event.get("series") or {}).get("count") or 1
        said = found.setdefault(f"Events {about}", {})
        said[message] = said.get(message, 0) + times
    return {group: dict(sorted(said.items())) for group, said in found.items()}


def pods_at_the_end(versions: dict[tuple[str, str], History], names: Names) -> Facts:
    """Metadata and spec of one pod of each owner that was there in the end, as the API server filled them in."""
    found: dict[str, list[dict[str, Any]]] = {}
    for (kind, _), life in versions.items():
        if kind != "Pod" or life[-1][0] == "DELETED":
            continue
        obj = life[-1][1]
        parts = final(obj, names)
        spec = {k: v for k, v in parts["final spec"].items() if k != "hostname"}
        if "DaemonSet" in owner(obj):
            del spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        each = {
            "final metadata": {k: v for k, v in parts["final metadata"].items() if k != "generation"},
            "final spec": spec,
            "QoS": (obj.get("status") or {}).get("qosClass", ""),
        }
        found.setdefault(f"A pod of {names.text(owner(obj)) or 'nobody'}", []).append(each)
    return {group: min(pods, key=str) for group, pods in found.items()}


def differences(real: Facts, ours: Facts) -> dict[tuple[str, str], tuple[Any, Any]]:
    """(group, path of the value) -> (real, ours), of every value that is not the same."""
    found: dict[tuple[str, str], tuple[Any, Any]] = {}
    for group in sorted({*real, *ours}):
        for path, pair in _differing(real.get(group), ours.get(group)):
            found[group, path] = pair
    return found


def values(found: Any) -> int:
    """How many values there are to compare; nothing has none."""
    return sum(map(values, found.values())) if isinstance(found, dict) and found else int(found is not None)


def _differing(real: Any, ours: Any, path: str = "") -> Iterable[tuple[str, tuple[Any, Any]]]:
    if isinstance(real, dict) and isinstance(ours, dict):
        for key in sorted({*real, *ours}):
            yield from _differing(real.get(key), ours.get(key), f"{path} / {key}" if path else key)
    elif (
        isinstance(real, list)
        and isinstance(ours, list)
        and len(real) == len(ours)
        and any(isinstance(x, dict) for x in real)
    ):
        for index, (a, b) in enumerate(zip(real, ours, strict=True)):
            yield from _differing(a, b, f"{path}[{index}]")
    elif real != ours:
        yield path, (real, ours)
