"""What is broken follows two internal objects."""

from __future__ import annotations

from typing import Any

from app.api.control_plane import new_control_plane
from app.api.objects import Obj, Ref
from app.apiserver.store import ADDED, Change
from app.engine.faults import Faults

WEB, KUBELET = "deployment-controller", "kubelet/node-1"


def control_plane(**spec: Any) -> Obj:
    return {**new_control_plane(), "spec": spec}


def machine(name: str = "node-1", **spec: Any) -> Obj:
    return {"kind": "Machine", "metadata": {"name": name}, "spec": spec}


def after(*objects: Obj) -> Faults:
    found = Faults()
    for obj in objects:
        found.follow(Change(1, ADDED, Ref(obj["kind"], "", obj["metadata"]["name"]), None, obj))
    return found


def test_all_is_well_at_first() -> None:
    found = after(control_plane())
    assert not found.api_down
    assert (found.is_frozen(WEB), found.obstacle(WEB), found.drop_every(WEB), found.watch_delay_ms(WEB)) == (
        False, "", 0, 0,
    )  # fmt: skip


def test_no_process_runs_on_a_machine_without_power() -> None:
    found = after(machine(power="off"))
    assert found.is_frozen(KUBELET)
    assert not found.is_frozen("kubelet/node-2")
    assert not found.is_frozen(WEB)


def test_from_behind_a_cut_network_requests_time_out() -> None:
    found = after(machine(network="cut"))
    assert found.obstacle(KUBELET).endswith("i/o timeout")
    assert not found.is_frozen(KUBELET)
    assert found.obstacle(WEB) == ""


def test_a_machine_is_silent_without_power_without_network_and_without_who_speaks_for_it() -> None:
    assert not after(control_plane(), machine()).is_silent("node-1")
    for found in (
        after(machine(power="off")),
        after(machine(network="cut")),
        after(control_plane(stopped={"kubelet-node-status/node-1": True})),
    ):
        assert (found.is_silent("node-1"), found.is_silent("node-2")) == (True, False)


def test_nobody_reaches_an_api_server_that_is_down() -> None:
    found = after(control_plane(apiServer="down"))
    assert found.api_down
    assert found.obstacle(WEB).endswith("connection refused")
    assert found.obstacle(KUBELET).endswith("connection refused")


def test_an_actor_is_named_in_full_or_by_its_role() -> None:
    found = after(control_plane(stopped={WEB: True, "kubelet": True}, dropEvery={KUBELET: 3}))
    assert found.is_frozen(WEB)
    assert found.is_frozen(KUBELET)
    assert found.is_frozen("kubelet/node-2")
    assert (found.drop_every(KUBELET), found.drop_every("kubelet/node-2")) == (3, 0)


def test_what_was_mended_is_whole_again() -> None:
    found = after(machine(power="off", network="cut"), machine(power="on", network="on"))
    assert not found.is_frozen(KUBELET)
    assert found.obstacle(KUBELET) == ""
