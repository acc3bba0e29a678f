"""What a loop did, as one short sentence: "It creates one: …gkzql." Called by `captions` for each write.

A loop has words for its own writes (app/api/messages.py: Saying.done); a status tells its news; any other write is told
by what kind of write it is, so that a loop which nobody knows speaks too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.objects import Ref, kind_of
from app.engine.trace import Acted
from app.reconcile import Action, Announce, Bind, Create, Delete, Patch, Remember, RequeueAfter, Update, UpdateStatus
from app.web.present import news
from app.web.present.names import called, known, short, tell
from app.web.present.refusals import cause
from app.web.present.values import brief, values_of
from app.web.present.words import Words


def deed(record: Acted, role: str, _: Words) -> str:
    if not record.result.ok:
        return _failed(record, _)
    if said := _in_its_words(record, role, _):
        return said
    if told := news.reported(record.action, _):
        return _("It reports: %(news)s", news=told)
    gap = record.differences[record.difference]
    if gap.field == "spec.replicas" and isinstance(record.action, Patch | Update):
        values = {"what": called(gap.about, _), "observed": brief(gap.observed), "desired": brief(gap.desired)}
        return _("It sets %(what)s from %(observed)s to %(desired)s pods.", **values)
    return _by_kind(record, _)


def _in_its_words(record: Acted, role: str, _: Words) -> str:
    gap, ref = record.differences[record.difference], written(record)
    saying = _.voice(role).says.get(gap.reason)
    if ref is None or saying is None:
        return ""
    kinds = (f"{ref.kind} {_state(record.action)}", ref.kind, "*")
    done = next((saying.done[kind] for kind in kinds if kind in saying.done), None)
    if done is None:
        return ""
    if callable(done) and not isinstance(done, tuple):
        return tell(done(record), _)
    values = values_of(gap, _)
    return _.say(done, values["n"], **values, name=short(ref))


def written(record: Acted) -> Ref | None:
    """The object that was written, or was to be; None if the action writes none."""
    if record.result.ref is not None:
        return record.result.ref
    match record.action:
        case Create(obj=obj) | Update(obj=obj) | UpdateStatus(obj=obj):
            meta = obj["metadata"]
            return Ref(kind_of(obj), meta.get("namespace", ""), meta.get("name") or "")
        case Patch(ref=ref) | Delete(ref=ref) | Bind(ref=ref):
            return ref
    return None


def _state(action: Action) -> str:
    """The state of a container that its runtime wrote down."""
    if not isinstance(action, Patch):
        return ""
    found = (action.patch.get("status") or {}).get("containers") or {}
    states = [str(each.get("state") or "") for each in found.values() if isinstance(each, Mapping)]
    return states[0] if states else ""


def _failed(record: Acted, _: Words) -> str:
    ref, result = written(record), record.result
    values: dict[str, Any] = {
        "what": called(ref, _) if ref else "",
        "why": cause(result.code, result.reason, result.message, _),
    }
    match record.action:
        case Create():
            if ref is None or not ref.name:
                return _("It cannot create one more %(what)s: %(why)s.", **values)
            return _("It cannot create %(what)s: %(why)s.", **values)
        case Delete():
            return _("It cannot delete %(what)s: %(why)s.", **values)
        case Bind(node=node):
            return _("It cannot put %(what)s on %(node)s: %(why)s.", **values, node=node)
    return _("It cannot write %(what)s: %(why)s.", **values)


def _by_kind(record: Acted, _: Words) -> str:
    ref = written(record)
    what = called(ref, _) if ref else ""
    match record.action:
        case Create():
            return _("It creates %(what)s.", what=what)
        case UpdateStatus() | Patch(subresource="status"):
            return _("It writes the status of %(what)s.", what=what)
        case Update() | Patch():
            return _("It changes %(what)s.", what=what)
        case Delete(grace_seconds=0):
            return _("It removes %(what)s for good.", what=what)
        case Delete():
            return _("It deletes %(what)s.", what=what)
        case Bind(ref=pod, node=node):
            return _("It puts %(name)s on %(node)s.", name=short(known(pod)), node=node)
        case Announce(reason=reason):
            return _("It announces: %(reason)s.", reason=reason)
        case RequeueAfter():
            return _("It will look again later.")
        case Remember():
            return _("It makes a note for the next time.")
    return ""
