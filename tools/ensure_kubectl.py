"""Finds a kubectl for tests/kube, or installs one, and prints its path. Called by `make test`.

In order: $KUBECTL, an installed kubectl, Debian's package kubernetes-client through apt. Exits with 1 and a sentence if
none can be had: tests with the real kubectl are never skipped. `tests/kube` asks `find()` for the same path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PACKAGE = "kubernetes-client"
INSTALL_SECONDS = 600
ADVICE = "no kubectl: install it (Debian: apt install kubernetes-client), or set KUBECTL to its path"


def find() -> str | None:
    """Path of a kubectl that starts, or None."""
    path = shutil.which(os.environ.get("KUBECTL") or "kubectl")
    return path if path and _starts(path) else None


def ensure() -> str:
    """As `find`, but installs one where there is none. Raises RuntimeError if that fails too."""
    if path := find():
        return path
    _with_apt()
    if path := find():
        return path
    raise RuntimeError(f"{ADVICE} (the tests with kubectl are not optional)")


def _starts(path: str) -> bool:
    try:
        return subprocess.run([path, "version", "--client"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _with_apt() -> None:
    if not shutil.which("apt-get"):
        return
    become_root = () if os.geteuid() == 0 else ("sudo", "-n")
    for command in (("update", "-qq"), ("install", "-y", "-qq", "--no-install-recommends", PACKAGE)):
        print(f"no kubectl yet: apt-get {' '.join(command)}", file=sys.stderr)
        try:
            subprocess.run([*become_root, "apt-get", *command], check=False, timeout=INSTALL_SECONDS, stdout=sys.stderr)
        except (OSError, subprocess.TimeoutExpired) as error:
            print(f"that failed: {error}", file=sys.stderr)


if __name__ == "__main__":
    try:
        print(ensure())
    except RuntimeError as error:
        sys.exit(str(error))
