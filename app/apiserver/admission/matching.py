"""Which requests a policy is about, and a binding of it: rules, selectors, and the versions of one kind.

Models apiserver `pkg/admission/plugin/policy/matching` and `pkg/admission/plugin/webhook/predicates`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.api import selectors
from app.api.kinds import Kind
from app.api.objects import Obj, Ref, labels_of
from app.apimachinery.scheme.scheme import Scheme
from app.apiserver.store import Store

Part = Mapping[str, Any]
CREATE, UPDATE, DELETE, CONNECT = "CREATE", "UPDATE", "DELETE", "CONNECT"


class Asked(NamedTuple):
    """A request, as admission sees it. `obj` is what is to be: of a deletion None, of a subresource with a kind of its
    own (Scale, Eviction, Binding, PodExecOptions) that; `old` is what is there."""

    operation: str
    resource: Kind  # in the version that is stored
    ref: Ref
    obj: Obj | None
    old: Obj | None
    subresource: str = ""
    user: Mapping[str, Any] = {}
    dry_run: bool = False
    options: Mapping[str, Any] = {}

    @property
    def namespace(self) -> str:
        """That of a Namespace is itself."""
        return self.ref.name if self.is_namespace else self.ref.namespace

    @property
    def is_namespace(self) -> bool:
        return self.ref.kind == "Namespace"


def matched(match: Part, asked: Asked, scheme: Scheme, store: Store) -> Kind | None:
    """The version of its kind that the request matches in; None if it does not match."""
    if not _in_namespace(match.get("namespaceSelector") or {}, asked, store):
        return None
    if not _labelled(match.get("objectSelector") or {}, asked):
        return None
    versions = [asked.resource]
    if match.get("matchPolicy") != "Exact":
        versions += [other.row for other in scheme.definition(asked.ref.kind).others]
    if _first(match.get("excludeResourceRules") or (), asked, versions):
        return None
    rules = match.get("resourceRules") or ()
    return _first(rules, asked, versions) if rules else asked.resource


def _in_namespace(selector: Part, asked: Asked, store: Store) -> bool:
    """What is in no namespace is always meant."""
    if not asked.namespace or not _says(selector):
        return True
    changed = asked.is_namespace and not asked.subresource and asked.operation in (CREATE, UPDATE)
    home = asked.obj if changed else store.get(Ref("Namespace", "", asked.namespace))
    return home is not None and selectors.matches(selector, labels_of(home))


def _labelled(selector: Part, asked: Asked) -> bool:
    if not _says(selector):
        return True
    found = (obj for obj in (asked.obj, asked.old) if obj is not None and "metadata" in obj)
    return any(selectors.matches(selector, labels_of(obj)) for obj in found)


def _says(selector: Part) -> bool:
    return bool(selector.get("matchLabels") or selector.get("matchExpressions"))


def _first(rules: Iterable[Part], asked: Asked, versions: Sequence[Kind]) -> Kind | None:
    return next(_matching(tuple(rules), asked, versions), None)


def _matching(rules: Sequence[Part], asked: Asked, versions: Sequence[Kind]) -> Iterator[Kind]:
    """The stored version is asked for first."""
    for row in versions:
        for rule in rules:
            if _fits(rule, asked, row):
                yield row


def _fits(rule: Part, asked: Asked, row: Kind) -> bool:
    names = rule.get("resourceNames") or ()
    return (
        _is_in_scope(rule.get("scope", "*"), asked)
        and _has(rule.get("operations"), asked.operation)
        and _has(rule.get("apiGroups"), row.group)
        and _has(rule.get("apiVersions"), row.version)
        and any(_is_resource(word, row.plural, asked.subresource) for word in rule.get("resources") or ())
        and (not names or asked.ref.name in names)
    )


def _is_in_scope(scope: str, asked: Asked) -> bool:
    is_namespaced = bool(asked.ref.namespace) and not asked.is_namespace
    return scope == "*" or is_namespaced == (scope == "Namespaced")


def _has(words: Sequence[str] | None, wanted: str) -> bool:
    return words is not None and ("*" in words or wanted in words)


def _is_resource(word: str, plural: str, subresource: str) -> bool:
    """`pods`, `pods/*`, `*/scale`."""
    resource, _, below = word.partition("/")
    return resource in ("*", plural) and below in ("*", subresource)
