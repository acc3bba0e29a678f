"""What `pip install .` and a fresh clone get: the wheel's contents, the locks, the vendored files."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(out.glob("*.whl"))


def _files(*folders: str) -> set[str]:
    found = (path for name in folders for path in (ROOT / name).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts}


def test_the_wheel_has_everything_the_app_opens(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = _files("app") | {f"app/{name}" for name in _files("templates", "static")}
    assert wanted - inside == set()
    assert "app/static/vendor/codemirror.js" in inside
    assert "app/scenarios/self-healing.yaml" in inside
    assert any(name.startswith("app/apimachinery/scheme/") and name.endswith(".json") for name in inside)


def test_the_wheel_has_nothing_else(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in inside} == {"app", f"loopscope-{PROJECT['project']['version']}.dist-info"}
    assert not any("node_modules" in name or "__pycache__" in name for name in inside)


def test_an_installed_loopscope_serves_its_pages(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    script = (
        "from app.web import create_app, folder\n"
        "import app.web\n"
        f"assert str(folder('static')).startswith({str(tmp_path)!r}), folder('static')\n"
        "page = create_app().test_client().get('/', follow_redirects=True)\n"
        "assert page.status_code == 200 and b'data-kind=\"Pod\"' in page.data\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_the_console_script_exists() -> None:
    module, _, function = PROJECT["project"]["scripts"]["loopscope"].partition(":")
    ran = subprocess.run(
        [sys.executable, "-c", f"from {module} import {function}; {function}(['--help'])"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert "serve" in ran.stdout


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.txt", ()), ("requirements-dev.txt", ("dev",))], ids=["run", "dev"]
)
def test_the_locks_name_every_dependency_with_hashes_and_no_host(lock: str, extras: tuple[str, ...]) -> None:
    text = (ROOT / lock).read_text()
    locked = {_name(line) for line in re.findall(r"^(\S+)==", text, re.MULTILINE)}
    wanted = [*PROJECT["project"]["dependencies"]]
    for extra in extras:
        wanted += PROJECT["project"]["optional-dependencies"][extra]
    assert {_name(requirement) for requirement in wanted} <= locked
    assert len(re.findall(r"^\S+==", text, re.MULTILINE)) == len(locked)
    assert text.count("--hash=sha256:") >= len(locked)
    assert "://" not in text


def test_both_locks_agree() -> None:
    run, dev = ((ROOT / name).read_text() for name in ("requirements.txt", "requirements-dev.txt"))
    pinned = set(re.findall(r"^\S+==[^\s\\;]+", run, re.MULTILINE))
    assert pinned <= set(re.findall(r"^\S+==[^\s\\;]+", dev, re.MULTILINE))


def _name(requirement: str) -> str:
    return re.split(r"[\[<>=;\s]", requirement)[0].lower().replace("_", "-").replace(".", "-")


def test_vendored_files_are_those_of_the_recipe() -> None:
    recipe = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    lock = (ROOT / "package-lock.json").read_text()
    readme = (ROOT / "static/vendor/README.md").read_text()
    for package, version in recipe.items():
        assert f'"node_modules/{package}"' in lock
        if package.startswith(("@codemirror/", "@lezer/", "htmx")):
            assert version in readme, package
    assert "resolved" not in lock, "names no registry: each machine has its own"
    for name in ("htmx", "codemirror"):
        assert (ROOT / f"static/vendor/{name}.LICENSE.txt").stat().st_size > 300
    assert f'version:"{recipe["htmx.org"]}"' in (ROOT / "static/vendor/htmx.min.js").read_text()
    assert (ROOT / "static/vendor/codemirror.d.ts").read_text() == (ROOT / "tools/vendor/codemirror.js").read_text()


def test_the_editor_has_the_exports_that_are_documented_and_used() -> None:
    bundle = (ROOT / "static/vendor/codemirror.js").read_text()
    exported = {name.split(" as ")[-1] for name in re.findall(r"export\{(.*?)\}", bundle)[-1].split(",")}
    documented = re.findall(r"`([^`]+)` \|$", (ROOT / "static/vendor/README.md").read_text(), re.MULTILINE)
    assert exported == {name for line in documented for name in line.split() if "." not in name}


def test_the_licence_is_apaches() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    assert PROJECT["project"]["license"] == "Apache-2.0"


def test_the_image_runs_as_nobody_special_and_fetches_nothing() -> None:
    text = (ROOT / "Dockerfile").read_text()
    final = text.rpartition("\nFROM ")[2]
    assert "USER loopscope" in final
    assert "HEALTHCHECK" in final
    assert "pip" not in final
