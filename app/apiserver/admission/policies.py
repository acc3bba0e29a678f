"""ValidatingAdmissionPolicies: what is asked of the API server, judged by expressions that people wrote.

The API server asks for each write, after defaults and validation and before quotas are charged; each policy that is
bound is asked, and the first that denies is told. Policies and their bindings are never judged themselves. Models
apiserver `pkg/admission/plugin/policy/validating/dispatcher.go` and `policy/generic`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app.api import errors, limits, selectors
from app.api.kinds import Kind, key_of
from app.api.objects import Obj, Ref, kind_of, labels_of, name_of
from app.apimachinery.cel.authorizer import Authorizer
from app.apimachinery.scheme.scheme import Scheme
from app.apiserver.admission.matching import Asked, matched
from app.apiserver.store import Store
from app.registry.admissionpolicies import asking, compiled
from app.registry.admissionpolicies.asking import Denial, Purse
from app.registry.admissionpolicies.checks import characters

POLICY, BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
_NEVER_JUDGED = (POLICY, BINDING, "Event")
_NO_PARAMS = "no params found for policy binding with `Deny` parameterNotFoundAction"
_NOWHERE = "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
_PARAM_COST = 50  # of one that is asked about, and 1 of one that is only looked at: with many that comes to an end
_OF_NAMESPACE = frozenset(
    ("name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "labels")
) | {"deletionTimestamp", "deletionGracePeriodSeconds", "annotations", "finalizers"}


class _Misconfigured(Exception):
    pass


class _Denied(NamedTuple):
    policy: Obj
    binding: Obj | None
    denial: Denial


def check_room(obj: Obj, old: Obj | None, store: Store) -> None:
    """Whether there is room for one more, or for a longer one. Raises Forbidden."""
    kind = kind_of(obj)
    most = {POLICY: limits.POLICIES, BINDING: 2 * limits.POLICIES}.get(kind)
    if most is not None and old is None and store.count(kind) >= most:
        raise errors.Forbidden(f"this cluster has its limit of {most} objects of this kind: delete some first")
    if kind == POLICY:
        others = sum(characters(each["spec"]) for each in store.objects(POLICY) if name_of(each) != name_of(obj))
        if others + characters(obj["spec"]) > limits.POLICIES_CHARACTERS:
            why = f"all policies together have at most {limits.POLICIES_CHARACTERS} characters of expressions"
            raise errors.Forbidden(f"{why}: delete some first")


class Policies:
    """Those of one store, each read once."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[Obj, compiled.Policy]] = {}

    @staticmethod
    def judge_any(ref: Ref, store: Store) -> bool:
        """Whether requests about such an object are judged at all. Most clusters have no policy."""
        return bool(store.count(BINDING)) and ref.kind not in _NEVER_JUDGED

    def judge(self, asked: Asked, scheme: Scheme, store: Store) -> tuple[str, ...]:
        """What is to be told to who asked. Raises Denied."""
        judging = _Judging(asked, scheme, store)
        for policy, bindings in _bound(store):
            judging.ask(policy, self._compiled(policy, store), bindings)
        if judging.denied:
            raise _refusal(asked, judging.denied[0])
        return tuple(judging.warnings)

    def _compiled(self, policy: Obj, store: Store) -> compiled.Policy:
        known = self._read.get(name_of(policy))
        if known is None or known[0]["spec"] is not policy["spec"]:
            self._read = {name: each for name, each in self._read.items() if store.get(Ref(POLICY, "", name))}
            known = self._read[name_of(policy)] = (policy, compiled.read(policy["spec"]))
        return known[1]


def _bound(store: Store) -> Iterator[tuple[Obj, list[Obj]]]:
    """Each policy with its bindings, by name."""
    by_policy: dict[str, list[Obj]] = {}
    for binding in store.objects(BINDING):
        by_policy.setdefault(binding["spec"]["policyName"], []).append(binding)
    for name, bindings in sorted(by_policy.items()):
        policy = store.get(Ref(POLICY, "", name))
        if policy is not None:
            yield policy, bindings


