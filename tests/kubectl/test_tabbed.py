from __future__ import annotations

import pytest

from app.kubectl.describe import tabbed


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        pytest.param([], "", id="nothing"),
        pytest.param(["a\tb"], "a  b\n", id="two blanks between"),
        pytest.param(["a\tb", "long\tc"], "a     b\nlong  c\n", id="as wide as the widest cell"),
        pytest.param(["a\tb", "long"], "a  b\nlong\n", id="text after the last tab belongs to no column"),
        pytest.param(
            ["a\tb", "break", "long\tc"], "a  b\nbreak\nlong  c\n", id="a line without the cell ends the column"
        ),
        pytest.param(["a\t\tb"], "a    b\n", id="an empty cell is still two wide"),
        pytest.param(["a\tb\tc", "d\te", "f\tlong\tg"], "a  b  c\nd  e\nf  long  g\n", id="each column on its own"),
        pytest.param(["a\t"], "a  \n", id="an empty last cell"),
    ],
)
def test_columns(lines, text):
    assert tabbed.align(lines) == text


def test_labels_are_sorted_one_a_line():
    assert list(tabbed.label_lines("Labels", {"b": "2", "a": "1"})) == ["Labels:\ta=1", "\tb=2"]
    assert list(tabbed.label_lines("Labels", None)) == ["Labels:\t<none>"]


def test_annotations_leave_out_kubectls_own_and_break_long_ones():
    lines = list(
        tabbed.annotation_lines(
            "Annotations",
            {
                "kubectl.kubernetes.io/last-applied-configuration": "{}",
                "z": "x" * 200,
                "m": "one\ntwo\n",
                "a": "b",
            },
        )
    )
    assert lines == ["Annotations:\ta: b", "\tm:", "\t  one", "\t  two", "\tz:", "\t  " + "x" * 138 + "..."]


def test_times():
    assert tabbed.rfc1123("2026-11-23T10:06:17Z") == "Mon, 23 Nov 2026 10:06:17 +0000"
    assert tabbed.rfc1123(None) == "<unset>"
