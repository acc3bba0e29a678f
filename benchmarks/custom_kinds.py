"""What custom kinds cost: rules of CEL a second, custom objects through the API beside built-in ones, memory, size.

    python -m benchmarks.custom_kinds

Prints a Markdown table. CPU seconds of one process, the best of three; nothing goes over a network. Where the libraries
that were weighed for CEL are installed (`cel-expr-python`, `common-expression-language`), they are asked the same rule.
"""

from __future__ import annotations

import copy
import importlib
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app.apimachinery import cel
from app.apimachinery.cel import types
from app.apimachinery.yamltext import dump
from app.apiserver import requests
from app.apiserver.server import ApiServer
from app.cluster import Cluster
from app.commands import Apply
from benchmarks.server import machine
from tests.support.crds import crd, schema, spec_with_rule, version, website

TIMES, OBJECTS, KINDS = 3, 500, 20
RULE = "self.a > 2 && self.b.startsWith('he') && self.o.all(i, i.v > 0)"
VALUE = {"a": 3, "b": "hello", "o": [{"n": "x", "v": 1}, {"n": "y", "v": 2}]}
SCHEMA = {
    "type": "object",
    "properties": {
        "a": {"type": "integer"},
        "b": {"type": "string"},
        "o": {
            "type": "array",
            "items": {"type": "object", "properties": {"n": {"type": "string"}, "v": {"type": "integer"}}},
        },
    },
}


def main() -> None:
    print(f"| custom kinds, {machine()} | |\n|---|---|")
    for what, figure in rows():
        print(f"| {what} | {figure} |")


def rows() -> Iterator[tuple[str, str]]:
    yield f"`{RULE}`, evaluations a second", f"{1 / rule_s():,.0f}"
    yield "the same, read and checked, a second", f"{1 / compile_s():,.0f}"
    for name, run in others():
        yield f"the same by {name}, evaluations a second", f"{1 / per_call(run):,.0f}"
    built_in, bare, ruled = created_s("ConfigMap"), created_s("Website"), created_s("Website", rule="self.replicas < 9")
    yield "objects created a second: ConfigMap", f"{1 / built_in:,.0f}"
    yield "a custom kind with a schema of 11 fields", f"{1 / bare:,.0f}"
    yield "and a rule of CEL", f"{1 / ruled:,.0f}"
    yield "Deployments, for comparison", f"{1 / created_s('Deployment'):,.0f}"
    yield f"memory of a kind (of {KINDS})", f"{memory_bytes() / 1024:,.0f} KiB"
    yield "size of what was added for CEL and patterns", f"{added_bytes() / 1024:,.0f} KiB of source, no package"


def per_call(call: Callable[[], Any], count: int = 3_000) -> float:
    """CPU seconds."""
    best = float("inf")
    for _ in range(TIMES):
        begin = time.process_time()
        for _ in range(count):
            call()
        best = min(best, (time.process_time() - begin) / count)
    return best


def rule_s() -> float:
    kind = types.of_schema(SCHEMA)
    assert kind is not None
    compiled, seen = cel.compile_rule(RULE, {"self": kind}), types.value_of(VALUE, SCHEMA)
    return per_call(lambda: compiled.evaluate({"self": seen}, cel.Budget(100_000)))


def compile_s() -> float:
    kind = types.of_schema(SCHEMA)
    assert kind is not None
    names = {"self": kind}
    return per_call(lambda: cel.compile_rule(RULE, names), 300)


def others() -> Iterator[tuple[str, Callable[[], Any]]]:
    """The libraries that are installed here, asked the same."""
    try:
        module = importlib.import_module("cel_expr_python.cel")
        program = module.NewEnv(variables={"self": module.Type.DYN}).compile(RULE)
        yield "cel-expr-python", lambda: program.eval(data={"self": VALUE})
    except ImportError:
        pass
    try:
        module = importlib.import_module("cel")
        compiled = module.compile(RULE)
        yield "common-expression-language", lambda: compiled.execute({"self": VALUE})
    except ImportError:
        pass


def created_s(kind: str, rule: str = "") -> float:
    """CPU seconds of a POST, from its text to the stored object."""
    cluster = Cluster()
    spec = spec_with_rule(rule) if rule else None
    defined(cluster, crd("Website", version(schema={"openAPIV3Schema": schema(spec)})))
    made = {"Website": website(pages=[{"path": "/"}]), "ConfigMap": CONFIG, "Deployment": DEPLOYMENT}[kind]
    best = float("inf")
    for turn in range(TIMES):
        server: ApiServer = cluster.copy().engine.server
        texts = [json.dumps({**made, "metadata": {"name": f"x{turn}-{number}"}}) for number in range(OBJECTS)]
        begin = time.process_time()
        for text in texts:
            requests.create(server, text, "benchmark")
        best = min(best, (time.process_time() - begin) / OBJECTS)
    return best


CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"host": "example.org", "replicas": "3"}}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "spec": {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {
            "metadata": {"labels": {"a": "b"}},
            "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}]},
        },
    },
}


def defined(cluster: Cluster, definition: dict[str, Any]) -> None:
    cluster.submit(Apply(dump(definition)))
    cluster.run()


def memory_bytes() -> float:
    """What a cluster grows by for each kind, its definition, its types and its checks."""
    cluster = Cluster()
    cluster.run()
    definitions = [copy.deepcopy(crd(f"Kind{number}", shortNames=[])) for number in range(KINDS)]
    tracemalloc.start()
    for definition in definitions:
        defined(cluster, definition)
    grown, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return grown / KINDS


def added_bytes() -> int:
    folder = Path(cel.__file__).parent
    return sum(path.stat().st_size for path in (*folder.glob("*.py"), *folder.parent.glob("pattern*.py")))


if __name__ == "__main__":
    main()
