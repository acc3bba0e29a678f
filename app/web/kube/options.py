"""The query parameters of a request, checked. Models the conversions of `metav1.ListOptions` and its siblings."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.api import errors
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
    """Raises BadRequest, or Invalid for parameters that do not go together."""
    limit = number(query, "limit") or 0
    revision, match = revision_of(query), query.get("resourceVersionMatch", "")
    if match and not query.get("resourceVersion"):
        raise _forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided")
    if match not in ("", _EXACT, _NOT_OLDER):
        cause = f'Unsupported value: "{match}": supported values: "{_EXACT}", "{_NOT_OLDER}", ""'
        raise _invalid("resourceVersionMatch", "FieldValueNotSupported", cause)
    if match == _EXACT and revision == 0:
        raise _forbidden("resourceVersionMatch", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
    if token := query.get("continue", ""):
        revision, after = _continued(token)
        return Listing(limit, after, revision, True)
    return Listing(limit, None, revision, match == _EXACT)


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


def continue_token(revision: int, after: tuple[str, str]) -> str:
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": "/".join(after) + "\u0000"})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _continued(token: str) -> tuple[int, tuple[str, str]]:
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _bad_token("illegal base64 data at input byte 0") from None
    try:
        value = json.loads(data)
        revision, start = int(value["rv"]), str(value["start"])
    except (ValueError, TypeError, LookupError, RecursionError):
        first = data[:1].decode("latin-1") or " "
        raise _bad_token(f"invalid character '{first}' looking for beginning of value") from None
    namespace, _, name = start.removesuffix("\u0000").rpartition("/")
    return revision, (namespace, name)


def _bad_token(why: str) -> errors.BadRequest:
    return errors.BadRequest(f"invalid continue token: continue key is not valid: {why}")


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
    if not manager.isprintable():
        text = f"Invalid value: {json.dumps(manager)}: should only contain printable characters"
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
        listed = ", ".join(f'"{each}"' for each in ("Background", "Foreground", "Orphan"))
        text = f'Unsupported value: "{propagation}": supported values: {listed}'
        raise _invalid("propagationPolicy", "FieldValueNotSupported", text, "DeleteOptions")
    stated = given.get("preconditions")
    conditions = stated if isinstance(stated, dict) else {}
    uid, version = (str(conditions.get(name) or "") for name in ("uid", "resourceVersion"))
    return Deletion(None if grace is None else max(0, grace), propagation, uid, version, _dry_deletion(query, given))


def _dry_deletion(query: Query, given: Mapping[str, Any]) -> bool:
    wanted = given.get("dryRun") or [query.get("dryRun", "")]
    return any(_dry_run(str(each), "DeleteOptions") for each in (wanted if isinstance(wanted, list) else [wanted]))


def _forbidden(field: str, why: str) -> errors.Invalid:
    return _invalid(field, "FieldValueForbidden", f"Forbidden: {why}")


def _invalid(field: str, reason: str, text: str, kind: str = "ListOptions") -> errors.Invalid:
    return errors.invalid(kind, "", [errors.Cause(field, reason, text)], "meta.k8s.io")
