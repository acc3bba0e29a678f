"""The captions tell the news that a status holds, not that a status was written."""

from __future__ import annotations

import pytest

from app.engine.trace import is_visible
from app.web.present import captions
from app.web.present.loop import loops
from tests.support.voices import ENGLISH
from tests.support.world import World

_ = ENGLISH


def broken() -> tuple[World, list[tuple[captions.Caption, bool]]]:
    world = World()
    world.web(3)
    world.settle()
    world.image("web", "nginx:broken")
    said, end_ms = [], world.now_ms + 700_000
    while world.now_ms < end_ms and (step := world.step()) is not None:
        if is_visible(step):
            said.append((captions.caption(step, _), world.matters(step)))
    return world, said


def test_a_bad_image_is_told_until_the_rollout_is_stuck() -> None:
    _world, said = broken()
    trouble = " ".join(each.text for each, is_told in said if is_told)
    for words in ("cannot be pulled (ErrImagePull)", "ImagePullBackOff", "stuck: no progress in 600 s"):
        assert words in trouble
    assert "Wanted 3, available 3." in trouble
    assert not [
        each.text for each, _is_told in said if "PodSandbox" in each.text or "writes the status of pod" in each.text
    ]


def test_no_difference_is_shown_where_nothing_differs() -> None:
    world, said = broken()
    panels = loops(world.trace, ["kubelet-node-status"], world.epoch_ms, _)
    assert not [gap for panel in panels for gap in panel.differences if gap.desired == gap.observed]
    assert not [each.text for each, _is_told in said if "renewTime" in each.text]


@pytest.mark.parametrize("role", ["default-scheduler", "kubelet"])
def test_amounts_read_as_people_write_them_and_empty_fields_are_left_out(role: str) -> None:
    world, _said = broken()
    (panel,) = loops(world.trace, [role], world.epoch_ms, _)
    assert not [field.name for field in panel.fields if field.value.form == "none"]
    assert "attempts" not in [field.name for field in panel.fields]
    if role == "default-scheduler":
        table = next(field.value for field in panel.fields if field.value.form == "table")
        row = dict(zip(table.columns, (cell.text for cell in table.rows[0]), strict=True))
        assert (row["CPU"], row["memory"]) == ("4000m", "8Gi")
