"""Which kubectls the tests run, each a parameter of every test that takes one.

KUBECTL=/path/to/kubectl is that one alone; KUBECTLS is `all`, or minor versions like `20 31`. Else those that
`make test` fetched (tools/ensure_kubectl.py); where one of them is missing an installed kubectl takes its place, and
the end of the run names what was not tried. Where there is none of any kind, every test fails and says what to do.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from functools import cache
from typing import NamedTuple

from tools.ensure_kubectl import ADVICE, ALL, cached, find, wanted


class Version(NamedTuple):
    """`minor` is 20 of kubectl 1.20; without a path it could not be had."""

    minor: int
    path: str

    def __str__(self) -> str:
        return f"1.{self.minor}"


@cache
def selected() -> list[Version]:
    wished = os.environ.get("KUBECTL")
    installed = find()
    if wished:
        return [_version(installed)] if installed else [Version(max(ALL), "")]
    found = [Version(minor, str(cached(minor)) if cached(minor).exists() else "") for minor in wanted()]
    there = [version for version in found if version.path]
    if there == found or installed is None:
        return found
    return sorted({version.minor: version for version in (_version(installed), *there)}.values())


def not_tried() -> list[int]:
    """The fetched versions that this run goes without."""
    return [] if os.environ.get("KUBECTL") else sorted(set(wanted()) - {each.minor for each in selected()})


def fitting(least: int, before: int) -> list[Version]:
    """Those from 1.`least` on, and older than 1.`before`."""
    return [version for version in selected() if least <= version.minor < before]


def advice(version: Version) -> str:
    if wished := os.environ.get("KUBECTL"):
        return f"KUBECTL is {wished}, and that does not start"
    return f"kubectl {version} was not fetched: run `make kubectls` or python -m tools.ensure_kubectl; or, {ADVICE}"


def _version(path: str) -> Version:
    told = subprocess.run([path, "version", "--client", "-o", "json"], capture_output=True, text=True, check=True)
    minor = re.match(r"[0-9]+", json.loads(told.stdout)["clientVersion"]["minor"])
    assert minor, told.stdout
    return Version(int(minor[0]), path)
