"""Published manifests, rewritten in our own words: `tests/scenarios/shapes/TOPIC/SHAPE.yaml`, each with its end state.

A file is one story of one or more stages. A stage is a heading of comments and what is applied:

    # What it is, in a sentence.
    # Published: project, file
    # End: Deployment web: 3/3 ready
    ---
    apiVersion: apps/v1
    ...
    # Next: what is done after that
    # End: refused: field is immutable

Further headings: `Cluster: nodes=6 zones=3` (of the first stage), `Delete: Pod web-0`, `For: 60 s` (that much time
passes instead of waiting until it is quiet). What an `End` may say stands beside `_PHRASES`: that which a real cluster
comes to. `tests/scenarios/test_published_shapes.py` keeps each; `python -m tests.conformance.shapes` counts them.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from app.api import conditions
from app.api.objects import Obj, Ref, controller_uid, kind_of, name_of, namespace_of, uid_of
from app.apimachinery import documents
from app.apimachinery.yamltext import read
from app.commands import Apply, DeleteObject
from app.engine.trace import Commanded
from app.kubectl import manifests
from app.kubectl.printers import printers
from tests.support.world import World

FOLDER = Path(__file__).parents[1] / "scenarios" / "shapes"
HEADING = re.compile(r"# (Published|Cluster|Next|Delete|For|End): (.+)")
RUNS_SOMETHING = {
    "Pod",
    "Deployment",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
}


class Stage(NamedTuple):
    text: str
    ends: tuple[str, ...]
    deletes: tuple[str, ...]
    seconds: float | None  # None: until it is quiet

    @property
    def refusal(self) -> str:
        """What the API server says to all of it, "" if it takes it."""
        return "".join(end.removeprefix("refused: ") for end in self.ends if end.startswith("refused: "))


class Shape(NamedTuple):
    name: str
    published: tuple[str, ...]
    cluster: dict[str, int]
    stages: tuple[Stage, ...]


def shapes() -> list[Shape]:
    return [_shape(path) for path in sorted(FOLDER.glob("*/*.yaml"))]


def _shape(path: Path) -> Shape:
    text = path.read_text()
    options = dict(pair.split("=") for line in _headings(text, "Cluster") for pair in line.split())
    stages = tuple(map(_stage, re.split(r"^(?=# Next: )", text, flags=re.MULTILINE)))
    cluster = {key: int(value) for key, value in options.items()}
    return Shape(str(path.relative_to(FOLDER).with_suffix("")), _headings(text, "Published"), cluster, stages)


def _stage(text: str) -> Stage:
    seconds = [float(each.removesuffix(" s")) for each in _headings(text, "For")]
    return Stage(text, _headings(text, "End"), _headings(text, "Delete"), sum(seconds) or None)


def _headings(text: str, name: str) -> tuple[str, ...]:
    return tuple(found[2] for found in map(HEADING.fullmatch, text.splitlines()) if found and found[1] == name)


# ------------------------------------------------------------------------------------------------------ playing


def wrong(shape: Shape) -> list[str]:
    """Plays it on a new cluster: what did not come to the end that it says, in a sentence each. What is taken is taken
    without a mark in the editor, and applied again it changes nothing."""
    world = World(**shape.cluster)
    found: list[str] = []
    for number, stage in enumerate(shape.stages, start=1):
        found += [f"stage {number}: {fact}" for fact in _played(world, stage)]
    last = shape.stages[-1]
    if not found and not last.refusal:
        found += [f"the editor complains: {problem.message}" for problem in manifests.check(world.scheme, last.text)]
        found += [f"applied again: {each.ref}" for each in world.plan(last.text) if each.operation == "configured"]
    return found


def _played(world: World, stage: Stage) -> list[str]:
    for kind, name in (each.split() for each in stage.deletes):
        world.do(DeleteObject(_ref(world, kind, name)))
    revision, record = world.store.revision, world.submit(Apply(stage.text)).record
    assert isinstance(record, Commanded)
    if stage.refusal or record.error:
        is_so = stage.refusal and stage.refusal in record.error and world.store.revision == revision
        return [] if is_so else [f"refused with {record.error!r}"]
    warnings = [warning for result in record.results for warning in result.warnings]
    if stage.seconds is not None:
        world.wait(stage.seconds)
    elif world.run().reason != "quiet":
        return ["it does not come to rest"]
    return [*_unexpected(stage, warnings), *(f"{end!r}: {fact}" for end in stage.ends for fact in _amiss(world, end))]


def _unexpected(stage: Stage, warnings: list[str]) -> Iterator[str]:
    """Warnings as said, no more and no less; and something is said of all that is to run."""
    said = [end.removeprefix("warns: ") for end in stage.ends if end.startswith("warns: ")]
    yield from (f"not warned: {text}" for text in said if not any(text in warning for warning in warnings))
    yield from (f"warned: {warning}" for warning in warnings if not any(text in warning for text in said))
    for document in documents.parse(stage.text):
        kind, name = str(document.obj.get("kind")), str((document.obj.get("metadata") or {}).get("name"))
        if kind in RUNS_SOMETHING and not any(name in end for end in stage.ends):
            yield f"no end is said of {kind} {name}"


# -------------------------------------------------------------------------------------------------- end states


def _amiss(world: World, end: str) -> Iterator[str]:
    """What is not so; nothing if it is."""
    if end.startswith("warns: "):
        return
    for pattern, judge in _PHRASES:
        if found := pattern.fullmatch(end):
            yield from judge(world, *found.groups())
            return
    raise AssertionError(f"an end that nobody understands: {end}")


def _is_absent(world: World, kind: str, name: str) -> Iterator[str]:
    if found := _named(world, kind, name):
        yield f"there are {len(found)}"


def _is_in_state(world: World, count: str | None, kind: str, name: str, state: str) -> Iterator[str]:
    found = [_state(world, obj) for obj in _named(world, kind, name)]
    if found != [state] * int(count or 1):
        yield f"found {found}"


def _has(world: World, kind: str, name: str, path: str, value: str) -> Iterator[str]:
    wanted = next(read(value)).value
    found = [_at(obj, path) for obj in _named(world, kind, name)]
    if not found or any(each != wanted for each in found):
        yield f"found {found}"


def _says(world: World, kind: str, name: str, reason: str, text: str) -> Iterator[str]:
    events = [each for each in world.objects("Event") if each["involvedObject"]["kind"] == kind.partition(".")[0]]
    events = [each for each in events if fnmatch.fnmatch(each["involvedObject"]["name"], name.rpartition("/")[2])]
    if not any(each["reason"] == reason and text in each["message"] for each in events):
        yield f"found {[(each['reason'], each['message']) for each in events]}"


def _waits(world: World, name: str, text: str) -> Iterator[str]:
    """A pod, for a machine or for a container of it that can run."""
    for pod in _named(world, "Pod", name) or [{"status": {}}]:
        scheduled = conditions.find(pod["status"].get("conditions"), "PodScheduled") or {}
        statuses = [*pod["status"].get("initContainerStatuses", ()), *pod["status"].get("containerStatuses", ())]
        messages = [(status.get("state") or {}).get("waiting", {}).get("message", "") for status in statuses]
        if not any(text in message for message in (scheduled.get("message", ""), *messages)):
            yield f"found {[scheduled.get('message'), *messages]}"


_WHO = r"([A-Z][A-Za-z]+(?:\.[a-z.]+)?) (\S+)"
_PHRASES: tuple[tuple[re.Pattern[str], Callable[..., Iterator[str]]], ...] = (
    (re.compile(rf"no {_WHO}"), _is_absent),
    (re.compile(r"Pod (\S+) waits: (.+)"), _waits),
    (re.compile(rf"{_WHO} has (\S+) = (.+)"), _has),
    (re.compile(rf"{_WHO} says (\w+): (.*)"), _says),
    (re.compile(rf"(?:(\d+) x )?{_WHO}: (.+)"), _is_in_state),
)


_UPDATED = ("Deployment", "StatefulSet")
"""They say how many of their pods are new."""


def _state(world: World, obj: Obj) -> str:
    """In the words of kubectl where it has words for it."""
    status = obj.get("status") or {}
    match kind_of(obj):
        case "Pod":
            _, ready, shown, *_ = printers.table("Pod", [obj], world.now_ms).rows[0]
            return f"{ready} {shown}"
        case "Deployment" | "ReplicaSet" | "ReplicationController" | "StatefulSet":
            is_seen = status.get("observedGeneration") == obj["metadata"]["generation"]
            made = status.get("replicas", 0)
            old = made - status.get("updatedReplicas", 0 if kind_of(obj) in _UPDATED else made)
            ready = f"{status.get('readyReplicas', 0)}/{obj['spec']['replicas']} ready"
            return ready + (f", {old} old" if old else "") if is_seen else "not seen yet"
        case "DaemonSet":
            return f"{status['numberReady']}/{status['desiredNumberScheduled']} ready"
        case "Job":
            ended = [each["type"] for each in status.get("conditions") or () if each["status"] == "True"]
            how = next((each for each in ("Complete", "Failed", "Suspended") if each in ended), "Running")
            return f"{how}, {status.get('succeeded', 0)} succeeded"
        case "Service":
            return f"{len(_endpoints(world, obj))} endpoints"
        case "PodDisruptionBudget":
            return f"{status['disruptionsAllowed']} may go"
        case "PersistentVolume" | "PersistentVolumeClaim" | "Namespace":
            return str(status["phase"])
        case "CustomResourceDefinition":
            return "Established" if conditions.is_true(status.get("conditions"), "Established") else "not established"
    return "stored"


def _endpoints(world: World, service: Obj) -> set[str]:
    """Addresses to which its requests may go."""
    own, by_hand = uid_of(service), name_of(service)
    return {
        address
        for piece in world.objects("EndpointSlice", namespace_of(service))
        if controller_uid(piece) == own
        or piece["metadata"].get("labels", {}).get("kubernetes.io/service-name") == by_hand
        for endpoint in piece["endpoints"] or ()
        if endpoint.get("conditions", {}).get("ready", True)
        for address in endpoint["addresses"]
    }


def _ref(world: World, kind: str, name: str) -> Ref:
    namespace, _, own = name.rpartition("/")
    return Ref(kind, (namespace or "default") if world.scheme.kind(kind).namespaced else "", own)


def _named(world: World, kind: str, name: str) -> list[Obj]:
    """`web`, `team/web`, or by a pattern `web-*`."""
    ref = _ref(world, kind, name)
    if "*" not in name:
        return [obj for obj in [world.get(ref)] if obj is not None]
    return [obj for obj in world.objects(kind, ref.namespace or None) if fnmatch.fnmatch(name_of(obj), ref.name)]


def _at(obj: Obj, path: str) -> Any:
    """`spec.ports[0].port`, or with the type, name or key of an item: `status.conditions[Ready].reason`."""
    found: Any = obj
    for field, item in re.findall(r"([^.\[\]]+)|\[([^\]]+)\]", path):
        if found is None:
            return None
        if field or isinstance(found, dict):
            found = found.get(field or item)
        elif item.isdigit():
            found = found[int(item)] if int(item) < len(found) else None
        else:
            found = next(
                (each for each in found if item in (each.get("type"), each.get("name"), each.get("key"))), None
            )
    return found
