"""Upstream's rules of validation, and what is known of each: shown by a manifest, not here for a reason, or left.

`GROUP.json` are names of rules, by kind and function (tools/extract_validation.py). `cases/*.yaml` has a manifest for
each rule that is covered, `reasons.yaml` says why others cannot be broken here. As a program this prints the table of
docs/validation.md and puts it there: `make conformance`.

A file of cases says `group` and `base`, the kind whose good object (`bases.yaml`, tests/support/every_kind.py) its
manifests differ from; then `rules`: function, rule, and

    create: what is merged into the good object, which is refused; or
    before, update: what is merged into it before it is stored, and then; `through`: a subresource; `deleted`: what is
      stored was deleted in between, and waits for its finalizers
    says: what the API server answers after `... is invalid: `; a list if it gives several causes. Texts that come often
      stand in `words.yaml` and here as `<label>`; `<a*300>` is a text of 300 letters
      and `<difference>` for the lines that differ, in which upstream has Go's names
    base: another kind than that of the file

What is wrong with a request and not with an object is asked for over HTTP (tests/kube/test_kube_options.py):

    ask: method and path, such as `GET /api/v1/namespaces/default/pods/p/log`
    body, type: what is sent, and its media type; `accept`: what is to come back
    says: the message of the Status
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.support.every_kind import documents

HERE = Path(__file__).parent
TABLE = HERE.parents[2] / "docs" / "validation.md"
BEGIN = "<!-- what follows is written by `make conformance` -->\n"
NOBODY = "Not stored"
NOT_STORED = (
    "the API server stores no object that it is about: files of clients and kubelets, kinds that are absent here"
)


class Rule(NamedTuple):
    group: str
    kind: str
    function: str
    error: str

    def __str__(self) -> str:
        return f"{self.group}/{self.function}/{self.error}"


class Case(NamedTuple):
    rule: str
    base: str
    create: dict[str, Any] | None
    before: dict[str, Any]
    update: dict[str, Any] | None
    through: str
    deleted: bool
    ask: str
    body: Any
    type: str
    accept: str
    says: list[str]


class _Strict(yaml.SafeLoader):
    """Of two rules of one name one would be lost."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        names = Counter(key.value for key, _ in node.value)
        repeated = [name for name, times in names.items() if times > 1]
        assert not repeated, (node.start_mark, repeated)
        return super().construct_mapping(node, deep)


def read(path: Path) -> Any:
    return yaml.load(path.read_text(), _Strict)


@cache
def rules() -> tuple[Rule, ...]:
    return tuple(
        Rule(path.stem, kind, function, error)
        for path in sorted(HERE.glob("*.json"))
        for kind, functions in json.loads(path.read_text()).items()
        for function, errors in functions.items()
        for error in errors
    )


@cache
def cases() -> tuple[Case, ...]:
    return tuple(
        _case(f"{file['group']}/{function}/{error}", {"base": file.get("base", ""), **case})
        for path in sorted((HERE / "cases").glob("*.yaml"))
        for file in (read(path),)
        for function, errors in file["rules"].items()
        for error, case in errors.items()
    )


def _case(rule: str, case: dict[str, Any]) -> Case:
    case = _in_full(case)
    says = case["says"]
    absent: dict[str, Any] = dict.fromkeys(Case._fields, "")
    absent |= {"create": None, "before": {}, "update": None, "deleted": False, "body": None}
    return Case(**{**absent, **case, "rule": rule, "says": [says] if isinstance(says, str) else says})


def _in_full(value: Any) -> Any:
    """With the words of `words.yaml` for `<label>`, and 300 letters for `<a*300>`."""
    if isinstance(value, dict):
        return {key: _in_full(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_in_full(each) for each in value]
    if not isinstance(value, str) or "<" not in value:
        return value
    for name, words in _words().items():
        value = value.replace(f"<{name}>", words)
    return re.sub(r"<(\w)\*(\d+)>", lambda found: found[1] * int(found[2]), value)


@cache
def _words() -> dict[str, str]:
    return read(HERE / "words.yaml")


@cache
def bases() -> dict[str, dict[str, Any]]:
    """A good object of each kind."""
    own = list(yaml.safe_load_all((HERE / "bases.yaml").read_text()))
    return {obj["kind"]: obj for obj in (*documents(), *own)}


@cache
def reasons() -> dict[str, list[str]]:
    """Why some rules cannot be broken here, and patterns of their names."""
    return read(HERE / "reasons.yaml") or {}


@cache
def reason(rule: Rule) -> str:
    """ "" if there is none."""
    found = (why for why, patterns in reasons().items() for each in patterns if fits(str(rule), each))
    return next(found, NOT_STORED if rule.kind == NOBODY else "")


def fits(rule: str, pattern: str) -> bool:
    """`*` stands for any letters, all else for itself."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), rule) is not None


def table() -> str:
    covered = {case.rule for case in cases()}
    kinds: dict[tuple[str, str], Counter[str]] = {}
    whys: Counter[str] = Counter()
    for rule in rules():
        what = "covered" if str(rule) in covered else "not here" if reason(rule) else "left"
        whys[reason(rule)] += what == "not here"
        kinds.setdefault((rule.group, rule.kind), Counter())[what] += 1
    columns = ("covered", "not here", "left")
    rows = [(f"{group} | {kind}", *(found[each] for each in columns)) for (group, kind), found in kinds.items()]
    rows.append(("all | ", *(sum(found[each] for found in kinds.values()) for each in columns)))
    lines = ["| group | kind | rules | covered | not here | left |", "|---|---|--:|--:|--:|--:|"]
    lines += [f"| {name} | {sum(counts)} | {' | '.join(map(str, counts))} |" for name, *counts in rows]
    lines += ["", "| not here, because | rules |", "|---|--:|"]
    lines += [f"| {why} | {number} |" for why, number in whys.most_common() if number]
    return "\n".join(lines) + "\n"


def main() -> None:
    head = TABLE.read_text().partition(BEGIN)[0]
    TABLE.write_text(head + BEGIN + "\n" + table())
    print(table())


if __name__ == "__main__":
    main()
