"""The query parameters of a request, checked. Models the conversions of `metav1.ListOptions` and its siblings."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from app.api import errors, go_json
from app.api.kinds import Kind
from app.api.objects import Obj
from app.api.selectors import FieldSelector, LabelSelector, parse_fields, parse_labels
from app.apimachinery.cel.values import CelError, duration

_PROPAGATION = ("Orphan", "Background", "Foreground")
MANAGER_BYTES = 128
_DIGITS = 19  # of the largest number
_EXACT, _NOT_OLDER = "Exact", "NotOlderThan"

Query = Mapping[str, str]


class Selection(NamedTuple):
    """Which objects of a collection are meant."""

    labels: LabelSelector
    fields: FieldSelector

    def matches(self, obj: Obj) -> bool:
        return self.labels.matches(obj["metadata"].get("labels") or {}) and self.fields.matches(obj)

    @property
    def everything(self) -> bool:
        return not self.labels.requirements and not self.fields.terms


def selection(query: Query, kind: Kind, name: str = "") -> Selection:
    """Raises BadRequest. `name`: a watch of one object."""
    fields = parse_fields(query.get("fieldSelector", ""), kind.key, kind.selectable)
    if name:
        fields = FieldSelector((*fields.terms, ("metadata.name", True, name)))
    return Selection(parse_labels(query.get("labelSelector", "")), fields)


class Listing(NamedTuple):
    limit: int  # 0: all
    after: tuple[str, str] | None  # the last key of the page before
    revision: int | None  # None: the newest
    exact: bool  # that revision and no newer one


def listing(query: Query) -> Listing:
    """Raises BadRequest, or Invalid for parameters that do not go together. Models `ValidateListOptions` of
    apimachinery `pkg/apis/meta/internalversion/validation` and of apiserver `pkg/storage`."""
    limit, match = number(query, "limit") or 0, query.get("resourceVersionMatch", "")
    _refuse(_list_problems(query, match))
    if token := query.get("continue", ""):
        revision, after = _continued(token)
        if query.get("resourceVersion", "") not in ("", "0"):
            raise errors.BadRequest("specifying resource version is not allowed when using continue")
        return Listing(limit, after, revision, revision is not None)
    revision = revision_of(query)
    if revision == 0:  # what may be as old as it likes is told as a whole
        limit = 0
    return Listing(limit, None, revision, match == _EXACT or bool(revision and limit > 0 and not match))


def _list_problems(query: Query, match: str) -> Iterator[errors.Cause]:
    if match:
        if not query.get("resourceVersion"):
            yield _forbidden(
                "resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"
            )
        if query.get("continue"):
            yield _forbidden("resourceVersionMatch", _WITH_CONTINUE)
        if match not in (_EXACT, _NOT_OLDER):
            yield _unsupported("resourceVersionMatch", match, _EXACT, _NOT_OLDER, "")
        if match == _EXACT and query.get("resourceVersion") == "0":
            why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
            yield _forbidden("resourceVersionMatch", why)
    if "sendInitialEvents" in query:
        yield _forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")


class Watching(NamedTuple):
    revision: int | None
    initial: bool  # what is there already comes first
    not_older: bool  # and is at least as new as the revision
    initial_end: bool  # and a bookmark after it
    bookmarks: bool


def watching(query: Query) -> Watching:
    """Raises BadRequest, or Invalid for parameters that do not go together."""
    _refuse(_watch_problems(query, query.get("resourceVersionMatch", "")))
    revision, bookmarks = revision_of(query), flag(query, "allowWatchBookmarks")
    if "sendInitialEvents" not in query:
        return Watching(revision, not revision, False, False, bookmarks)
    initial = flag(query, "sendInitialEvents")
    return Watching(revision, initial, initial, initial and bookmarks, bookmarks)


def _watch_problems(query: Query, match: str) -> Iterator[errors.Cause]:
    if "sendInitialEvents" in query and match != _NOT_OLDER:
        why = f"sendInitialEvents requires setting resourceVersionMatch to {_NOT_OLDER}"
        yield _forbidden("resourceVersionMatch", why)
    if match:
        if "sendInitialEvents" not in query:
            why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            yield _forbidden("resourceVersionMatch", why)
        if match != _NOT_OLDER:
            yield _unsupported("resourceVersionMatch", match, _NOT_OLDER)
        if query.get("continue"):
            yield _forbidden("resourceVersionMatch", _WITH_CONTINUE)


_WITH_CONTINUE = "resourceVersionMatch is forbidden when continue is provided"


def revision_of(query: Query) -> int | None:
    """None where no resourceVersion is given."""
    text = query.get("resourceVersion", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        why = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise errors.BadRequest(f'invalid resource version: resourceVersion: Invalid value: "{text}": {why}')
    return int(text)


def number(query: Query, name: str) -> int | None:
    """An integer that may be left out. Raises BadRequest as Go does."""
    if name not in query:
        return None
    text = query[name]
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not (digits.isascii() and digits.isdigit()):
        raise errors.BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    if len(digits) > _DIGITS or not -(1 << 63) <= int(text) < 1 << 63:
        raise errors.BadRequest(f'strconv.ParseInt: parsing "{text}": value out of range')
    return int(text)


def flag(query: Query, name: str) -> bool:
    """Everything but `0` and `false` says yes: `watch=True`, `watch=no`, a bare `watch`. Models apimachinery
    `pkg/runtime/conversion.go`."""
    return name in query and query[name] != "0" and query[name].lower() != "false"


def check_timeout(query: Query) -> None:
    """How long the client would wait. No answer here takes so long; but what is no span of time is refused."""
    if text := query.get("timeout", ""):
        try:
            duration(text)
        except CelError as error:
            raise errors.BadRequest(f"invalid timeout specified in the request URL - {error}") from None


# ------------------------------------------------------------------------------------------------- paging


_VERSION = "meta.k8s.io/v1"
_NEWEST = -1


def continue_token(revision: int | None, after: tuple[str, str]) -> str:
    """Without a revision the rest is told as it is then."""
    rv = _NEWEST if revision is None else revision
    text = go_json.dumps({"v": _VERSION, "rv": rv, "start": "/".join(after) + "\u0000"})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _continued(token: str) -> tuple[int | None, tuple[str, str]]:
    """Models apiserver `pkg/storage/continue.go`."""
    if wrong := _NOT_BASE64.search(token):
        raise _bad_token(f": illegal base64 data at input byte {wrong.start()}")
    if len(token) % 4 == 1:
        raise _bad_token(f": illegal base64 data at input byte {len(token) - 1}")
    data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    try:
        value = json.loads(data)
        revision, start, version = int(value["rv"]), str(value["start"]), str(value["v"])
    except (ValueError, TypeError, LookupError, RecursionError):
        first = data[:1].decode("latin-1") or " "
        raise _bad_token(f": invalid character '{first}' looking for beginning of value") from None
    if version != _VERSION:
        raise _bad_token(f": server does not recognize this encoded version {version}")
    if revision == 0:
        raise _bad_token(f": incorrect encoded start resourceVersion (version {_VERSION})")
    if not start:
        raise _bad_token(f": encoded start key empty (version {_VERSION})")
    namespace, _, name = start.removesuffix("\u0000").rpartition("/")
    return (None if revision < 0 else revision), (namespace, name)


_NOT_BASE64 = re.compile(r"[^A-Za-z0-9_-]")


def _bad_token(why: str) -> errors.BadRequest:
    return errors.BadRequest(f"invalid continue token: continue key is not valid{why}")


# ------------------------------------------------------------------------------------------------- writes


class Writing(NamedTuple):
    dry_run: bool
    validation: str  # of unknown fields: Strict, Warn or Ignore
    manager: str
    force: bool


def writing(query: Query, who: str, kind: str = "CreateOptions") -> Writing:
    """Raises Invalid for values that there are not. Who names no field manager is one by its client's name."""
    dry_run = _dry_run(query.get("dryRun", ""), kind)
    validation = query.get("fieldValidation", "") or "Warn"
    if validation not in ("Strict", "Warn", "Ignore"):
        text = f'Unsupported value: "{validation}": supported values: "", "Ignore", "Strict", "Warn"'
        raise _invalid("fieldValidation", "FieldValueNotSupported", text, kind)
    manager = query.get("fieldManager", "")
    if len(manager.encode()) > MANAGER_BYTES:
        raise _invalid(
            "fieldManager", "FieldValueTooLong", f"Too long: may not be more than {MANAGER_BYTES} bytes", kind
        )
    for place, letter in enumerate(manager):
        if not letter.isprintable():
            at = len(manager[:place].encode())
            why = f"invalid character U+{ord(letter):04X} (at position {at})"
            text = f"Invalid value: {go_json.quoted(manager)}: {why}"
            raise _invalid("fieldManager", "FieldValueInvalid", text, kind)
    return Writing(dry_run, validation, manager or who, flag(query, "force"))


