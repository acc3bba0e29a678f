"""What API clients ask for, beyond the plain verbs: patches of four kinds, scale, eviction, whole collections.

`Cluster` performs the commands of the Kubernetes face (app/web/kube) with these; a dry run goes through them too, on an
overlay. Objects and patches come as JSON text, because that is how the journal keeps them.

Models kubernetes/apiserver `pkg/endpoints/handlers` and the subresources of `pkg/registry`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from app.api import conditions, errors, go_json, limits, objects, selectors
from app.api.breath import breathing
from app.api.objects import Obj, Ref, is_of, kind_of, namespace_of, ref_of, with_metadata
from app.apimachinery.managedfields import managed_fields
from app.apimachinery.patch import converting
from app.apimachinery.patch.strategic import json_patch, merge_patch, printed, strategic_merge
from app.apimachinery.scheme import schema, shapes
from app.apimachinery.scheme.scalars import json_type
from app.apimachinery.scheme.shapes import Struct
from app.apiserver.admission import pod_security
from app.apiserver.admission.matching import CREATE
from app.apiserver.admission.policies import BINDING, POLICY
from app.apiserver.server import ApiServer
from app.apiserver.store import Change, Written
from app.component_helpers import budgets
from app.registry import scales, warnings
from app.registry.validation import events
from app.registry.whole import whole_status

_STRICT, _IGNORE = "Strict", "Ignore"
_REPEATED_OWNERS = (
    ".metadata.ownerReferences contains duplicate entries%s; API server dedups owner references in 1.20+, and may "
    "reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: %s"
)


def create(server: ApiServer, text: str, manager: str = "") -> Written:
    document = _parsed(text)
    obj = server.scheme.decode(document, strict=False)
    if is_of(obj, "Event"):
        obj = _whole_event(obj)
        _refuse(obj, events.check_new(obj, strictly=_through_events(document["apiVersion"])))
    obj, told = _owners_once(obj)
    obj = managed_fields.updated(server.scheme, None, obj, manager, now_ms=server.now_ms())
    return warned(server, server.create(weighed(server, obj)), told=told)


def replace(server: ApiServer, ref: Ref, text: str, subresource: str = "", manager: str = "") -> Written:
    wanted = _parsed(text)
    if subresource == "scale":
        return _scaled(server, ref, lambda _: wanted, manager)
    obj = _named(server.scheme.decode(wanted, strict=False), ref)
    old = server.get(ref)
    _check_version(server, ref, obj)
    uid, current = obj["metadata"].get("uid", ""), old["metadata"]["uid"]
    if uid and uid != current:
        kind = server.scheme.kind(ref.kind)
        key = "/".join(part for part in ("/registry", kind.plural, ref.namespace, ref.name) if part)
        why = f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: "
        why += f"Precondition failed: UID in precondition: {uid}, UID in object meta: {current}"
        raise errors.conflict(kind.plural, ref.name, kind.group, why)
    if is_of(obj, "Event"):
        _refuse(obj, events.check_change(obj, old, strictly=_through_events(wanted["apiVersion"])))
    obj, told = _owners_once(_whole(obj, subresource, server))
    obj = managed_fields.updated(server.scheme, old, obj, manager, now_ms=server.now_ms(), subresource=subresource)
    return warned(server, server.update(weighed(server, obj), subresource=subresource), old, subresource, told)


def _check_version(server: ApiServer, ref: Ref, obj: Obj) -> None:
    """A custom object is not overwritten blindly, and a policy is not. Raises Invalid."""
    kind = server.scheme.kind(ref.kind)
    if (not kind.is_own or kind.key in (POLICY, BINDING)) and not obj["metadata"].get("resourceVersion"):
        text = "Invalid value: 0: must be specified for an update"
        cause = errors.Cause("metadata.resourceVersion", "FieldValueInvalid", text)
        raise errors.invalid(kind.kind, ref.name, [cause], kind.group)


def patch(
    server: ApiServer,
    ref: Ref,
    patch_type: str,
    text: str,
    subresource: str = "",
    manager: str = "",
    force: bool = False,
    validation: str = "Warn",
    api_version: str = "",
) -> Written:
    """`api_version`: what the patch is written for, if not for the stored version.

    Raises NotFound, Conflict, BadRequest for what is no patch, Invalid for what a patch makes of the object."""
    document = _parsed(text)
    how = _patcher(patch_type, document)
    if subresource == "scale":
        return _scaled(server, ref, lambda scale: how(scale, _SCALE), manager)
    definition = server.scheme.definition(ref.kind)
    shape = definition.shape_in(api_version)
    if patch_type == "apply":
        return _applied(server, ref, document, subresource, manager, force=force, validation=validation)
    told: list[str] = []

    def change(old: Obj) -> Obj:
        patched = how(definition.to_version(old, api_version), shape)
        if patch_type == "strategic":
            value = printed(document)
            new, unknown = _decoded(server, patched, value, converting.complaint)
            unknown = tuple(sorted(unknown))
        else:
            value = go_json.dumps(patched)
            new, unknown = _decoded(server, patched, value)
        if unknown and validation == _STRICT:
            raise errors.invalid_patch(value, "strict decoding error: " + ", ".join(unknown))
        told.extend(unknown if validation != _IGNORE else ())
        if is_of(new, "Event"):
            _refuse(new, events.check_change(new, old, strictly=_through_events(api_version)))
        new, repeated = _owners_once(_whole(_named(new, ref), subresource, server), " after mutating admission happens")
        told.extend(repeated)
        new = managed_fields.updated(server.scheme, old, new, manager, now_ms=server.now_ms(), subresource=subresource)
        return weighed(server, new)

    before = server.get(ref)
    return warned(server, server.patch(ref, change, subresource=subresource), before, subresource, told)


def strategic(server: ApiServer, ref: Ref, document: dict[str, Any]) -> Callable[[Obj], Obj]:
    """What such a patch of a loop makes of the object as it is then."""
    shape = server.scheme.definition(ref.kind).shape_in("")
    return lambda old: strategic_merge(old, document, shape)


def delete(
    server: ApiServer,
    ref: Ref,
    grace_seconds: int | None = None,
    propagation: str | None = None,
    uid: str = "",
    resource_version: str = "",
) -> Written:
    current = server.get(ref)["metadata"]["resourceVersion"]
    if resource_version and resource_version != current:
        kind = server.scheme.kind(ref.kind)
        why = "Precondition failed: ResourceVersion in precondition: "
        why += f"{resource_version}, ResourceVersion in object meta: {current}"
        raise errors.conflict(kind.plural, ref.name, kind.group, why)
    return server.delete(ref, uid=uid, grace_seconds=grace_seconds, propagation=propagation)


def delete_collection(
    server: ApiServer,
    kind: str,
    namespace: str = "",
    label_selector: str = "",
    field_selector: str = "",
    grace_seconds: int | None = None,
    propagation: str | None = None,
) -> list[Written]:
    row = server.scheme.find(kind)
    if row is None or row.internal:
        raise errors.NotFound(f'the server doesn\'t have a resource type "{kind}"')
    labels = selectors.parse_labels(label_selector)
    fields = selectors.parse_fields(field_selector, kind, row.selectable)
    found = server.store.objects(kind, namespace or None)
    matching = [
        obj for obj in breathing(found) if labels.matches(obj["metadata"].get("labels") or {}) and fields.matches(obj)
    ]
    return [
        server.delete(ref_of(obj), grace_seconds=grace_seconds, propagation=propagation) for obj in breathing(matching)
    ]


def bind(server: ApiServer, ref: Ref, node: str, uid: str = "") -> Written:
    _check_pod(ref, "bound")
    return server.bind(ref, node, uid=uid)


def evict(server: ApiServer, ref: Ref, grace_seconds: int | None = None, uid: str = "") -> Written:
    """A deletion that its disruption budget must allow: that is charged first, then the pod is marked, then deleted.

    Raises TooManyRequests."""
    _check_pod(ref, "evicted")
    pod = server.get(ref)
    changes: tuple[Change, ...] = ()
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": ref.name, "namespace": ref.namespace},
    }
    told = server.judged(CREATE, ref, eviction, None, "eviction")
    if uid and uid != objects.uid_of(pod):
        return server.delete(ref, uid=uid)  # which refuses
    guards = budgets.guarding(pod, server.store.objects("PodDisruptionBudget", ref.namespace))
    if budgets.is_free(pod):
        guards = []
    if len(guards) > 1:
        text = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        raise errors.Unexplained(text)
    if guards and not budgets.may_go_unready(pod, guards[0]):
        status = budgets.spend(pod, guards[0], server.now_ms())
        changes += server.update({**guards[0], "status": status}, subresource="status").changes
    if not objects.is_terminating(pod):
        held = (pod.get("status") or {}).get("conditions")
        marked = conditions.with_condition(held, dict(budgets.EVICTED), server.now_ms())
        with server.asked_by(None):
            changes += server.patch(ref, {"status": {"conditions": marked}}, subresource="status", uid=uid).changes
    with server.asked_by(None):
        gone = server.delete(ref, grace_seconds=grace_seconds, uid=uid)
    return gone._replace(changes=(*changes, *gone.changes), warnings=told)


# ------------------------------------------------------------------------------------------------- patches


_SCALE = shapes.struct_of("autoscaling/v1", "Scale")


def _patcher(patch_type: str, document: Any) -> Callable[[Obj, Struct], Any]:
    """From an object and its type to what the patch makes of it."""
    match patch_type:
        case "json":
            return lambda obj, _shape: json_patch(obj, document)
        case "merge":
            return lambda obj, _shape: merge_patch(obj, _map(document))
        case "strategic":
            return lambda obj, shape: strategic_merge(obj, _map(document), shape)
        case "apply":  # of a scale; of objects in `_applied`
            return lambda obj, _shape: merge_patch(obj, _map(document))
    raise errors.BadRequest(f'unknown patch type "{patch_type}": one of json, merge, strategic, apply')


def _map(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        why = f"cannot unmarshal {json_type(document)} into Go value of type map[string]interface {{}}"
        raise errors.BadRequest(f"error decoding patch: json: {why}")
    return document


def _whole(obj: Obj, subresource: str, server: ApiServer) -> Obj:
    if subresource not in ("status", "approval"):
        return obj
    return server.scheme.definition(kind_of(obj)).default(whole_status(obj, server.now_ms()))


def _decoded(server: ApiServer, obj: Any, value: str, told: Callable[[str], str] = str) -> tuple[Obj, tuple[str, ...]]:
    """What a patch made, as an object again. Raises Invalid, which names `value` and says what is wrong as `told`."""
    try:
        return server.scheme.decode_with_warnings(obj)
    except schema.DecodingError as error:
        why = error.problems[0].message if error.problems else error.message
        raise errors.invalid_patch(value, told(why)) from None


def _applied(
    server: ApiServer, ref: Ref, document: Any, subresource: str, manager: str, *, force: bool, validation: str
) -> Written:
    """Server-side apply. Raises Conflict with every field that another manager holds, unless `force`."""
    scheme = server.scheme
    wanted, unknown = scheme.decode_with_warnings(_map(document))
    if unknown and validation == _STRICT:
        scheme.decode(document)
    wanted = _named(wanted, ref)
    current = server.get(ref) if subresource else server.store.get(ref)
    if current is None and (uid := objects.uid_of(wanted)):
        kind = scheme.kind(ref.kind)
        why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        raise errors.conflict(kind.plural, ref.name, kind.group, why)
    merged = managed_fields.apply(
        scheme, current, wanted, manager, force=force, now_ms=server.now_ms(), subresource=subresource
    )
    merged = weighed(server, _whole(merged, subresource, server))
    done = server.create(merged) if current is None else server.patch(ref, lambda _: merged, subresource=subresource)
    return warned(server, done, current, subresource, unknown if validation == "Warn" else ())


# --------------------------------------------------------------------------------------------------- scale


def _scaled(server: ApiServer, ref: Ref, change: Callable[[Obj], Any], manager: str) -> Written:
    """The object with the replicas that `change` makes of its Scale."""
    kind, old = server.scheme.kind(ref.kind), server.get(ref)
    scale = change(scales.scale_of(kind, old))
    replicas = scales.replicas_of(scale, ref.name)
    version = (scale.get("metadata") or {}).get("resourceVersion")
    if version and version != old["metadata"]["resourceVersion"]:
        raise errors.conflict(kind.plural, ref.name, kind.group)
    new = scales.with_replicas(kind, old, replicas)
    new = managed_fields.updated(server.scheme, old, new, manager, now_ms=server.now_ms(), subresource="scale")
    return warned(server, server.patch(ref, lambda _: new, subresource="scale"), old)


# -------------------------------------------------------------------------------------------------- objects


def warned(
    server: ApiServer, done: Written, old: Obj | None = None, subresource: str = "", told: Sequence[str] = ()
) -> Written:
    """What came of a write, with what its author should know, `told` first."""
    custom = not server.scheme.kind(kind_of(done.obj)).is_own
    if old is None:
        found = warnings.on_create(done.obj, custom=custom)
    else:
        found = warnings.on_update(done.obj, old, subresource, custom=custom)
    if not subresource:
        found = (*found, *pod_security.warnings(done.obj, server.store))
    return done._replace(warnings=(*told, *found, *done.warnings))


def _owners_once(obj: Obj, when: str = "") -> tuple[Obj, tuple[str, ...]]:
    """Each owner once, and what is said where one comes again."""
    kept: dict[str, Obj] = {}
    again = []
    for owner in obj["metadata"].get("ownerReferences") or ():
        if kept.setdefault(json.dumps(owner, sort_keys=True), owner) is not owner:
            again.append(owner.get("uid", ""))
    if not again:
        return obj, ()
    return with_metadata(obj, ownerReferences=list(kept.values())), (_REPEATED_OWNERS % (when, ", ".join(again)),)


def weighed(server: ApiServer, obj: Obj) -> Obj:
    """`obj`, which is no larger than etcd takes. What clients write in the life of a cluster is counted. Raises
    TooLarge."""
    size = len(json.dumps(obj, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace"))
    if size > limits.OBJECT_BYTES:
        raise errors.TooLarge("etcdserver: request is too large")
    server.taken_bytes += size
    return obj


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise errors.BadRequest(f"error decoding patch: {error}") from None


def _named(obj: Obj, ref: Ref) -> Obj:
    """`obj`, which may leave out its name and namespace where the address says them. Raises BadRequest."""
    name, namespace = obj["metadata"].get("name", ""), namespace_of(obj)
    if name and name != ref.name:
        raise errors.BadRequest(f"the name of the object ({name}) does not match the name on the URL ({ref.name})")
    if namespace and ref.namespace and namespace != ref.namespace:
        raise errors.BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    if kind_of(obj) != ref.kind:
        raise errors.BadRequest(
            f"the kind of the object ({obj['kind']}) does not match the kind on the URL ({ref.bare_kind})"
        )
    return with_metadata(obj, name=ref.name, namespace=ref.namespace or None)


def _check_pod(ref: Ref, done: str) -> None:
    if ref.kind != "Pod":
        raise errors.BadRequest(f"only pods can be {done}, not {ref}")


def _whole_event(event: Obj) -> Obj:
    """Go has no absent structs: what a client leaves out is there, and empty."""
    event = with_metadata(event, namespace=namespace_of(event) or "default")
    empty: dict[str, Any] = {"involvedObject": {}, "source": {}, "firstTimestamp": None, "lastTimestamp": None}
    empty |= {"eventTime": None, "reportingComponent": "", "reportingInstance": ""}
    return {**empty, **event}


def _through_events(api_version: str) -> bool:
    return api_version.startswith("events.k8s.io/")


def _refuse(event: Obj, causes: Iterable[errors.Cause]) -> None:
    """Raises Invalid if there are causes."""
    if found := tuple(causes):
        raise errors.invalid("Event", event["metadata"].get("name", ""), found)
