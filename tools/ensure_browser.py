"""Finds a Chromium for the browser tests, or installs one, and prints its path. Called by `make test` and `.ci/run`.

In order: $CHROMIUM, an installed Chromium or Chrome, the one that Playwright downloaded, `playwright install chromium`,
Debian's package through apt. Of a headless shell, which draws pages and no windows around them, the tests need a third
less CPU: on a machine for nothing else, where one is root, it is installed from apt. Exits with 1 and a sentence if
none can be had: browser tests are never skipped. `tests/browser` asks `find()` for the same path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.installing import run, with_apt

SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge")
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find() -> str | None:
    """Path of a Chromium that can be launched, or None."""
    wished = os.environ.get("CHROMIUM")
    if wished:
        return shutil.which(wished)
    found = (shutil.which(name) for name in (*NAMES, *MAC))
    return next((path for path in found if path and _starts(path)), None) or _playwrights_own()


def ensure() -> str:
    """As `find`, but installs one where there is none. Raises RuntimeError if that fails too."""
    for install in (_shell_with_apt, _with_playwright, _with_apt):
        install()
        if path := find():
            return path
    raise RuntimeError(
        "no Chromium: install Chromium or Chrome, or set CHROMIUM to its path (the browser tests are not optional)"
    )


def _playwrights_own() -> str | None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and Path(path).exists() and _starts(path) else None


def _starts(path: str) -> bool:
    """Whether the libraries it needs are there too."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _shell_with_apt() -> None:
    if os.geteuid() == 0 and not (os.environ.get("CHROMIUM") or shutil.which(SHELL)):
        with_apt("headless shell of Chromium", SHELL)


def _with_playwright() -> None:
    run("Chromium", sys.executable, "-m", "playwright", "install", "chromium")


def _with_apt() -> None:
    with_apt("Chromium", "chromium")


if __name__ == "__main__":
    try:
        print(ensure())
    except RuntimeError as error:
        sys.exit(str(error))