def _dry_run(value: str, kind: str) -> bool:
    if value not in ("", "All"):
        text = f'Unsupported value: {json.dumps([value])}: supported values: "All"'
        raise _invalid("dryRun", "FieldValueNotSupported", text, kind)
    return bool(value)


class Deletion(NamedTuple):
    grace_seconds: int | None
    propagation: str | None
    uid: str
    resource_version: str
    dry_run: bool


def deletion(query: Query, body: Any) -> Deletion:
    """From the query and from a DeleteOptions body, which says more. Raises BadRequest or Invalid."""
    given = body if isinstance(body, dict) else {}
    grace = given.get("gracePeriodSeconds", number(query, "gracePeriodSeconds"))
    if grace is not None and (isinstance(grace, bool) or not isinstance(grace, int)):
        raise errors.BadRequest(
            "json: cannot unmarshal the value into Go struct field DeleteOptions.gracePeriodSeconds"
        )
    propagation = given.get("propagationPolicy") or query.get("propagationPolicy") or None
    orphan = given.get("orphanDependents", flag(query, "orphanDependents") if "orphanDependents" in query else None)
    if propagation is not None and orphan is not None:
        why = "orphanDependents and deletionPropagation cannot be both set"
        text = f"Invalid value: {json.dumps(propagation)}: {why}"
        raise _invalid("propagationPolicy", "FieldValueInvalid", text, "DeleteOptions")
    if propagation is None and orphan is not None:
        propagation = "Orphan" if orphan is True else "Background"
    if propagation is not None and propagation not in _PROPAGATION:
        listed = ", ".join(f'"{each}"' for each in ("Foreground", "Background", "Orphan", "nil"))
        text = f'Unsupported value: "{propagation}": supported values: {listed}'
        raise _invalid("propagationPolicy", "FieldValueNotSupported", text, "DeleteOptions")
    stated = given.get("preconditions")
    conditions = stated if isinstance(stated, dict) else {}
    uid, version = (str(conditions.get(name) or "") for name in ("uid", "resourceVersion"))
    return Deletion(None if grace is None else max(0, grace), propagation, uid, version, _dry_deletion(query, given))


def _dry_deletion(query: Query, given: Mapping[str, Any]) -> bool:
    wanted = given.get("dryRun") or [query.get("dryRun", "")]
    return any(_dry_run(str(each), "DeleteOptions") for each in (wanted if isinstance(wanted, list) else [wanted]))


def _refuse(problems: Iterable[errors.Cause]) -> None:
    if causes := tuple(problems):
        raise errors.invalid("ListOptions", "", causes, "meta.k8s.io")


def _forbidden(field: str, why: str) -> errors.Cause:
    return errors.Cause(field, "FieldValueForbidden", f"Forbidden: {why}")


def _unsupported(field: str, value: str, *supported: str) -> errors.Cause:
    listed = ", ".join(json.dumps(each) for each in supported)
    return errors.Cause(
        field, "FieldValueNotSupported", f"Unsupported value: {json.dumps(value)}: supported values: {listed}"
    )


def _invalid(field: str, reason: str, text: str, kind: str) -> errors.Invalid:
    return errors.invalid(kind, "", [errors.Cause(field, reason, text)], "meta.k8s.io")
