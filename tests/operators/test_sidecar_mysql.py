"""The sidecar of a MySQL server opens the first readiness gate of its pod: decisions."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.mysql_groups import mysql_group
from app.api.objects import Obj, uid_of
from app.operators.mysql.objects import CONFIGURED
from app.operators.mysql.sidecar import MySQLSidecar, SidecarsSeen
from tests.support.builders import NOW_MS, pod


def seen(of: Obj, **server: Any) -> SidecarsSeen:
    group = mysql_group("default", "mycluster")
    process = {"process": f"{uid_of(of)}/0", **server}
    return SidecarsSeen({**group, "status": {"servers": {"mycluster-0": process}}}, [of], NOW_MS)


def reasons(observation: SidecarsSeen) -> list[str]:
    return [difference.reason for difference in MySQLSidecar().diff(observation)]


OPEN = {"conditions": [{"type": CONFIGURED, "status": "True", "lastTransitionTime": "2026-01-01T08:00:00Z"}]}


@pytest.mark.parametrize(
    ("of", "server", "expected"),
    [
        pytest.param(pod(name="mycluster-0"), {"member": {}}, ["ServerPrepared"], id="its server answers"),
        pytest.param(pod(name="mycluster-0"), {}, [], id="its server does not run yet"),
        pytest.param(pod(name="mycluster-0", status=OPEN), {"member": {}}, [], id="it was opened before"),
        pytest.param(pod(name="mycluster-0", deleting=True), {"member": {}}, [], id="the pod goes"),
        pytest.param(
            pod(name="mycluster-0"), {"member": {}, "process": "another/0"}, [], id="a server of the pod before it"
        ),
    ],
)
def test_when_it_opens_the_gate(of: Obj, server: dict[str, Any], expected: list[str]) -> None:
    assert reasons(seen(of, **server)) == expected
