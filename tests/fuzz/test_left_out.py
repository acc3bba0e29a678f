"""A client may write an object with any optional part of it left out, and every loop and printer takes it as it is.

A world with one of everything runs. Then of each kind one object is taken, and each part of it left out once, in a copy
of that world, in which time goes on and everything is printed.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from app.api.objects import Obj, ref_of
from app.cluster import Cluster
from app.commands import Apply, ReplaceObject, SetTraffic
from app.engine.trace import Failed
from app.kubectl.printers import printers
from app.registry.builtin import built_in
from app.web import language, present
from tests.support import every_kind
from tests.support.crds import crd
from tests.support.declared import DECLARED, JOBS
from tests.support.kinds import SCHEME
from tests.support.looks import Stage, frame_since
from tests.support.whole_world import Ref

pytestmark = pytest.mark.long

AFTER_MS = 45_000
_ = language.words("en")


@cache
def world() -> Cluster:
    cluster = Cluster(latencies="realistic")
    cluster.run()
    for text in (DECLARED, *JOBS[1:3]):
        cluster.submit(Apply(text))
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "b"}}
    for document in [config, crd(), *every_kind.documents()]:
        cluster.submit(Apply(json.dumps(document)))
    cluster.submit(SetTraffic(Ref("Service", "default", "web"), 20))
    cluster.advance(cluster.now_ms + 130_000)
    return cluster


def parts(value: Any, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of everything inside; of a list only its first item."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, item in items:
        yield (*here, key)
        yield from parts(item, (*here, key))


def without(value: Any, path: tuple[str | int, ...]) -> Any:
    key, *rest = path
    if isinstance(value, list):
        changed = [] if not rest else [without(value[0], tuple(rest))]
        return [*changed, *value[1:]]
    if not rest:
        return {name: item for name, item in value.items() if name != key}
    return {**value, key: without(value[key], tuple(rest))}


def lives_on(cluster: Cluster, obj: Obj) -> list[str]:
    """What went wrong after `obj` was written so."""
    step, wrong = cluster.trace.count, []
    revision = cluster.revision
    cluster.advance(cluster.now_ms + AFTER_MS, 3_000)
    for made in cluster.trace.since(step):
        if isinstance(made.record, Failed) and not made.record.code:
            wrong.append(f"{made.actor}, {made.record.phase}: {made.record.error} ({made.record.where})")
    ref = ref_of(obj)
    shows = {
        "table": lambda: printers.table(ref.kind, cluster.objects(ref.kind), cluster.now_ms),
        "page": lambda: present.page(Stage(cluster), (), _),
        "frame": lambda: present.frame(Stage(cluster), frame_since(cluster, revision, step), _),
        "inspector": lambda: present.inspector(cluster, ref, _),
        "describe": lambda: present.inspector(cluster, ref, _, described=True),
    }
    for name, show in shows.items():
        try:
            show()
        except Exception as mistake:
            last = traceback.extract_tb(mistake.__traceback__)[-1]
            wrong.append(f"{name}: {type(mistake).__name__}: {mistake} ({last.filename}, line {last.lineno})")
    return wrong


@pytest.mark.parametrize("kind", [kind.key for kind in built_in().served() if not kind.measured])
def test_whatever_is_left_out(kind: str) -> None:
    obj = max(world().objects(kind), key=lambda each: len(json.dumps(each)))
    wrong = {}
    for path in parts(obj):
        cluster = world().copy()
        subresource = "status" if path[0] == "status" and "status" in SCHEME.kind(kind).subresources else ""
        text = json.dumps(without(obj, path))
        record = cluster.submit(ReplaceObject(ref_of(obj), text, subresource)).record
        if not record.error and (said := lives_on(cluster, obj)):
            wrong[".".join(map(str, path))] = said[:2]
    assert not wrong, "\n".join(f"{path}: {said}" for path, said in wrong.items())
