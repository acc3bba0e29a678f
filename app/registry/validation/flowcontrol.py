"""Flow schemas and priority levels, which no loop here reads. Models kubernetes `pkg/apis/flowcontrol/validation`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from app.api.errors import Cause
from app.api.objects import Obj, annotations_of
from app.registry.validation import causes, metadata

_HIGHEST_PRECEDENCE, _MOST_QUEUES, _HASH_BITS = 10_000, 10_000_000, 60
_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch")
_METHODS, _LEVELS, _RESPONSES = ("ByNamespace", "ByUser"), ("Exempt", "Limited"), ("Queue", "Reject")
_SUBJECTS = {"ServiceAccount": "serviceAccount", "User": "user", "Group": "group"}
_SOME = {
    "apiGroups": ("resource rules must supply at least one api group", "api groups"),
    "resources": ("resource rules must supply at least one resource", "resources"),
}
_SOME_NAMESPACE = "resource rules that are not cluster scoped must supply at least one namespace"
_ROUNDTRIP = "flowcontrol.k8s.io/preserve-zero-concurrency-shares"


def check_schema(obj: Obj) -> Iterator[Cause]:
    spec, field = obj.get("spec", {}), "spec.matchingPrecedence"
    precedence = spec.get("matchingPrecedence", 0)
    if precedence <= 0:
        yield causes.invalid(field, precedence, "must be a positive value")
    if precedence > _HIGHEST_PRECEDENCE:
        yield causes.invalid(field, precedence, f"must not be greater than {_HIGHEST_PRECEDENCE}")
    if precedence == 1 and obj["metadata"].get("name") != "exempt":
        yield causes.invalid(field, 1, "only the schema named 'exempt' may have matchingPrecedence 1")
    method = spec.get("distinguisherMethod")
    if method is not None and method.get("type") not in _METHODS:
        printed = causes.struct({"type": "", **method}, "Type")
        yield causes.not_supported("spec.distinguisherMethod.type", printed, _METHODS)
    name = (spec.get("priorityLevelConfiguration") or {}).get("name", "")
    if not name:
        yield causes.required("spec.priorityLevelConfiguration.name", "must reference a priority level")
    else:
        yield from causes.each("spec.priorityLevelConfiguration.name", name, metadata.is_subdomain(name))
    for index, rule in enumerate(spec.get("rules") or ()):
        yield from _check_rule(rule, f"spec.rules[{index}]")


def _check_rule(rule: Obj, field: str) -> Iterator[Cause]:
    if not rule.get("subjects"):
        yield causes.required(f"{field}.subjects", "subjects must contain at least one value")
    for index, subject in enumerate(rule.get("subjects") or ()):
        yield from _check_subject(subject, f"{field}.subjects[{index}]")
    if not rule.get("resourceRules") and not rule.get("nonResourceRules"):
        yield causes.required(field, "at least one of resourceRules and nonResourceRules has to be non-empty")
    for index, each in enumerate(rule.get("resourceRules") or ()):
        yield from _check_resources(each, f"{field}.resourceRules[{index}]")
    for index, each in enumerate(rule.get("nonResourceRules") or ()):
        yield from _check_urls(each, f"{field}.nonResourceRules[{index}]")


def _check_subject(subject: Obj, field: str) -> Iterator[Cause]:
    kind = subject.get("kind", "")
    if kind not in _SUBJECTS:
        yield causes.not_supported(f"{field}.kind", kind, sorted(_SUBJECTS))
        return
    wanted = _SUBJECTS[kind]
    if wanted not in subject:
        yield causes.required(f"{field}.{wanted}", f"{wanted} is required when subject kind is '{kind}'")
    else:
        yield from _check_who(subject[wanted], kind, f"{field}.{wanted}")
    for other, name in _SUBJECTS.items():
        if name != wanted and name in subject:
            yield causes.forbidden(f"{field}.{name}", f"{name} is forbidden when subject kind is not '{other}'")


def _check_who(who: Obj, kind: str, field: str) -> Iterator[Cause]:
    name, namespace = who.get("name", ""), who.get("namespace", "")
    yield from causes.needed(who, field, "name")
    if kind != "ServiceAccount":
        return
    yield from causes.each(f"{field}.name", name, metadata.is_subdomain(name) if name not in ("", "*") else ())
    if namespace:
        yield from causes.each(f"{field}.namespace", namespace, metadata.is_label(namespace))
    else:
        yield causes.required(f"{field}.namespace", "must specify namespace for service account")


def _check_verbs(rule: Obj, field: str) -> Iterator[Cause]:
    verbs = rule.get("verbs") or []
    if not verbs:
        yield causes.required(f"{field}.verbs", "verbs must contain at least one value")
    elif "*" in verbs:
        yield from _check_star(verbs, f"{field}.verbs", "verbs")
    elif not set(verbs) <= set(_VERBS):
        yield causes.not_supported(f"{field}.verbs", verbs, _VERBS)


def _check_star(values: Sequence[str], field: str, what: str) -> Iterator[Cause]:
    if "*" in values and len(values) > 1:
        yield causes.invalid(field, values, f"if '*' is present, must not specify other {what}")


def _check_resources(rule: Obj, field: str) -> Iterator[Cause]:
    yield from _check_verbs(rule, field)
    for name, (why, what) in _SOME.items():
        values = rule.get(name) or []
        if not values:
            yield causes.required(f"{field}.{name}", why)
        yield from _check_star(values, f"{field}.{name}", what)
    namespaces = rule.get("namespaces") or []
    if not namespaces and not rule.get("clusterScope"):
        yield causes.required(f"{field}.namespaces", _SOME_NAMESPACE)
    elif "*" in namespaces:
        yield from _check_star(namespaces, f"{field}.namespaces", "namespaces")
    else:
        for index, name in enumerate(namespaces):
            problems = (
                f"each member of this list must be '*' or a DNS-1123 label; {why}" for why in metadata.is_label(name)
            )
            yield from causes.each(f"{field}.namespaces[{index}]", name, problems)


def _check_urls(rule: Obj, field: str) -> Iterator[Cause]:
    yield from _check_verbs(rule, field)
    urls, at = rule.get("nonResourceURLs") or [], f"{field}.nonResourceURLs"
    if not urls:
        yield causes.required(at, "nonResourceURLs must contain at least one value")
    elif "*" in urls:
        yield from _check_star(urls, at, "non-resource URLs")
    else:
        for index, url in enumerate(urls):
            if why := _odd_url(url):
                yield causes.invalid(f"{at}[{index}]", url, why)


def _odd_url(url: str) -> str:
    if not url:
        return "must not be empty"
    if not url.startswith("/"):
        return "must start with slash"
    if " " in url:
        return "must not contain white-space"
    if "//" in url:
        return "must not contain double slash"
    stars = url.count("*")
    return "wildcard can only do suffix matching" if stars > 1 or (stars and not url.endswith("/*")) else ""


# ------------------------------------------------------------------------------------------ priority levels


def check_level(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    kind, exempt, limited = spec.get("type", ""), spec.get("exempt"), spec.get("limited")
    if _ROUNDTRIP in annotations_of(obj):
        yield causes.forbidden("metadata.annotations", f"annotation '{_ROUNDTRIP}' is forbidden")
    if (obj["metadata"].get("name") == "exempt") != (kind == "Exempt"):
        yield causes.invalid("spec.type", kind, "must be 'Exempt' if and only if `name` is 'exempt'")
    if kind == "Exempt":
        if limited is not None:
            yield causes.forbidden("spec.limited", "must be nil if the type is not Limited")
        yield from _check_shares(exempt or {}, "spec.exempt")
        yield from causes.between("spec.exempt.lendablePercent", (exempt or {}).get("lendablePercent"), 0, 100)
    elif kind == "Limited":
        if exempt is not None:
            yield causes.forbidden("spec.exempt", "must be nil if the type is Limited")
        if limited is None:
            yield causes.required("spec.limited", "must not be empty when type is Limited")
        else:
            yield from _check_limited(limited, "spec.limited")
    else:
        yield causes.not_supported("spec.type", kind, _LEVELS)


def _check_shares(level: Mapping[str, int], field: str) -> Iterator[Cause]:
    if (shares := level.get("nominalConcurrencyShares", 0)) < 0:
        yield causes.invalid(f"{field}.nominalConcurrencyShares", shares, "must be a non-negative integer")


def _check_limited(limited: Obj, field: str) -> Iterator[Cause]:
    yield from _check_shares(limited, field)
    response, at = limited.get("limitResponse", {}), f"{field}.limitResponse"
    kind, queuing = response.get("type", ""), response.get("queuing")
    if kind == "Reject" and queuing is not None:
        yield causes.forbidden(f"{at}.queuing", "must be nil if limited.limitResponse.type is not Limited")
    elif kind == "Queue" and queuing is None:
        yield causes.required(f"{at}.queuing", "must not be empty if limited.limitResponse.type is Limited")
    elif kind == "Queue" and queuing is not None:
        yield from _check_queuing(queuing, f"{at}.queuing")
    yield from causes.among(f"{at}.type", kind, _RESPONSES)
    yield from causes.between(f"{field}.lendablePercent", limited.get("lendablePercent"), 0, 100)
    borrowed = limited.get("borrowingLimitPercent", 0)
    if borrowed < 0:
        why = "if specified, must be a non-negative integer"
        yield causes.invalid(f"{field}.borrowingLimitPercent", borrowed, why)


def _check_queuing(queuing: Mapping[str, int], field: str) -> Iterator[Cause]:
    length, queues, hand = (queuing.get(name, 0) for name in ("queueLengthLimit", "queues", "handSize"))
    if length <= 0:
        yield causes.invalid(f"{field}.queueLengthLimit", length, "must be positive")
    if queues <= 0:
        yield causes.invalid(f"{field}.queues", queues, "must be positive")
    elif queues > _MOST_QUEUES:
        yield causes.invalid(f"{field}.queues", queues, f"must not be greater than {_MOST_QUEUES}")
    if hand <= 0:
        yield causes.invalid(f"{field}.handSize", hand, "must be positive")
    elif hand > queues:
        yield causes.invalid(f"{field}.handSize", hand, f"should not be greater than queues ({queues})")
    elif math.ceil(math.log2(queues) * hand) > _HASH_BITS:
        why = f"required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {_HASH_BITS}"
        yield causes.invalid(f"{field}.handSize", hand, why)


def check_conditions(new: Obj, old: Obj) -> Iterator[Cause]:
    """Of the status of either."""
    seen: set[str] = set()
    for index, condition in enumerate((new.get("status") or {}).get("conditions") or ()):
        field, type_ = f"status.conditions[{index}].type", condition.get("type", "")
        if type_ in seen:
            yield causes.duplicate(field, type_)
        seen.add(type_)
        if not type_:
            yield causes.required(field)
