"""The kinds of one cluster: which there are, what their objects look like, and what is known of each.

Every cluster has a Scheme of its own, begun as a copy of the built-in one (app/registry/builtin.py). The API server,
the engine, the Kubernetes face and the page ask it which kinds there are, never a global: a kind can appear in one
cluster, and be gone again, while the next cluster never hears of it. Models kubernetes/apimachinery
`pkg/runtime/scheme.go` and `pkg/api/meta/restmapper.go`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.api.errors import Cause, MethodNotAllowed, NotFound
from app.api.kinds import Kind
from app.api.objects import Obj
from app.apimachinery.scheme import schema
from app.apimachinery.scheme.shapes import Struct


def unchanged(obj: Obj) -> Obj:
    """For kinds that have no defaults, and versions that differ in their name only."""
    return obj


def nothing(*objects: Obj) -> Iterable[Cause]:
    """For kinds with nothing to check."""
    return ()


class PrinterColumn(NamedTuple):
    """A column of `kubectl get` as a custom kind declares it (`additionalPrinterColumns`)."""

    name: str
    type: str  # string, integer, number, boolean or date
    json_path: str  # `.spec.replicas`
    priority: int = 0  # 1: only with `-o wide`
    description: str = ""
    format: str = ""


class Version(NamedTuple):
    """A version of a kind that is served: the stored one, or one that is converted at the door."""

    row: Kind
    shape: Struct
    to_stored: Callable[[Obj], Obj] = unchanged
    from_stored: Callable[[Obj], Obj] = unchanged
    columns: tuple[PrinterColumn, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A kind with what belongs to it. `row` and `shape` are those of the version that is stored.

    default: an object with the fields that people may leave out, called on create and update.
    validate: what is wrong with an object beyond its metadata; validate_update: with (new, old).
    columns: of `kubectl get`, for a kind that app/kubectl/printers has no printer for.
    others: versions that are served beside the stored one.
    is_served: whether the stored version itself is.
    """

    row: Kind
    shape: Struct
    default: Callable[[Obj], Obj] = unchanged
    validate: Callable[[Obj], Iterable[Cause]] = nothing
    validate_update: Callable[[Obj, Obj], Iterable[Cause]] = nothing
    columns: tuple[PrinterColumn, ...] = ()
    others: tuple[Version, ...] = ()
    is_served: bool = True

    def shape_in(self, api_version: str) -> Struct:
        """The type in another version that is served; "" is the stored one."""
        other = self._other(api_version)
        return other.shape if other else self.shape

    def to_version(self, obj: Obj, api_version: str) -> Obj:
        """A stored object as that version has it; most often it is the stored one."""
        other = self._other(api_version)
        return _named(other.from_stored(obj), api_version) if other else obj

    def columns_in(self, api_version: str) -> tuple[PrinterColumn, ...]:
        other = self._other(api_version)
        return other.columns if other else self.columns

    def _other(self, api_version: str) -> Version | None:
        return next((each for each in self.others if each.row.api_version == api_version), None)


class _Tables(NamedTuple):
    """What a scheme is asked, worked out once for each change of it; never changed itself."""

    definitions: Mapping[str, Definition]
    kinds: tuple[Kind, ...]
    served: tuple[Kind, ...]
    local: frozenset[str]
    by_version: Mapping[tuple[str, str], Version]
    by_resource: Mapping[tuple[str, str, str], Kind]
    by_name: Mapping[str, Kind]