class _Judging:
    def __init__(self, asked: Asked, scheme: Scheme, store: Store) -> None:
        self.warnings: list[str] = []
        self.denied: list[_Denied] = []
        self._asked, self._scheme, self._store = asked, scheme, store
        self._purse = Purse()

    def ask(self, policy: Obj, read: compiled.Policy, bindings: list[Obj]) -> None:
        version = matched(policy["spec"]["matchConstraints"], self._asked, self._scheme, self._store)
        if version is None:
            return
        try:
            kind = self._param_kind(policy["spec"].get("paramKind"))
        except _Misconfigured as error:
            self._misconfigured(policy, None, read, f"failed to configure policy: {error}")
            return
        names = self._names(version)
        for binding in bindings:
            if not matched(binding["spec"].get("matchResources") or {}, self._asked, self._scheme, self._store):
                continue
            try:
                params = self._params(kind, binding["spec"].get("paramRef"))
            except _Misconfigured as error:
                self._misconfigured(policy, binding, read, f"failed to configure binding: {error}")
                continue
            for param in params:
                self._purse.left -= _PARAM_COST
                for denial in asking.denials(read, {**names, "params": param}, self._purse):
                    self._act(policy, binding, denial)

    def _misconfigured(self, policy: Obj, binding: Obj | None, read: compiled.Policy, why: str) -> None:
        if not read.ignores_errors:
            self.denied.append(_Denied(policy, binding, Denial(why)))

    def _act(self, policy: Obj, binding: Obj, denial: Denial) -> None:
        """Deny, or warn. Where it only wants to be in the audit log, there is none."""
        actions = binding["spec"]["validationActions"]
        if denial.always or "Deny" in actions:
            self.denied.append(_Denied(policy, binding, denial))
        elif "Warn" in actions:
            said = f"Validation failed for {POLICY} '{name_of(policy)}' with binding '{name_of(binding)}'"
            self.warnings.append(f"{said}: {denial.message}")

    # params

    def _param_kind(self, written: Mapping[str, str] | None) -> Kind | None:
        if written is None:
            return None
        version, kind = written["apiVersion"], written["kind"]
        row = self._scheme.find(key_of(version, kind))
        if row is None or row.is_local or version not in self._versions(row):
            group, _, bare = version.rpartition("/")
            raise _Misconfigured(f"failed to find resource referenced by paramKind: '{group}/{bare}, Kind={kind}'")
        return row._replace(version=version.rpartition("/")[2])

    def _versions(self, row: Kind) -> list[str]:
        return [row.api_version, *(other.row.api_version for other in self._scheme.definition(row.key).others)]

    def _params(self, kind: Kind | None, ref: Mapping[str, Any] | None) -> list[Obj | None]:
        if kind is None or ref is None:
            return [None]
        found = [self._scheme.definition(kind.key).to_version(obj, kind.api_version) for obj in self._found(kind, ref)]
        if not found and ref.get("parameterNotFoundAction") == "Deny":
            raise _Misconfigured(_NO_PARAMS)
        return list(found)

    def _found(self, kind: Kind, ref: Mapping[str, Any]) -> list[Obj]:
        namespace = ref.get("namespace", "")
        if not kind.namespaced and namespace:
            raise _Misconfigured("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
        if kind.namespaced and not namespace:
            namespace = self._asked.namespace
            if not namespace:
                raise _Misconfigured(_NOWHERE)
        if name := ref.get("name"):
            param = self._store.get(Ref(kind.key, namespace, name))
            return [] if param is None else [param]
        selector = ref.get("selector")
        among = self._store.objects(kind.key, namespace or None)
        self._purse.left -= len(among)
        if self._purse.left <= 0:
            raise _Misconfigured(asking.OUT_OF_BUDGET)
        return [obj for obj in among if selectors.matches(selector, labels_of(obj))]

    # what expressions know

    def _names(self, version: Kind) -> dict[str, Any]:
        convert = self._scheme.definition(self._asked.ref.kind).to_version
        obj, old = (
            convert(each, version.api_version) if each is not None and each["kind"] == version.kind else each
            for each in (self._asked.obj, self._asked.old)
        )
        return {
            "object": obj, "oldObject": old, "request": _request(self._asked, version),
            "namespaceObject": self._namespace(), "authorizer": Authorizer(),
        }  # fmt: skip

    def _namespace(self) -> Obj | None:
        if self._asked.is_namespace or not self._asked.namespace:
            return None
        found = self._store.get(Ref("Namespace", "", self._asked.namespace))
        if found is None:
            return None
        meta = {field: value for field, value in found["metadata"].items() if field in _OF_NAMESPACE}
        return {**found, "metadata": meta}


def _request(asked: Asked, version: Kind) -> dict[str, Any]:
    """Models the AdmissionRequest of admission.k8s.io/v1."""
    shown: Mapping[str, Any] = asked.obj or asked.old or {}
    own = shown.get("kind") == version.kind
    sent = _kind(shown.get("apiVersion", ""), shown.get("kind", ""))
    resource = {"group": version.group, "version": version.version, "resource": version.plural}
    return {
        "kind": _kind(version.api_version, version.kind) if own else sent,
        "resource": resource,
        "subResource": asked.subresource,
        "requestKind": sent,
        "requestResource": {**resource, "version": asked.resource.version, "group": asked.resource.group},
        "requestSubResource": asked.subresource,
        "name": asked.ref.name,
        "namespace": asked.namespace,
        "operation": asked.operation,
        "userInfo": asked.user,
        "dryRun": asked.dry_run,
        "options": asked.options,
    }


def _kind(api_version: str, kind: str) -> dict[str, str]:
    group, _, version = api_version.rpartition("/")
    return {"group": group, "version": version, "kind": kind}


def _refusal(asked: Asked, denied: _Denied) -> errors.Denied:
    by = f" with binding '{name_of(denied.binding)}'" if denied.binding else ""
    why = f"{POLICY} '{name_of(denied.policy)}'{by} denied request: {denied.denial.message}"
    row = asked.resource
    details = {"name": asked.ref.name, **({"group": row.group} if row.group else {}), "kind": row.plural}
    text = f'{row.resource} "{asked.ref.name}" is forbidden: {why}'
    return errors.Denied(text, denied.denial.reason, details=details, causes=[errors.Cause("", "", why)])
