"""Thousands of broken and odd manifests: each is refused with the cluster as it was, or accepted and survived."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import pytest

from app.api.objects import Ref
from app.apimachinery import yamltext
from app.commands import Apply, DeleteObject
from app.engine.trace import Commanded
from tests.support import every_kind
from tests.support.world import World

SEED, COUNT = int(os.environ.get("SEED", "1")), int(os.environ.get("SEEDS", "40"))
PER_SEED = 50

CONTAINER = {
    "name": "c",
    "image": "nginx:1.27",
    "ports": [{"name": "http", "containerPort": 80}],
    "env": [{"name": "A", "value": "b"}],
    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "128Mi"}},
    "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 5},
    "livenessProbe": {"tcpSocket": {"port": 80}},
    "lifecycle": {"preStop": {"sleep": {"seconds": 1}}},
    "volumeMounts": [{"name": "v", "mountPath": "/v"}],
}
POD_SPEC = {
    "containers": [CONTAINER],
    "volumes": [{"name": "v", "emptyDir": {}}],
    "nodeSelector": {"kubernetes.io/hostname": "node-1"},
    "tolerations": [{"key": "a", "operator": "Exists", "effect": "NoSchedule"}],
    "terminationGracePeriodSeconds": 5,
}
TEMPLATE = {"metadata": {"labels": {"app": "x"}}, "spec": {k: v for k, v in POD_SPEC.items() if k != "nodeSelector"}}
SELECTOR = {"matchLabels": {"app": "x"}, "matchExpressions": [{"key": "app", "operator": "In", "values": ["x"]}]}
ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}}
GOOD: list[dict[str, Any]] = [
    {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"app": "x"}}, "spec": POD_SPEC},
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d", "annotations": {"a": "b"}},
        "spec": {"replicas": 2, "selector": SELECTOR, "strategy": ROLLING, "minReadySeconds": 1, "template": TEMPLATE},
    },
    {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": "r"},
        "spec": {"replicas": 1, "selector": SELECTOR, "template": TEMPLATE},
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s"},
        "spec": {
            "type": "NodePort",
            "selector": {"app": "x"},
            "ports": [{"name": "h", "port": 80, "targetPort": "http"}],
        },
    },
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "v"}},
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}},
    *every_kind.documents(),
]
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 3, 2**31, 2**63, 2**70, 1.5, "", "x", "web", "1", "-1", "50%", "200%", "1Gi", "1e3",
    "no", "Ünïcode", "a" * 300,
    "a.b/c", "-", "\t", "😀", [], {}, [None], [{}], {"": ""}, {"a": {"b": "c"}}, ["x"], "Never", "Always", "OnFailure",
    "nginx:broken", "nginx:crash", "Recreate", "None", "ExternalName", "2026-01-01T00:00:00Z", "UDP", 65535, 65536,
]  # fmt: skip


def odd(rng: random.Random) -> Any:
    return json.loads(json.dumps(rng.choice(ODD)))


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [here] if here else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += paths(item, (*here, key))
    return found


def mutated(rng: random.Random, manifest: dict[str, Any]) -> dict[str, Any]:
    """A copy with one to three fields removed, replaced by something odd, added or doubled."""
    copy = json.loads(json.dumps(manifest))
    for _ in range(rng.randrange(1, 4)):
        path = rng.choice(paths(copy) or [("kind",)])
        parent = copy
        for key in path[:-1]:
            parent = parent[key]
        key = path[-1]
        match rng.randrange(4):
            case 0:
                del parent[key]
            case 1:
                parent[key] = odd(rng)
            case 2 if isinstance(parent, dict):
                parent[rng.choice(["extra", "replica", "name", "labels", "spec", "$patch", "finalizers"])] = rng.choice(
                    ODD
                )
            case _ if isinstance(parent, list):
                parent.append(json.loads(json.dumps(parent[key])))
            case _:
                parent[key] = odd(rng)
    return copy  # type: ignore[no-any-return]


PIECES = ("", "\t", ":", "- ", "{", "]", "&a", "*a", '"', "\x00", "é", "\n---\n", "|", "!!python/x")


def garbled(rng: random.Random, text: str) -> str:
    """A text with a few characters removed, doubled or replaced."""
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(text) + 1)
        text = (
            text[:at]
            + rng.choice(["", "\t", ":", "- ", "{", "]", "&a", "*a", '"', "\x00", "é", "\n---\n", "|", "!!python/x"])
            + text[at + 1 :]
        )
    return text


@pytest.mark.parametrize("seed", range(SEED, SEED + COUNT))
def test_a_bad_manifest_is_refused_or_survived(seed: int) -> None:
    rng = random.Random(seed)
    world = World(latencies="zero", seed=seed)
    for _ in range(PER_SEED):
        chosen = [mutated(rng, rng.choice(GOOD)) for _ in range(rng.choice([1, 1, 2]))]
        text = "\n---\n".join(json.dumps(each) if rng.random() < 0.2 else yamltext.dump(each) for each in chosen)
        if rng.random() < 0.3:
            text = garbled(rng, text)
        revision = world.store.revision
        record = world.submit(Apply(text)).record
        assert isinstance(record, Commanded)
        if record.error:
            assert world.store.revision == revision, f"refused, but something was written: {text}"
        else:
            world.run(limit_steps=300, limit_ms=60_000)
    for kind in ("Pod", "Deployment", "ReplicaSet", "Service"):
        for obj in world.objects(kind):
            world.submit(DeleteObject(Ref(kind, obj["metadata"]["namespace"], obj["metadata"]["name"])))
    world.run(limit_ms=120_000)