class Scheme:
    """`version` moves on with each change. A kind is asked for by its key (app/api/kinds.py)."""

    def __init__(self, definitions: Iterable[Definition] = ()) -> None:
        self.version = 0
        self._tables = _tables({each.row.key: each for each in definitions})

    def copy(self) -> Scheme:
        """One that may go another way from here; until then both have the same tables."""
        return copy.copy(self)

    # ------------------------------------------------------------------------------------------ changing

    def register(self, definition: Definition) -> None:
        """From now on there is this kind, or it is so defined. It comes after those that are there already."""
        self._take({**self._tables.definitions, definition.row.key: definition})

    def remove(self, key: str) -> None:
        """From now on there is no such kind. Raises NotFound if there was none."""
        self.definition(key)
        self._take({known: each for known, each in self._tables.definitions.items() if known != key})

    def _take(self, definitions: Mapping[str, Definition]) -> None:
        self._tables = _tables(definitions)
        self.version += 1

    # ------------------------------------------------------------------------------------------ asking

    def kinds(self) -> tuple[Kind, ...]:
        """Every kind, in the order of their registration; those too that no client sees."""
        return self._tables.kinds

    def served(self) -> tuple[Kind, ...]:
        """What clients see: every kind in the version that is stored, then those that are served beside them."""
        return self._tables.served

    def definition(self, key: str) -> Definition:
        """Raises NotFound as the API server does for an address that it does not serve."""
        found = self._tables.definitions.get(key)
        if found is None:
            raise NotFound("the server could not find the requested resource", details={})
        return found

    def kind(self, key: str) -> Kind:
        """Raises NotFound."""
        return self.definition(key).row

    def find(self, key: str) -> Kind | None:
        found = self._tables.definitions.get(key)
        return found.row if found else None

    def is_local(self, key: str) -> bool:
        """Whether those who write objects of the kind ask no API server: what a machine knows, what was measured."""
        return key in self._tables.local

    def lookup(self, name: str) -> Kind | None:
        """By plural, singular, short name or kind, in any case and with or without the group: `po`, `deploy`,
        `ReplicaSet`, `widgets.example.com`. Of several the one that was there first."""
        return self._tables.by_name.get(name.lower())

    def resource(self, group: str, version: str, plural: str) -> Kind | None:
        """What is served under an address."""
        return self._tables.by_resource.get((group, version, plural))

    def kind_of(self, api_version: str, kind: str) -> Kind:
        """Raises NotFound in the words kubectl uses for a kind it cannot map."""
        return self._version(api_version, kind).row

    def _version(self, api_version: str, kind: str) -> Version:
        found = self._tables.by_version.get((api_version, kind))
        if found is None:
            raise NotFound(
                f'no matches for kind "{kind}" in version "{api_version}"',
                details={"kind": kind, "apiVersion": api_version},
            )
        return found

    # ------------------------------------------------------------------------------------------ objects

    def decode(self, doc: Any, *, strict: bool = True) -> Obj:
        """The object that `doc` (parsed JSON or YAML) is, as `schema.decoded` and in the version that is stored. Raises
        NotFound for an unknown or internal kind, DecodingError in Kubernetes' words for a wrong type and, if `strict`,
        for unknown fields; else they are left out."""
        obj, unknown = self._decoded(doc)
        if unknown and strict:
            text = "strict decoding error: " + ", ".join(problem.message for problem in unknown)
            api_version, kind = schema.type_meta(doc)
            raise schema.DecodingError(schema.cannot_be_handled(kind, api_version, text), unknown)
        return obj

    def decode_with_warnings(self, doc: Any) -> tuple[Obj, tuple[str, ...]]:
        """As `decode`, but unknown fields become warnings: `unknown field "spec.replica"`."""
        obj, unknown = self._decoded(doc)
        return obj, tuple(problem.message for problem in unknown)

    def _decoded(self, doc: Any) -> tuple[Obj, list[Cause]]:
        version = self._version(*schema.type_meta(doc))
        if version.row.measured:
            raise MethodNotAllowed("the server does not allow this method on the requested resource", details={})
        obj, unknown = schema.decoded(doc, version.shape)
        return _named(version.to_stored(obj), self.kind(version.row.key).api_version), unknown


def _tables(definitions: Mapping[str, Definition]) -> _Tables:
    open_ = [each for each in definitions.values() if not each.row.internal]
    stored = (Version(each.row, each.shape) for each in open_ if each.is_served)
    versions = [*stored, *(other for each in open_ for other in each.others)]
    rows = tuple(each.row for each in definitions.values())
    served = tuple(each.row for each in versions)
    by_version = {(each.row.api_version, each.row.kind): each for each in versions}
    by_resource = {(row.group, row.version, row.plural): row for row in served}
    assert len(by_resource) == len(by_version) == len(versions), "two kinds of one name in one group"
    by_name: dict[str, Kind] = {}
    for row in (each.row for each in open_):
        for name in _names(row):
            by_name.setdefault(name, row)
    local = frozenset(row.key for row in rows if row.is_local)
    return _Tables(definitions, rows, served, local, by_version, by_resource, by_name)


def _named(obj: Obj, api_version: str) -> Obj:
    return obj if obj["apiVersion"] == api_version else {**obj, "apiVersion": api_version}


def _names(row: Kind) -> list[str]:
    names = [row.kind, *(() if row.measured else (row.plural, row.singular))]
    with_group = [f"{name}.{row.group}" for name in names] if row.group else []
    short = () if row.measured else row.short_names
    return [name.lower() for name in (*names, *short, *with_group)]
