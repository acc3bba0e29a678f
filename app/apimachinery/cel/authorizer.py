"""What an expression of a policy may ask about who may do what: `authorizer.group('').resource('pods').check('get')`.

Nobody is refused anything here (docs/fidelity.md), so every question is answered with yes, whoever it is about.
Models kubernetes/apiserver `pkg/cel/library/authz.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class PathCheck:
    pass


class GroupCheck:
    pass


class ResourceCheck:
    pass


class Decision:
    pass


class Authorizer(dict[str, Any]):
    """`authorizer.requestResource` is about what the request is about."""

    def __init__(self) -> None:
        super().__init__(requestResource=ResourceCheck())


CLASSES: dict[str, Any] = {
    "authorizer": Authorizer, "pathcheck": PathCheck, "groupcheck": GroupCheck, "resourcecheck": ResourceCheck,
    "decision": Decision,
}  # fmt: skip


def _always(kind: type) -> Callable[..., Any]:
    return lambda *_: kind()


ROWS: list[tuple[str, Callable[..., Any]]] = [
    ("authorizer.path(string) pathcheck", _always(PathCheck)),
    ("authorizer.group(string) groupcheck", _always(GroupCheck)),
    ("authorizer.serviceAccount(string, string) authorizer", _always(Authorizer)),
    ("groupcheck.resource(string) resourcecheck", _always(ResourceCheck)),
    *(
        (f"resourcecheck.{part}(string) resourcecheck", _always(ResourceCheck))
        for part in ("subresource", "namespace", "name", "fieldSelector", "labelSelector")
    ),
    ("pathcheck.check(string) decision", _always(Decision)),
    ("resourcecheck.check(string) decision", _always(Decision)),
    ("decision.allowed() bool", lambda _: True),
    ("decision.errored() bool", lambda _: False),
    ("decision.error() string", lambda _: ""),
    ("decision.reason() string", lambda _: "whoever knows the name of a room may do everything in it"),
]
