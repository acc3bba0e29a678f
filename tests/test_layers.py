"""The house has floors: who may import whom, read from the source (see docs/architecture.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from app import controllers, operators

ROOT = Path(__file__).parent.parent
APP = ROOT / "app"

# What each place may import of ours besides itself. The first matching prefix names the place of a module.
ALLOWED = {
    "app.api": (),
    "app.apimachinery": ("app.api",),
    "app.component_helpers": ("app.api",),
    "app.reconcile": ("app.api",),
    "app.commands": ("app.api", "app.component_helpers"),
    "app.pod_control": ("app.api", "app.reconcile", "app.component_helpers"),
    "app.registry": ("app.api", "app.apimachinery", "app.component_helpers"),
    "app.apiserver": ("app.api", "app.apimachinery", "app.component_helpers", "app.registry"),
    "app.engine": ("app.api", "app.apimachinery.scheme.scheme", "app.reconcile", "app.apiserver"),
    "app.look": (
        "app.api", "app.apimachinery.scheme.scheme", "app.commands", "app.apiserver.store", "app.engine.trace",
        "app.engine.oncall",
    ),
    "app.controllers": ("app.api", "app.reconcile", "app.component_helpers", "app.pod_control"),
    "app.scheduler": ("app.api", "app.reconcile", "app.component_helpers", "app.pod_control"),
    "app.nodes": ("app.api", "app.reconcile", "app.component_helpers", "app.pod_control"),
    "app.operators": ("app.api", "app.reconcile", "app.component_helpers", "app.pod_control"),
    "app.kubectl": ("app.api", "app.apimachinery", "app.component_helpers", "app.registry"),
    "app.cluster": (
        "app.api", "app.apimachinery", "app.component_helpers", "app.reconcile", "app.commands", "app.pod_control",
        "app.registry", "app.apiserver", "app.engine", "app.look", "app.controllers", "app.scheduler", "app.nodes",
        "app.operators",
    ),
    "app.scenarios": ("app.api", "app.apimachinery.yamltext", "app.commands", "app.look", "app.engine.trace"),
    "app.rooms": (
        "app.api", "app.apimachinery.yamltext", "app.commands", "app.cluster", "app.look", "app.scenarios",
        "app.engine.trace",
    ),
    "app.options": (),
    "app.web": (
        "app.api", "app.apimachinery", "app.component_helpers", "app.registry", "app.kubectl", "app.reconcile",
        "app.commands", "app.look", "app.rooms", "app.scenarios", "app.engine.trace", "app.options",
    ),
    "app.cli": (
        "app.api", "app.cluster", "app.commands", "app.look", "app.scenarios", "app.engine.trace", "app.rooms",
        "app.web", "app.options",
    ),
}  # fmt: skip
ONLY_IN = {
    "flask": ("app.web",),
    "flask_sock": ("app.web",),
    "flask_babel": ("app.web",),
    "psycopg": ("app.rooms",),
    "redis": ("app.rooms",),
    "threading": ("app.rooms", "app.web"),
    "time": ("app.rooms", "app.web", "app.cli"),
    "random": ("app.cluster",),
    "yaml": ("app.apimachinery",),
}
# `random` is named for the type of the generator that the cluster hands down; making one is the cluster's business.
TAKES_A_GENERATOR = ("app.apiserver", "app.engine")
# Loops know nothing of each other. Those of one folder share its arithmetic, but not their loops.
APART = ("app.controllers", "app.operators")


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
        layer = layer_of(module)
        assert within(imported, (layer, *ALLOWED[layer])), f"{module} imports {imported}"


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


def room_of(module: str, package: str) -> str:
    """The folder or file of `package` that a module stands in."""
    return module.removeprefix(package + ".").partition(".")[0]


@pytest.mark.parametrize("package", APART)
def test_controllers_do_not_import_each_other(package: str) -> None:
    loops = {cls.__module__ for cls in (*controllers.CONTROLLERS, *operators.OPERATORS)}
    for module, path in modules():
        if not within(module, (package,)) or module == package:
            continue
        for imported in imports(path):
            if within(imported, (package,)) and imported != package:
                assert room_of(imported, package) == room_of(module, package), f"{module} imports {imported}"
            assert not within(imported, tuple(loops)), f"{module} imports the loop {imported}"


@pytest.mark.parametrize(
    ("module", "readers"),
    [
        pytest.param("app.registry.kinds", {"app.registry.builtin"}, id="the rows are the built-in scheme's"),
        pytest.param("app.registry.builtin", {"app.cluster.cluster"}, id="which is a cluster's to begin with"),
    ],
)
def test_which_kinds_there_are_is_asked_of_a_scheme(module: str, readers: set[str]) -> None:
    found = {name for name, path in modules() if any(within(imported, (module,)) for imported in imports(path))}
    assert found == readers


@pytest.mark.parametrize("place", ALLOWED)
def test_no_import_between_places_runs_in_a_circle(place: str) -> None:
    assert place not in reachable(place)


def reachable(place: str) -> set[str]:
    found, ahead = set[str](), list(ALLOWED[place])
    while ahead:
        below = next((layer for layer in ALLOWED if within(ahead[-1], (layer,))), ahead[-1])
        ahead.pop()
        if below not in found:
            found.add(below)
            ahead += ALLOWED[below]
    return found


def test_the_check_sees_a_forbidden_import(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("from app.engine import engine\nimport flask\n")
    assert not within("app.engine.engine", ALLOWED["app.controllers"])
    assert {"app.engine", "app.engine.engine", "flask"} == imports(bad)
