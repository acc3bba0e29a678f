"""What a text returned, checked: the status that its parent should have, and the children that there should be.

    {"status": {...}, "children": [...], "resyncAfterSeconds": 30}

All three may be left out, but who leaves out `children` wants none. Whatever else is returned is a mistake of the text,
in a sentence; nothing is guessed, and nothing acts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from app.api import limits
from app.api.kinds import bare_kind
from app.api.objects import Obj, Ref, kind_of, namespace_of, owner_reference, ref_of, uid_of, with_metadata
from app.reconcile import TextMistake

_KNOWN = ("status", "children", "resyncAfterSeconds")
_SOONEST_MS, _LONGEST_S = 1_000, 86_400
_LONGEST_NAME = 253


class Wanted(NamedTuple):
    status: dict[str, Any] | None  # None: nothing is said of it
    children: dict[Ref, Obj]
    again_ms: int | None


def read(
    value: Any,
    parent: Obj,
    kinds: Mapping[str, str],
    cluster_kinds: Collection[str],
    *,
    has_status: bool,
    function: str = "sync",
) -> Wanted:
    """`kinds`: those that its children may be of, with their API versions; `cluster_kinds` are in no namespace. Raises
    TextMistake."""
    known = "a dict with " + ", ".join(_KNOWN)
    if not isinstance(value, dict):
        raise TextMistake(f"{function} returned {_called(value)}, not {known}")
    strange = next((key for key in value if key not in _KNOWN), None)
    if strange is not None:
        raise TextMistake(f'{function} returned the key "{strange}": it returns {known}')
    status = _status(value.get("status"), parent, has_status=has_status)
    children = value.get("children")
    if children is None:
        children = []
    if not isinstance(children, list):
        raise TextMistake(f"children is {_called(children)}, not a list of objects")
    if len(children) > limits.OWN_CHILDREN:
        raise TextMistake(f"{len(children)} children are more than {limits.OWN_CHILDREN}")
    found: dict[Ref, Obj] = {}
    for number, child in enumerate(children):
        obj = _child(f"children[{number}]", child, parent, kinds)
        obj = _placed(f"children[{number}]", obj, parent, kind_of(obj) in cluster_kinds)
        if ref_of(obj) in found:
            raise TextMistake(f"children[{number}] is {ref_of(obj)} once more")
        found[ref_of(obj)] = obj
    return Wanted(status, found, _again(value.get("resyncAfterSeconds")))


def _status(status: Any, parent: Obj, *, has_status: bool) -> dict[str, Any] | None:
    if status is None:
        return None
    if not isinstance(status, dict):
        raise TextMistake(f"status is {_called(status)}, not a dict")
    if status and not has_status:
        raise TextMistake(f"a {parent['kind']} has no status that could be written")
    return status if has_status else None


def _again(seconds: Any) -> int | None:
    if not seconds and not isinstance(seconds, (str, list, dict)):
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds <= _LONGEST_S:
        raise TextMistake(f"resyncAfterSeconds is {_called(seconds)}, not a number of seconds up to {_LONGEST_S}")
    return max(_SOONEST_MS, round(seconds * 1000))


def _child(place: str, child: Any, parent: Obj, kinds: Mapping[str, str]) -> Obj:
    """As it is to be, with its owner and without a status, in the namespace that it says."""
    if not isinstance(child, dict):
        raise TextMistake(f"{place} is {_called(child)}, not an object")
    for field in ("apiVersion", "kind"):
        if not isinstance(child.get(field), str) or not child[field]:
            raise TextMistake(f"{place} has no {field}")
    meta = child.get("metadata")
    name = meta.get("name") if isinstance(meta, dict) else None
    if not isinstance(meta, dict) or not isinstance(name, str) or not name:
        raise TextMistake(f"{place}, a {child['kind']}, has no metadata.name")
    if len(name) > _LONGEST_NAME:
        raise TextMistake(f"the name of {place} has more than {_LONGEST_NAME} characters")
    if kinds.get(kind_of(child)) != child["apiVersion"]:
        declared = ", ".join(f"{bare_kind(key)} ({version})" for key, version in kinds.items()) or "none"
        raise TextMistake(
            f"{place} is a {child['kind']} ({child['apiVersion']}), and the children of this controller are {declared}"
        )
    _check_owners(place, meta.get("ownerReferences"), parent)
    own: dict[str, Any] = {"name": name, "ownerReferences": [owner_reference(parent)]}
    for field in ("labels", "annotations"):
        if meta.get(field) is not None:
            own[field] = _texts(f"{place}.metadata.{field}", meta[field])
    if meta.get("namespace") is not None:
        own["namespace"] = meta["namespace"]
    return {**{key: value for key, value in child.items() if key != "status"}, "metadata": own}


def _check_owners(place: str, owners: Any, parent: Obj) -> None:
    """Its owner is its parent, which need not be said."""
    for owner in owners if isinstance(owners, list) else [owners] if owners else ():
        if not isinstance(owner, dict) or owner.get("uid") != uid_of(parent):
            raise TextMistake(f"{place} names another owner: it would be a child of others")


def _placed(place: str, child: Obj, parent: Obj, is_clusters: bool) -> Obj:
    """In the namespace where it is to be, if it is to be in one."""
    namespace = _namespace(place, child["metadata"].get("namespace"), parent, is_clusters)
    return with_metadata(child, namespace=namespace or None)


def _namespace(place: str, said: Any, parent: Obj, is_clusters: bool) -> str:
    if said is not None and not isinstance(said, str):
        raise TextMistake(f"{place}.metadata.namespace is {_called(said)}, not a string")
    home = namespace_of(parent)
    if is_clusters:
        if home:
            raise TextMistake(f"{place} is in no namespace: a parent in one cannot own it")
        return ""
    if home and said not in (None, "", home):
        raise TextMistake(f'{place} is in the namespace "{said}": children are where their parent is, in "{home}"')
    if not home and not said:
        raise TextMistake(f"{place} needs a metadata.namespace: its parent has none")
    return home or str(said)


def _texts(place: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise TextMistake(f"{place} is not a dict of strings")
    return value


def _called(value: Any) -> str:
    """What it is, in few words."""
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list)):
        return f"a {type(value).__name__}"
    text = str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
