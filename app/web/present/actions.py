"""What an action asks for, in a few words. Used by the loop panel and by the caption when an action failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.objects import Ref, kind_of, ref_of
from app.reconcile import Action, Announce, Bind, Create, Delete, Patch, Remember, RequeueAfter, Update, UpdateStatus
from app.web.present.clock import duration
from app.web.present.names import kind_in_words, known
from app.web.present.values import brief, clip
from app.web.present.words import Words

SHOWN_PATHS = 2


def describe(action: Action, _: Words) -> str:
    """What an action asks for, as short as a log line."""
    match action:
        case Create(obj=obj):
            return _("create %(kind)s %(name)s", **_named(_new(obj), _))
        case Update(obj=obj):
            return _("update %(kind)s %(name)s", **_named(ref_of(obj), _))
        case UpdateStatus(obj=obj):
            return _("write status of %(kind)s %(name)s", **_named(ref_of(obj), _))
        case Patch(ref=ref, patch=patch, subresource=subresource):
            return _("patch %(kind)s %(name)s: %(what)s", **_named(ref, _), what=_paths(patch, subresource))
        case Delete(ref=ref, grace_seconds=0):
            return _("remove %(kind)s %(name)s", **_named(ref, _))
        case Delete(ref=ref):
            return _("delete %(kind)s %(name)s", **_named(ref, _))
        case Bind(ref=ref, node=node):
            return _("bind Pod %(name)s to %(node)s", name=ref.name, node=node)
        case Announce(reason=reason, message=message):
            return _("Event %(reason)s: %(message)s", reason=reason, message=clip(message, 120))
        case RequeueAfter(delay_ms=delay_ms, why=why):
            text = _("look again in %(delay)s", delay=duration(delay_ms))
            return f"{text} ({_(why)})" if why else text
        case Remember(value=value):
            return _("remember %(value)s", value=brief(value)) if value is not None else _("forget what was remembered")


def _named(ref: Ref, _: Words) -> dict[str, str]:
    return {"kind": kind_in_words(ref.kind, _), "name": known(ref).name}


def _new(obj: Mapping[str, Any]) -> Ref:
    meta = obj["metadata"]
    name = str(meta.get("name") or f"{meta.get('generateName', '')}?????")
    return Ref(kind_of(obj), meta.get("namespace", ""), name)


def _paths(patch: Mapping[str, Any], subresource: str) -> str:
    """The fields a merge patch touches, two levels deep: `metadata.labels, spec.replicas`."""
    paths = []
    for key, value in patch.items():
        paths += [f"{key}.{inner}" for inner in value] if isinstance(value, Mapping) and value else [key]
    shown = [path for path in paths if path not in ("metadata.resourceVersion", "metadata.uid")]
    more = ", …" if len(shown) > SHOWN_PATHS else ""
    return clip(", ".join(shown[:SHOWN_PATHS]) + more or subresource or "–", 80)
