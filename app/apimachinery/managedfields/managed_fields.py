"""Who owns which field: server-side apply, and the record of it in `metadata.managedFields`.

The REST face calls `apply` for a body of Content-Type application/apply-patch+yaml, and `updated` for every other
write. Both are pure and answer the object with its record; defaults, validation and storing are the server's. Whether a
field was said, changed or is to go is worked out in `app/apimachinery/managedfields/fieldset.py`; what a list item is
told apart by is in the schema.

Models kubernetes/apimachinery `pkg/util/managedfields` and sigs.k8s.io/structured-merge-diff `merge`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from app.api import times
from app.api.errors import BadRequest, Cause, Conflict
from app.api.kinds import Kind
from app.api.objects import Obj, annotations_of, kind_of, with_metadata
from app.apimachinery.managedfields import fieldset
from app.apimachinery.managedfields.fieldset import EMPTY, FieldSet, Node
from app.apimachinery.managedfields.typed_patch import refuse_untyped
from app.apimachinery.patch import strategic
from app.apimachinery.patch.json_patch import same
from app.apimachinery.scheme.scheme import Scheme

APPLY, UPDATE = "Apply", "Update"
BEFORE_FIRST_APPLY = "before-first-apply"
_MAX_UPDATERS = 10
_ANCIENT = "ancient-changes"
# The server's own, which nobody can own.
_STRIPPED: FieldSet = frozenset(
    {
        ("f:apiVersion",),
        ("f:kind",),
        ("f:metadata",),
        *(
            ("f:metadata", f"f:{name}")
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "clusterName",
                "generation",
                "managedFields",
                "resourceVersion",
            )
        ),
    }
)


class Manager(NamedTuple):
    """Who wrote, how, and through what. An applier is the same one in every version (`api_version` is "")."""

    name: str
    operation: str
    api_version: str
    subresource: str


class Owned(NamedTuple):
    fields: FieldSet
    api_version: str
    time: str | None  # RFC 3339


Managers = dict[Manager, Owned]


class _Conflicts(Exception):
    def __init__(self, by_manager: dict[Manager, FieldSet]) -> None:
        super().__init__("conflicts")
        self.by_manager = by_manager


# -------------------------------------------------------------------------------------------- the verbs


def apply(
    scheme: Scheme,
    current: Obj | None,
    applied: Obj,
    manager: str,
    *,
    force: bool,
    now_ms: int,
    subresource: str = "",
) -> Obj:
    """`current` (None: to be created) with what `applied`, the parsed body, says: `manager` owns those fields and no
    others, and what it alone owned and no longer says is gone. `current` itself if nothing changes.

    Raises Conflict (409, causes FieldManagerConflict) if others own a field with another value and not `force`,
    BadRequest for another apiVersion or managedFields in the body, Unexplained for a field that does not exist."""
    try:
        return _apply(scheme, current, applied, manager or "unknown", force, now_ms, subresource)
    except RecursionError:
        raise BadRequest("exceeded max depth") from None


def updated(
    scheme: Scheme,
    old: Obj | None,
    new: Obj,
    manager: str,
    *,
    now_ms: int,
    subresource: str = "",
) -> Obj:
    """`new`, which replaces `old` (None: is created), with the record of who wrote which fields.

    An object that has no record gets none, unless it is being created: it is there for server-side apply. A client may
    rewrite the record itself, and `managedFields: [{}]` drops it."""
    managers = _recorded(old) if subresource else _record_asked_for(old, new)
    if not managers and old is not None:
        return with_metadata(new, managedFields=None) if "managedFields" in new["metadata"] else new
    definition, api_version = scheme.definition(kind_of(new)), new["apiVersion"]
    before, after = _bare(old) if old else {}, _bare(new)
    compared = fieldset.compare(before, after, fieldset.root(definition.shape))
    changed = compared.added | compared.modified
    managers = _without(managers or {}, changed | compared.removed)
    mine = _tracked(changed, definition.row, subresource)
    if mine:
        me = Manager(manager or "unknown", UPDATE, api_version, subresource)
        mine |= managers[me].fields if me in managers else EMPTY
        managers[me] = Owned(mine, api_version, times.rfc3339(now_ms))
    return _with_record(old, new, _capped(managers))


def _check_body(applied: Obj, api_version: str, node: Node) -> None:
    if applied["apiVersion"] != api_version:
        raise BadRequest(
            "Incorrect version specified in apply patch. "
            f"Specified patch version: {applied['apiVersion']}, expected: {api_version}"
        )
    refuse_untyped(applied, node)
    if (applied.get("metadata") or {}).get("managedFields"):
        raise BadRequest("metadata.managedFields must be nil")


def _apply(
    scheme: Scheme, current: Obj | None, applied: Obj, manager: str, force: bool, now_ms: int, subresource: str
) -> Obj:
    definition = scheme.definition(kind_of(applied))
    row, node = definition.row, fieldset.root(definition.shape)
    api_version = row.api_version
    _check_body(applied, api_version, node)
    managers = _recorded(current) or {}
    live = _bare(current) if current else {}
    if current and not managers:
        compared = fieldset.compare({}, live, node)
        before = Manager(BEFORE_FIRST_APPLY, UPDATE, api_version, subresource)
        fields = _tracked(compared.added | compared.modified, row, subresource)
        managers = {before: Owned(fields, api_version, times.rfc3339(now_ms))}
    me = Manager(manager, APPLY, "", subresource)
    work = _Application(scheme, row, live, applied, node, me, managers)
    try:
        new, managers = work.run(force)
    except _Conflicts as found:
        new, managers = work.run_as_upgrade(found)
    # As in Kubernetes, who only joins the owners of fields that stay as they are gets no time.
    if me in managers and not (current and same(live, new)):
        managers[me] = managers[me]._replace(time=times.rfc3339(now_ms))
    return _with_record(current, _with_last_applied(new, applied, manager), managers)


# ---------------------------------------------------------------------------------------- one application


class _Application(NamedTuple):
    scheme: Scheme
    row: Kind
    live: Obj
    applied: Obj
    node: Node
    me: Manager
    managers: Managers

    def run(self, force: bool) -> tuple[Obj, Managers]:
        """The object merged, and who owns what then. Raises _Conflicts."""
        last = self.managers.get(self.me)
        said = _tracked(fieldset.said(self.applied, self.node), self.row, self.me.subresource)
        managers = {**self.managers, self.me: Owned(said, self.row.api_version, last.time if last else None)}
        merged = fieldset.merge(self.live, self.applied, self.node)
        if last and last.fields:
            # The name is nobody's in the record, but said all the same: it keeps the metadata there.
            owned = [fieldset.said(self.applied, self.node), *(each.fields for each in managers.values())]
            merged = _pruned(merged, last.fields, owned, self.node)
        # As it would be stored, sharing with `live` what is the same.
        new: Obj = _sharing(self.live, self.scheme.decode(merged, strict=False))
        compared = fieldset.compare(self.live, new, self.node)
        others = {manager: owned for manager, owned in managers.items() if manager != self.me}
        changed = compared.added | compared.modified
        conflicts = {manager: owned.fields & changed for manager, owned in others.items() if owned.fields & changed}
        if conflicts and not force:
            raise _Conflicts(conflicts)
        left = _without(others, changed | compared.removed)
        return new, left | ({self.me: managers[self.me]} if said else {})

    def run_as_upgrade(self, found: _Conflicts) -> tuple[Obj, Managers]:
        """kubectl may take over what its own client-side apply wrote and nobody has changed since."""
        allowed = self._unchanged_since_client_side_apply() if self.me.name == "kubectl" else EMPTY
        left = {manager: fields - allowed for manager, fields in found.by_manager.items() if fields - allowed}
        if left:
            raise _conflict(left)
        return self.run(force=True)

    def _unchanged_since_client_side_apply(self) -> FieldSet:
        try:
            before = json.loads(annotations_of(self.live).get(strategic.LAST_APPLIED) or "{}")
        except (ValueError, RecursionError):
            return EMPTY
        if not isinstance(before, dict) or before.get("apiVersion") != self.row.api_version:
            return EMPTY
        compared = fieldset.compare(before, self.live, self.node)
        return fieldset.said(before, self.node) - compared.modified - compared.added - compared.removed


def _pruned(merged: Obj, last: FieldSet, owned: Iterable[FieldSet], node: Node) -> Obj:
    """Without what the applier said `last` time, unless somebody (the applier's new words too) still owns it."""
    last = fieldset.with_parents(last, node)
    pruned = fieldset.remove(merged, last, node)
    everything = fieldset.with_parents(fieldset.said(merged, node), node)
    kept = fieldset.with_parents(fieldset.said(pruned, node), node) if pruned else EMPTY
    kept |= fieldset.with_parents(frozenset().union(*owned), node)
    pruned = fieldset.remove(merged, everything - kept, node)
    # What nobody owns stays as well: only what the applier owned goes.
    kept = fieldset.with_parents(fieldset.said(pruned, node), node) if pruned else EMPTY
    result: Obj = fieldset.remove(merged, (everything - kept) & last, node)
    return result


def _sharing(old: Any, new: Any) -> Any:
    if same(old, new):
        return old
    if isinstance(old, Mapping) and isinstance(new, dict):
        return {key: _sharing(old.get(key), value) for key, value in new.items()}
    return new


def _with_last_applied(new: Obj, applied: Obj, manager: str) -> Obj:
    """Where there is client-side apply's annotation, kubectl's server-side apply keeps it up to date."""
    annotations = annotations_of(new)
    if manager != "kubectl" or strategic.LAST_APPLIED not in annotations:
        return new
    wanted = strategic.last_applied(applied)
    if annotations[strategic.LAST_APPLIED] == wanted:
        return new
    return with_metadata(new, annotations={**annotations, strategic.LAST_APPLIED: wanted})


# ---------------------------------------------------------------------------------------- conflicts


def _conflict(by_manager: dict[Manager, FieldSet]) -> Conflict:
    """Kubernetes' sentence: one conflict in a line, several as a list by manager."""
    found = [
        (_printed(manager), fieldset.text(path))
        for manager in sorted(by_manager, key=_identifier)
        for path in sorted(by_manager[manager])
    ]
    causes = [Cause(path, "FieldManagerConflict", f"conflict with {manager}") for manager, path in found]
    if len(found) == 1:
        manager, path = found[0]
        return Conflict(f"Apply failed with 1 conflict: conflict with {manager}: {path}", causes=causes)
    lists = []
    for manager in dict.fromkeys(manager for manager, _ in found):
        fields = "\n".join(f"- {path}" for other, path in found if other == manager)
        lists.append(f"conflicts with {manager}:\n{fields}")
    return Conflict(f"Apply failed with {len(found)} conflicts: " + "\n".join(lists), causes=causes)


def _printed(manager: Manager) -> str:
    text = json.dumps(manager.name, ensure_ascii=False)
    if manager.subresource:
        text += f" with subresource {json.dumps(manager.subresource)}"
    return f"{text} using {manager.api_version}" if manager.operation == UPDATE else text


def _identifier(manager: Manager) -> str:
    entry = {"manager": manager.name, "operation": manager.operation, "apiVersion": manager.api_version}
    return json.dumps({key: value for key, value in (entry | {"subresource": manager.subresource}).items() if value})


# ----------------------------------------------------------------------------------------- the record


def _tracked(fields: FieldSet, row: Kind, subresource: str) -> FieldSet:
    """Without what the server owns, and what a write through this door does not reach: the status through the main
    one, the spec through `/status`."""
    has_status = "status" in row.subresources
    ignored = "f:spec" if subresource == "status" else "f:status" if has_status and not subresource else ""
    return frozenset(path for path in fields - _STRIPPED if path[0] != ignored)


def _without(managers: Managers, fields: FieldSet) -> Managers:
    left = {manager: owned._replace(fields=owned.fields - fields) for manager, owned in managers.items()}
    return {manager: owned for manager, owned in left.items() if owned.fields}


def _bare(obj: Obj) -> Obj:
    return with_metadata(obj, managedFields=None) if "managedFields" in obj["metadata"] else obj


def _record_asked_for(old: Obj | None, new: Obj) -> Managers:
    """A client may send the record back changed; one that does not know of it must not lose it."""
    if new["metadata"].get("managedFields") == [{}]:
        return {}
    return _recorded(new) or _recorded(old) or {}


def _recorded(obj: Obj | None) -> Managers | None:
    """The record of an object; None if it has none, or one that cannot be read."""
    managers: Managers = {}
    for entry in (obj or {}).get("metadata", {}).get("managedFields") or ():
        operation, api_version = entry.get("operation"), entry.get("apiVersion", "")
        if operation not in (APPLY, UPDATE) or entry.get("fieldsType") != "FieldsV1":
            return None
        try:
            fields = fieldset.paths(entry.get("fieldsV1") or {})
        except (ValueError, RecursionError):
            return None
        identity = "" if operation == APPLY else api_version
        manager = Manager(entry.get("manager", ""), operation, identity, entry.get("subresource", ""))
        managers[manager] = Owned(fields, api_version, entry.get("time"))
    return managers


def _with_record(old: Obj | None, new: Obj, managers: Managers) -> Obj:
    """`new` with the record in Kubernetes' order: appliers first, then by time and name. `old` if all is the same."""
    entries = [_entry(manager, owned) for manager, owned in sorted(managers.items(), key=_rank)]
    recorded = (old or {}).get("metadata", {}).get("managedFields")
    if entries == recorded:
        entries = recorded
    whole = with_metadata(new, managedFields=entries or None)
    return old if old is not None and same(old, whole) else whole


def _rank(item: tuple[Manager, Owned]) -> tuple[Any, ...]:
    manager, owned = item
    return (manager.operation, owned.time or "", manager.name, owned.api_version, manager.subresource)


def _entry(manager: Manager, owned: Owned) -> dict[str, Any]:
    return {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": owned.api_version,
        **({"time": owned.time} if owned.time else {}),
        "fieldsType": "FieldsV1",
        "fieldsV1": fieldset.fields_v1(owned.fields),
        **({"subresource": manager.subresource} if manager.subresource else {}),
    }


def _capped(managers: Managers) -> Managers:
    """At most ten updaters: the oldest ones of a version become one, `ancient-changes`."""
    updaters = sorted((item for item in managers.items() if item[0].operation == UPDATE), key=_rank)
    excess = len(updaters) - _MAX_UPDATERS
    if excess <= 0:
        return managers
    merged = dict(managers)
    for version in dict.fromkeys(manager.api_version for manager, _ in updaters):
        oldest = [item for item in updaters if item[0].api_version == version][: excess + 1]
        if excess > 0 and len(oldest) > 1:
            for manager, _ in oldest:
                del merged[manager]
            fields = frozenset().union(*(owned.fields for _, owned in oldest))
            merged[Manager(_ANCIENT, UPDATE, version, "")] = Owned(fields, version, oldest[-1][1].time)
            excess -= len(oldest) - 1
    return merged
