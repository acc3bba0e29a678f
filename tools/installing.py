"""What the ensure_*.py install with: a command that may fail, and Debian's packages. Whoever calls looks again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

INSTALL_SECONDS = 600


def run(what: str, *command: str) -> None:
    """`what` is missing: it is said what is done about it, and if that fails."""
    print(f"no {what} yet: {' '.join(command)}", file=sys.stderr)
    try:
        subprocess.run(command, check=False, timeout=INSTALL_SECONDS, stdout=sys.stderr)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"that failed: {error}", file=sys.stderr)


def with_apt(what: str, *packages: str) -> None:
    """Where there is apt."""
    if not shutil.which("apt-get"):
        return
    become_root = () if os.geteuid() == 0 else ("sudo", "-n")
    apt = (*become_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get")
    run(what, *apt, "update", "-qq")
    run(what, *apt, "install", "-y", "-qq", "--no-install-recommends", *packages)
