"""The house has floors: who may import whom, read from the source (see docs/architecture.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APP = ROOT / "app"

# The first matching prefix names the layer of a module; the value is what it may import of ours.
ALLOWED = {
    "app.api": ("app.api",),
    "app.reconcile": ("app.api",),
    "app.pod_control": ("app.api", "app.reconcile"),
    "app.apiserver": ("app.api", "app.apiserver"),
    "app.engine": ("app.api", "app.reconcile", "app.apiserver", "app.engine"),
    "app.controllers": ("app.api", "app.reconcile", "app.pod_control", "app.controllers"),
    "app.nodes": ("app.api", "app.reconcile", "app.nodes"),
    "app.operators": ("app.api", "app.reconcile", "app.pod_control", "app.operators"),
    "app.commands": ("app.api",),
    "app.cluster": (
        "app.api", "app.reconcile", "app.apiserver", "app.engine", "app.controllers", "app.nodes", "app.operators",
        "app.commands", "app.cluster",
    ),
    "app.scenarios": ("app.api", "app.commands", "app.scenarios"),
    "app.rooms": ("app.api", "app.commands", "app.cluster", "app.scenarios", "app.engine.trace", "app.rooms"),
    "app.web": (
        "app.api", "app.reconcile", "app.commands", "app.cluster", "app.engine.trace", "app.rooms", "app.scenarios",
        "app.web",
    ),
}  # fmt: skip
ONLY_IN = {
    "flask": ("app.web",),
    "flask_sock": ("app.web",),
    "flask_babel": ("app.web",),
    "threading": ("app.rooms", "app.web"),
    "time": ("app.rooms", "app.web"),
    "random": ("app.cluster",),
    "yaml": ("app.api",),
}
# `random` is named for the type of the generator that the cluster hands down; making one is the cluster's business.
TAKES_A_GENERATOR = ("app.apiserver", "app.engine")


def modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted(APP.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name != "app":
            found.append((name, path))
    return found


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return names


def layer_of(module: str) -> str:
    return next(layer for layer in ALLOWED if within(module, (layer,)))


def within(module: str, prefixes: tuple[str, ...]) -> bool:
    return any(module == prefix or module.startswith(prefix + ".") for prefix in prefixes)


@pytest.mark.parametrize(("module", "path"), modules(), ids=[name for name, _ in modules()])
def test_a_module_imports_only_from_its_own_floor_and_those_below(module: str, path: Path) -> None:
    for imported in imports(path):
        if imported == "app" or not within(imported, ("app",)):
            continue
        assert within(imported, ALLOWED[layer_of(module)]), f"{module} imports {imported}"


@pytest.mark.parametrize(("module", "path"), modules(), ids=[name for name, _ in modules()])
def test_a_library_is_imported_only_where_it_belongs(module: str, path: Path) -> None:
    for imported in imports(path):
        library = imported.split(".")[0]
        places = ONLY_IN.get(library)
        if places is None:
            continue
        if library == "random" and within(module, TAKES_A_GENERATOR):
            assert "random.Random(" not in path.read_text(), f"{module} makes a generator of its own"
            continue
        assert within(module, places), f"{module} imports {library}"


@pytest.mark.parametrize("package", ["app.controllers", "app.operators"])
def test_controllers_do_not_import_each_other(package: str) -> None:
    for module, path in modules():
        if within(module, (package,)) and module != package:
            assert not any(within(name, (package,)) for name in imports(path)), module


def test_the_check_sees_a_forbidden_import(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("from app.engine import engine\nimport flask\n")
    assert not within("app.engine.engine", ALLOWED["app.controllers"])
    assert {"app.engine", "app.engine.engine", "flask"} == imports(bad)
