"""One manifest for each of upstream's rules of validation, refused through the API server in upstream's words."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from app.api.errors import ApiError
from app.api.objects import Obj, ref_of
from app.apimachinery.patch.strategic import merge_patch
from app.apiserver import requests
from app.apiserver.server import ApiServer
from app.apiserver.store import Store
from app.registry.builtin import built_in
from tests.registry.rules import counting
from tests.registry.rules.counting import Case
from tests.support import builders

pytestmark = pytest.mark.long


@pytest.mark.parametrize("case", [case for case in counting.cases() if not case.ask], ids=lambda case: case.rule)
def test_it_is_refused_as_upstream_refuses_it(case: Case) -> None:
    with pytest.raises(ApiError) as refused:
        apply(case)
    base = counting.bases()[case.base]
    group = base["apiVersion"].rpartition("/")[0]
    name = merge_patch(base, case.create or case.before)["metadata"].get("name", "")
    told = list(dict.fromkeys(case.says))
    said = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    message = f'{case.base}{"." * bool(group)}{group} "{name}" is invalid: {said}'
    assert without_difference(refused.value.message) == message
    assert [without_difference(str(cause)) for cause in refused.value.causes] == case.says


def without_difference(text: str) -> str:
    first, end, rest = text.partition("\n")
    return f"{first}\n<difference>" if end and rest else text


def apply(case: Case) -> None:
    server = ApiServer(built_in(), Store(), lambda: builders.NOW_MS, random.Random(1))
    server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    base = counting.bases()[case.base]
    if case.create is not None:
        requests.create(server, text(merge_patch(base, case.create)))
        return
    before = merge_patch(base, case.before)
    debuggers = before.get("spec", {}).pop("ephemeralContainers", None)
    stored = requests.create(server, text(before)).obj
    ref = ref_of(stored)
    if debuggers:
        changed = merge_patch(stored, {"spec": {"ephemeralContainers": debuggers}})
        stored = requests.replace(server, ref, text(changed), "ephemeralcontainers").obj
    if status := case.before.get("status"):
        stored = requests.replace(server, ref, text({**stored, "status": status}), "status").obj
    if case.deleted:
        stored = requests.delete(server, ref).obj
    assert case.update is not None
    requests.replace(server, ref, text(merge_patch(stored, case.update)), case.through)


def text(obj: Obj | Any) -> str:
    return json.dumps(obj)


def test_every_name_is_that_of_a_rule() -> None:
    known = {str(rule) for rule in counting.rules()}
    named = [case.rule for case in counting.cases()]
    assert not set(named) - known
    assert len(named) == len(set(named))


def test_no_rule_is_both_broken_and_said_to_be_unbreakable() -> None:
    covered = {case.rule for case in counting.cases()}
    assert not [str(rule) for rule in counting.rules() if str(rule) in covered and counting.reason(rule)]


def test_every_reason_is_that_of_some_rule() -> None:
    names = [str(rule) for rule in counting.rules()]
    patterns = [pattern for patterns in counting.reasons().values() for pattern in patterns]
    assert not [each for each in patterns if not any(counting.fits(name, each) for name in names)]


def test_the_table_of_the_documentation_says_what_is_so() -> None:
    assert counting.TABLE.read_text().endswith(counting.BEGIN + "\n" + counting.table())
