"""The verbs: what stands between a wish and the store.

The engine's client, the Cluster's commands and (over HTTP) real clients call these. Each verb checks, fills in what
the server owns (uid, creationTimestamp, generation, resourceVersion), writes, and returns `Written`: the object as
stored and every change it took. A refusal is an ApiError, and nothing was written.

Models kubernetes/staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go and the strategies under
kubernetes/pkg/registry.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from app.api import errors, names, objects, times, users
from app.api.kinds import Kind
from app.api.objects import Obj, Ref, is_of, kind_of, ref_of
from app.apimachinery.patch.strategic import merge_patch
from app.apimachinery.scheme.scheme import Definition, Scheme
from app.apiserver import allocation, customkinds, deletion
from app.apiserver.admission import admission, classes, pod_security, policies
from app.apiserver.admission.matching import CREATE, DELETE, UPDATE, Asked
from app.apiserver.store import Change, Store, Written
from app.registry import scales, strategies, validation
from app.registry.admissionpolicies import typechecking
from app.registry.defaults import defaults
from app.registry.validation import pod_subresources
from app.registry.whole import whole_object

_SERVER_OWNED = (
    "uid",
    "creationTimestamp",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
)
_GENERATED = 58  # characters of generateName that a name keeps
_REFUSED = ("uid", "deletionGracePeriodSeconds")  # another one in an update, by validation
_IGNORED = frozenset(_SERVER_OWNED) - {*_REFUSED, "deletionTimestamp"}
_CHECKED = (
    "",
    "scale",
    *validation.SUBRESOURCE_CHECKS,
)  # subresources whose writes are looked at as closely as the object's
_OPTIONS = {CREATE: "CreateOptions", UPDATE: "UpdateOptions", DELETE: "DeleteOptions"}


class ApiServer:
    """`scheme` says which kinds there are. `now_ms` gives virtual time, `rng` names and uids: the server is as
    deterministic as they are. A dry run is a write to an `overlay`."""

    def __init__(self, scheme: Scheme, store: Store, now_ms: Callable[[], int], rng: random.Random) -> None:
        self.scheme = scheme
        self.store = store
        self.now_ms = now_ms
        self.rng = rng
        self.taken_bytes = 0  # of all objects that clients wrote
        self.user: users.User | None = users.YOU  # who asks; None: the server itself, whom no policy judges
        self._is_dry = False
        self._policies = policies.Policies()

    def overlay(self, rng: random.Random) -> ApiServer:
        """One for dry runs: what it writes is seen by nobody else."""
        dry = ApiServer(self.scheme, self.store.copy(), self.now_ms, rng)
        dry.user, dry._is_dry, dry._policies = self.user, True, self._policies
        return dry

    @contextmanager
    def asked_by(self, user: users.User | None) -> Iterator[None]:
        """Whoever asks for what is done inside."""
        before, self.user = self.user, user
        try:
            yield
        finally:
            self.user = before

    # reading

    def get(self, ref: Ref) -> Obj:
        obj = self.store.get(ref)
        if obj is None:
            raise self._not_found(ref)
        return obj

    def type_warnings(self, policy: Obj) -> list[dict[str, str]]:
        """What the types of the kinds that an admission policy is about say to its expressions."""
        return typechecking.warnings(policy["spec"], self.scheme)

    # writing

    def create(self, obj: Obj) -> Written:
        """POST. Internal kinds and Events are built by this program only, and not checked again."""
        definition = self.scheme.definition(kind_of(obj))
        kind = definition.row
        trusted = kind.is_local or kind.key == "Event"
        obj = self._named(obj, kind)
        ref = ref_of(obj)
        if obj["metadata"].get("resourceVersion"):
            raise errors.Unexplained("resourceVersion should not be set on objects to be created")
        if not kind.is_local:
            self._check_namespace(kind, ref)
        customkinds.check_create(kind, self.store)
        if not trusted:
            obj = self._defaulted(definition, whole_object(obj, definition.shape))
        obj = self._prepared_for_create(kind, obj)
        if ref.kind == "Service":
            obj = allocation.allocate_service(obj, self.store, self.rng)
        if not trusted:
            self._refuse(kind, ref.name, validation.validate(definition, obj))
            policies.check_room(obj, None, self.store)
        if self.store.get(ref) is not None:  # what is wrong with an object is told before
            raise errors.already_exists(kind.plural, ref.name, kind.group)
        if trusted:
            return self._written(obj)
        told = self.judged(CREATE, ref, obj, None)
        return self._admitted(kind, obj, None)._replace(warnings=told)

    def update(self, obj: Obj, *, subresource: str = "") -> Written:
        """PUT. Refuses a resourceVersion or uid that is not the current one; without them it overwrites."""
        ref = ref_of(obj)
        old = self.get(ref)
        meta = obj["metadata"]
        if meta.get("resourceVersion") and meta["resourceVersion"] != old["metadata"]["resourceVersion"]:
            raise self._conflict(ref)
        self._check_uid(ref, old, meta.get("uid", ""))
        return self._replace(ref, old, obj, subresource)

    def patch(
        self, ref: Ref, patch: dict[str, Any] | Callable[[Obj], Obj], *, subresource: str = "", uid: str = ""
    ) -> Written:
        """A JSON merge patch, or a function from the current object to the wanted one (the other patch types)."""
        old = self.get(ref)
        self._check_uid(ref, old, uid)
        new = patch(old) if callable(patch) else merge_patch(old, patch)
        wanted = new["metadata"].get("resourceVersion")
        if wanted and wanted != old["metadata"]["resourceVersion"]:
            raise self._conflict(ref)
        return self._replace(ref, old, new, subresource)

    def bind(self, ref: Ref, node: str, *, uid: str = "") -> Written:
        """POST pods/binding. Models kubernetes/pkg/registry/core/pod/storage (assignPod)."""
        pod = self.get(ref)
        self._check_uid(ref, pod, uid)
        if objects.is_terminating(pod):
            raise self._conflict(ref, f"pod {ref.name} is being deleted, cannot be assigned to a host")
        bound = pod["spec"].get("nodeName")
        if bound:
            raise self._conflict(ref, f'pod {ref.name} is already assigned to node "{bound}"')
        if pod["spec"].get("schedulingGates"):
            raise self._conflict(ref, f"pod {ref.name} has non-empty .spec.schedulingGates")
        binding = {"apiVersion": "v1", "kind": "Binding", "target": {"kind": "Node", "name": node}}
        binding["metadata"] = {"name": ref.name, "namespace": ref.namespace}
        told = self.judged(CREATE, ref, binding, None, "binding")
        now = self.now_ms()
        condition = {"type": "PodScheduled", "observedGeneration": 1, "status": "True"}
        condition |= {"lastProbeTime": None, "lastTransitionTime": times.rfc3339(now)}
        kept = [c for c in pod["status"].get("conditions", ()) if c["type"] != "PodScheduled"]
        status = {key: value for key, value in pod["status"].items() if key != "nominatedNodeName"}
        status["conditions"] = [*kept, condition]
        placed = {**pod, "spec": {**pod["spec"], "nodeName": node}, "status": status}
        return self._written(admission.placed(placed, self.store))._replace(warnings=told)

    def delete(
        self, ref: Ref, *, uid: str = "", grace_seconds: int | None = None, propagation: str | None = None
    ) -> Written:
        """Marks for deletion, or removes when neither grace nor finalizers are left.

        Models apiserver pkg/registry/rest/delete.go (BeforeDelete) and pkg/registry/generic/registry/store.go.
        """
        old = self.get(ref)
        deletion.check_mortal(ref)
        self._check_uid(ref, old, uid)
        deletion.check_propagation(propagation)
        told = self._deletion_judged(old, grace_seconds, propagation)
        marked = deletion.marked(old, grace_seconds, propagation, self.now_ms())
        changes = []
        written_first = not deletion.may_go(marked) or objects.is_terminating(old) or is_of(old, "Pod")
        if marked is not old and written_first:
            changes.append(self.store.put(marked))
            marked = changes[0].obj
        if deletion.may_go(marked):
            changes += self._removed(ref, marked)
        return Written(marked, tuple(changes), told)

    def judged(
        self,
        operation: str,
        ref: Ref,
        obj: Obj | None,
        old: Obj | None,
        subresource: str = "",
        *,
        options: Mapping[str, Any] = MappingProxyType({}),
    ) -> tuple[str, ...]:
        """What admission policies want to be told to who asks for this. Raises Denied."""
        kind = self.scheme.kind(ref.kind)
        if self.user is None or not self._policies.judge_any(ref, self.store) or kind.is_local:
            return ()
        given = {"kind": _OPTIONS.get(operation, ""), "apiVersion": "meta.k8s.io/v1", **options}
        asked = Asked(operation, kind, ref, obj, old, subresource, self.user, self._is_dry, given)
        return self._policies.judge(asked, self.scheme, self.store)

    # how it is done

    def _update_judged(self, kind: Kind, new: Obj, old: Obj, subresource: str) -> tuple[str, ...]:
        ref = ref_of(old)
        if subresource == "scale":
            new, old = (scales.scale_of(kind, obj) for obj in (new, old))
        return self.judged(UPDATE, ref, new, old, subresource)

    def _deletion_judged(self, old: Obj, grace_seconds: int | None, propagation: str | None) -> tuple[str, ...]:
        options = {"gracePeriodSeconds": grace_seconds, "propagationPolicy": propagation}
        given = {name: value for name, value in options.items() if value is not None}
        return self.judged(DELETE, ref_of(old), None, old, options=given)

    def _removed(self, ref: Ref, obj: Obj) -> tuple[Change, ...]:
        return customkinds.removed(self.store, obj) if ref.kind == customkinds.CRD else (self.store.remove(ref),)

    def _written(self, obj: Obj) -> Written:
        change = self.store.put(obj)
        return Written(change.obj, (change,))

    def _defaulted(self, definition: Definition, obj: Obj) -> Obj:
        """What is being created, with what people may leave out. Raises Forbidden."""
        obj = definition.default(obj)
        if definition.row.key == "Node":
            return admission.tainted(obj)
        if definition.row.key != "Pod":
            return classes.classed(classes.protected(obj), self.store)
        obj = classes.endowed(admission.limited(obj, self.store), self.store)
        pod = definition.default(admission.placed(obj, self.store))
        admission.check_account(pod, self.store, self.now_ms())
        return defaults.admit(pod, self.store.objects("PriorityClass"))

    def _admitted(self, kind: Kind, obj: Obj, old: Obj | None) -> Written:
        """Written, and charged to the quotas of its namespace. Raises Forbidden."""
        admission.check_limits(kind, obj, self.store)
        admission.check_default(kind, obj, self.store)
        pod_security.check(obj, self.store)
        charges = tuple(self.store.put(quota) for quota in admission.charged(kind, obj, self.store, old))
        written = self._written(obj)
        return written._replace(changes=(*charges, *written.changes)) if charges else written

    def _named(self, obj: Obj, kind: Kind) -> Obj:
        meta = obj["metadata"]
        if kind.namespaced and not meta.get("namespace"):
            meta = {**meta, "namespace": "default"}
        if not kind.namespaced and "namespace" in meta:
            meta = {key: value for key, value in meta.items() if key != "namespace"}
        if not meta.get("name"):
            if not meta.get("generateName"):
                missing = errors.Cause(
                    "metadata.name", "FieldValueRequired", "Required value: name or generateName is required"
                )
                raise errors.invalid(kind.kind, "", [missing], kind.group)
            meta = {**meta, "name": meta["generateName"][:_GENERATED] + self._suffix()}
        return obj if meta is obj["metadata"] else {**obj, "metadata": meta}

    def _suffix(self) -> str:
        return "".join(self.rng.choices(names.SAFE_ALPHABET, k=5))

    def _uid(self) -> str:
        text = f"{self.rng.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def _check_namespace(self, kind: Kind, ref: Ref) -> None:
        if not kind.namespaced:
            return
        namespace = self.store.get(Ref("Namespace", "", ref.namespace))
        if namespace is None:
            raise errors.not_found("namespaces", ref.namespace)
        if objects.is_terminating(namespace):
            why = f"unable to create new content in namespace {ref.namespace} because it is being terminated"
            gone = f"namespace {ref.namespace} is being terminated"
            raise errors.Forbidden(
                f'{kind.resource} "{ref.name}" is forbidden: {why}',
                details={"name": ref.name, **({"group": kind.group} if kind.group else {}), "kind": kind.plural},
                causes=[errors.Cause("metadata.namespace", "NamespaceTerminating", gone)],
            )

    def _prepared_for_create(self, kind: Kind, obj: Obj) -> Obj:
        """What a client may not choose. Models apiserver pkg/registry/rest/create.go (BeforeCreate)."""
        meta = {key: value for key, value in obj["metadata"].items() if key not in _SERVER_OWNED}
        meta["uid"] = self._uid()
        meta["creationTimestamp"] = times.rfc3339(self.now_ms())
        return strategies.for_create(kind, {**obj, "metadata": meta}, self.now_ms())

    def _replace(self, ref: Ref, old: Obj, wanted: Obj, subresource: str) -> Written:
        definition = self.scheme.definition(ref.kind)
        kind = definition.row
        if ref_of(wanted) != ref:
            name = wanted["metadata"].get("name", "")
            raise errors.BadRequest(f"the name of the object ({name}) does not match the name on the URL ({ref.name})")
        new = whole_object(self._merged(old, wanted, subresource, kind), definition.shape)
        if not kind.is_local and (subresource in _CHECKED or not kind.is_own):
            new = definition.default(new)
            if ref.kind == "Service":
                new = allocation.allocate_service(new, self.store, self.rng, old)
                new = allocation.without_other_types_fields(new, old)
            if ref.kind == "Pod":
                new = defaults.readmit(new, old)
            self._refuse(kind, ref.name, validation.validate_update(definition, new, old, subresource))
            policies.check_room(new, old, self.store)
        elif subresource == "status" and not kind.is_local:
            self._refuse(kind, ref.name, validation.validate_status(definition, new, old))
        told = self._update_judged(kind, new, old, subresource)
        return self._replaced(ref, old, new, subresource)._replace(warnings=told)

    def _replaced(self, ref: Ref, old: Obj, new: Obj, subresource: str) -> Written:
        if new == old:
            return Written(old, ())
        kind = self.scheme.kind(ref.kind)
        if subresource == "status":
            new = strategies.for_status(kind, new, old, self.now_ms())
        else:
            new = strategies.for_update(kind, new, old)
        if subresource == "resize":
            admission.check_resize(kind, new, self.store)
        if objects.is_terminating(new) and deletion.may_go(new):
            return Written(new, self._removed(ref, old))
        if subresource == "resize" or (subresource == "" and ref.kind in admission.CHECKED_ON_UPDATE):
            return self._admitted(kind, new, old)
        return self._written(new)

    def _merged(self, old: Obj, wanted: Obj, subresource: str, kind: Kind) -> Obj:
        """The parts that this subresource may write, from `wanted`; the rest from `old`."""
        if subresource == "status":  # annotations travel along with a status, and who wrote it
            along = {field: wanted["metadata"].get(field) for field in ("annotations", "managedFields")}
            if any(value != old["metadata"].get(field) for field, value in along.items()):
                old = objects.with_metadata(old, **along)
            return {**old, "status": wanted.get("status", {})}
        if subresource in pod_subresources.CHECKS:
            return pod_subresources.merged(old, wanted, subresource)
        if subresource == "approval":
            decided = (wanted.get("status") or {}).get("conditions") or []
            return {**old, "status": {**(old.get("status") or {}), "conditions": decided}}
        if subresource == "finalize":
            return {**old, "spec": wanted.get("spec", {})}
        kept = {key: value for key, value in old["metadata"].items() if key in _SERVER_OWNED}
        meta = {key: value for key, value in wanted["metadata"].items() if key not in _IGNORED}
        meta |= {key: value for key, value in kept.items() if key not in _REFUSED or meta.get(key) in (None, "")}
        meta["resourceVersion"] = old["metadata"]["resourceVersion"]
        new = {**wanted, "metadata": meta}
        if kind.key == "Namespace":  # its finalizers go through `finalize` only
            new["spec"] = old.get("spec", {})
        if "status" in kind.subresources:
            new.pop("status", None)
            if "status" in old:
                new["status"] = old["status"]
        return new

    def _refuse(self, kind: Kind, name: str, causes: tuple[errors.Cause, ...]) -> None:
        if causes:
            raise errors.invalid(kind.kind, name, causes, kind.group)

    def _check_uid(self, ref: Ref, old: Obj, uid: str) -> None:
        current = old["metadata"]["uid"]
        if uid and uid != current:
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {current}"
            raise self._conflict(ref, why)

    def _not_found(self, ref: Ref) -> errors.NotFound:
        kind = self.scheme.kind(ref.kind)
        return errors.not_found(kind.plural, ref.name, kind.group)

    def _conflict(self, ref: Ref, why: str = "") -> errors.Conflict:
        kind = self.scheme.kind(ref.kind)
        return errors.conflict(kind.plural, ref.name, kind.group, why)
