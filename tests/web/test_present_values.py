"""Any value a loop read, drawn by its type alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from app.api.objects import Ref
from app.operators.own.flapping import Memory
from app.web.present.clock import duration, virtual
from app.web.present.values import ABSOLUTE_MS, CHIPS, Chip, Value, brief, fields_of, table_in, value_of
from tests.support import builders


class Verdict(NamedTuple):
    node: str
    feasible: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    node: str
    verdicts: tuple[Verdict, ...]

    def __str__(self) -> str:
        return self.node


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        pytest.param(None, "none", "", id="nothing"),
        pytest.param("", "none", "", id="an empty text is nothing"),
        pytest.param(3, "number", "3", id="a number"),
        pytest.param(True, "bool", "true", id="a truth value is not a number"),
        pytest.param({"app": "web"}, "text", "app=web", id="labels"),
        pytest.param((), "number", "0", id="an empty list counts nothing"),
        pytest.param(("a", "b"), "text", "a, b", id="texts"),
    ],
)
def test_a_plain_value_is_drawn_by_its_type(value: Any, form: str, text: str) -> None:
    drawn = value_of(value)
    assert (drawn.form, drawn.text) == (form, text)


def test_objects_are_chips_and_beyond_a_few_a_number() -> None:
    pods = [builders.pod(f"web-{n}") for n in range(CHIPS + 3)]
    drawn = value_of(pods)
    assert (drawn.form, drawn.count, len(drawn.chips), drawn.more) == ("chips", CHIPS + 3, CHIPS, 3)
    assert drawn.chips[0] == Chip("Pod", "default", "web-0", short="…-0")


def test_an_object_that_is_going_away_says_so() -> None:
    assert value_of(builders.pod("web-1", deleting=True)).chips == (Chip("Pod", "default", "web-1", True),)


def test_records_of_one_type_are_a_table_without_empty_columns() -> None:
    drawn = value_of((Verdict("node-1", True, ()), Verdict("node-2", False, ())))
    assert drawn.form == "table"
    assert drawn.columns == ("node", "feasible")
    assert [row[0].text for row in drawn.rows] == ["node-1", "node-2"]


def test_a_record_with_a_name_of_its_own_reads_by_it_and_keeps_its_table() -> None:
    choice = Choice("node-1", (Verdict("node-1", True, ()),))
    assert brief(choice) == "node-1"
    assert table_in(value_of(choice)) is not None


def test_a_record_with_a_name_of_its_own_and_no_table_is_shown_by_it() -> None:
    """Not by its fields, which may be digests and times."""
    wrote = Memory("4e4726", "8d4375", ((1_796_004_274_893, "ConfigMap door: data.text"),))
    assert value_of(wrote) == Value("text", "ConfigMap door: data.text")
    assert value_of(Memory("4e4726", "8d4375")) == Value("none")


def test_what_holds_one_thing_only_reads_as_its_path() -> None:
    assert brief({"preStop": {"sleep": {"seconds": 5}}}) == "preStop.sleep.seconds=5"
    assert brief({"app": "web", "tier": "front"}) == "app=web, tier=front"


def test_things_known_by_their_uids_are_counted() -> None:
    uids = frozenset(f"297a21d7-6bc7-4bf5-a638-0ed6fcf7f49{n}" for n in range(3))
    assert (value_of(uids).form, value_of(uids).text) == ("number", "3")
    assert value_of(("node-1", "node-2")).text == "node-1, node-2"


def test_fields_come_in_the_order_of_their_author_and_times_read_as_times() -> None:
    class Seen(NamedTuple):
        replica_set: Ref
        owned_pods: tuple[str, ...]
        now_ms: int

    fields = fields_of(Seen(Ref("ReplicaSet", "default", "web"), (), ABSOLUTE_MS + 62_500), ABSOLUTE_MS + 0)
    assert [field.name for field in fields] == ["replica set", "owned pods", "now"]
    assert fields[2].value.text == "01:02.5"


def test_spans_and_clocks() -> None:
    assert [duration(ms) for ms in (250, 1_200, 30_000, 300_000)] == ["250 ms", "1.2 s", "30 s", "5:00"]
    assert [virtual(ms) for ms in (42_600, 3_762_600)] == ["00:42.6", "1:02:42.6"]
