"""JSON as Go writes it."""

from __future__ import annotations

import json

from app.api import go_json


def test_what_html_might_take_for_its_own_is_escaped_and_reads_as_before() -> None:
    value = {"b": "a && b <c>", "a": ["\u2028", "ä"]}
    written = go_json.dumps(value)
    assert written == '{"b":"a \\u0026\\u0026 b \\u003cc\\u003e","a":["\\u2028","ä"]}'
    assert json.loads(written) == value
    assert go_json.dumps(value, sort_keys=True).startswith('{"a":')
