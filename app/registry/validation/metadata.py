"""Names, labels, annotations, owners, finalizers and label selectors: what every kind has.

Models apimachinery `pkg/api/validation/objectmeta.go`, `pkg/util/validation` and `pkg/apis/meta/v1/validation`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from app.api import names
from app.api.errors import Cause
from app.registry.validation import causes

NameProblems = Callable[[str], tuple[str, ...]]

_MAX_ANNOTATIONS_BYTES = 256 * 1024
_STANDARD_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})


def check(
    meta: Mapping[str, Any], name_problems: NameProblems, namespaced: bool, *, own: bool = True
) -> Iterator[Cause]:
    """`own`: it is of a kind of Kubernetes itself, whose finalizers are looked at more closely."""
    generate_name, name = meta.get("generateName", ""), meta.get("name", "")
    if generate_name:  # a trailing dash is completed by the generated part
        for problem in name_problems(re.sub(r"-$", "a", generate_name)):
            yield causes.invalid("metadata.generateName", generate_name, problem)
    if not name:
        yield causes.required("metadata.name", "name or generateName is required")
    for problem in name_problems(name) if name else ():
        yield causes.invalid("metadata.name", name, problem)
    yield from _check_namespace(meta.get("namespace", ""), namespaced)
    yield from causes.not_negative(dict(meta), "metadata", "generation")
    yield from _check_common(meta, own)


def check_update(new: Mapping[str, Any], old: Mapping[str, Any], *, own: bool = True) -> Iterator[Cause]:
    """Name, namespace and creationTimestamp cannot come to differ here."""
    if "deletionTimestamp" in old:
        added = sorted(set(new.get("finalizers", ())) - set(old.get("finalizers", ())))
        if added:
            listed = ", ".join(causes.printed(finalizer) for finalizer in added)
            why = "no new finalizers can be added if the object is being deleted, found new finalizers []string{"
            yield causes.forbidden("metadata.finalizers", f"{why}{listed}}}")
    for field in ("uid", "deletionTimestamp", "deletionGracePeriodSeconds"):
        if new.get(field) != old.get(field):
            yield causes.invalid(f"metadata.{field}", new.get(field), causes.IMMUTABLE)
    yield from _check_common(new, own)


def check_embedded(meta: Mapping[str, Any], field: str) -> Iterator[Cause]:
    """The metadata of an object inside of another, which may lack a name."""
    yield from (causes.invalid(f"{field}.name", meta["name"], why) for why in is_path_segment(meta.get("name", "")))
    yield from check_labels(meta.get("labels"), f"{field}.labels")
    yield from check_annotations(meta.get("annotations"), f"{field}.annotations")


def _check_namespace(namespace: str, namespaced: bool) -> Iterator[Cause]:
    if namespaced and not namespace:
        yield causes.required("metadata.namespace")
    elif namespaced:
        yield from (causes.invalid("metadata.namespace", namespace, problem) for problem in is_label(namespace))
    elif namespace:
        yield causes.forbidden("metadata.namespace", "not allowed on this type")


def _check_common(meta: Mapping[str, Any], own: bool) -> Iterator[Cause]:
    yield from check_labels(meta.get("labels"), "metadata.labels")
    yield from check_annotations(meta.get("annotations"), "metadata.annotations")
    if meta.get("ownerReferences"):
        yield from _check_owners(meta["ownerReferences"])
    if meta.get("finalizers"):
        yield from _check_finalizers(meta["finalizers"], own)


def check_labels(labels: Mapping[str, str] | None, field: str) -> Iterator[Cause]:
    for key, value in (labels or {}).items():
        yield from label_key(key, field)
        yield from label_value(value, field)


def check_annotations(annotations: Mapping[str, str] | None, field: str) -> Iterator[Cause]:
    if not annotations:
        return
    for key in annotations:
        yield from (causes.invalid(field, key, problem) for problem in _qualified_name(key.lower()))
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > _MAX_ANNOTATIONS_BYTES:
        yield causes.too_long(field, _MAX_ANNOTATIONS_BYTES)


def _check_owners(owners: list[dict[str, Any]]) -> Iterator[Cause]:
    first = ""
    for owner in owners:
        if not owner.get("apiVersion", "").rpartition("/")[2]:
            value = owner.get("apiVersion", "")
            yield causes.invalid("metadata.ownerReferences.apiVersion", value, "version must not be empty")
        for name in ("kind", "name", "uid"):
            if not owner.get(name):
                yield causes.invalid(f"metadata.ownerReferences.{name}", owner.get(name, ""), "must not be empty")
        if (owner.get("apiVersion"), owner.get("kind")) == ("v1", "Event"):
            yield causes.invalid("metadata.ownerReferences", owner, "/v1, Kind=Event is disallowed from being an owner")
        if owner.get("controller"):
            named = f"{owner.get('kind', '')}/{owner.get('name', '')}"
            if first:
                why = 'Only one reference can have Controller set to true. Found "true" in references for '
                yield causes.invalid("metadata.ownerReferences", owners, f"{why}{first} and {named}")
            first = first or named


def _check_finalizers(finalizers: list[str], own: bool) -> Iterator[Cause]:
    for finalizer in finalizers:
        yield from label_key(finalizer, "metadata.finalizers")
    for index, finalizer in enumerate(finalizers):
        if own and "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            why = "name is neither a standard finalizer name nor is it fully qualified"
            yield causes.invalid(f"metadata.finalizers[{index}]", finalizer, why)
    if {"orphan", "foregroundDeletion"} <= set(finalizers):
        why = "finalizer orphan and foregroundDeletion cannot be both set"
        yield causes.invalid("metadata.finalizers", finalizers, why)


# ----------------------------------------------------------------------------------------------- selectors


def check_selector(selector: Mapping[str, Any], field: str) -> Iterator[Cause]:
    """A `metav1.LabelSelector`."""
    yield from check_labels(selector.get("matchLabels"), f"{field}.matchLabels")
    for index, expression in enumerate(selector.get("matchExpressions", ())):
        yield from _check_expression(expression, f"{field}.matchExpressions[{index}]")


def _check_expression(expression: Mapping[str, Any], field: str) -> Iterator[Cause]:
    operator, values = expression.get("operator", ""), expression.get("values", ())
    if operator in SET_OPERATORS:
        yield from check_set_operator(operator, values, field)
    else:
        yield causes.invalid(f"{field}.operator", operator, "not a valid selector operator")
    yield from label_key(expression.get("key", ""), f"{field}.key")
    for index, value in enumerate(values):
        yield from label_value(value, f"{field}.values[{index}]")


SET_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def check_set_operator(operator: str, values: Sequence[Any], field: str) -> Iterator[Cause]:
    """Of selectors of labels, and of nodes: whether there are as many values as the operator takes."""
    if operator in ("In", "NotIn"):
        if not values:
            yield causes.required(f"{field}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif values:
        why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        yield causes.forbidden(f"{field}.values", why)


# ----------------------------------------------------------------------------------------- names and labels


def label_key(key: str, field: str) -> Iterator[Cause]:
    return (causes.invalid(field, key, problem) for problem in _qualified_name(key))


def label_value(value: str, field: str) -> Iterator[Cause]:
    return (causes.invalid(field, value, problem) for problem in label_value_problems(value))


@lru_cache(maxsize=8192)
def _qualified_name(key: str) -> tuple[str, ...]:
    problem = names.qualified_name_problem(key)
    return tuple(problem.split("; ")) if problem else ()


@lru_cache(maxsize=8192)
def label_value_problems(value: str) -> tuple[str, ...]:
    problem = names.label_value_problem(value)
    return tuple(problem.split("; ")) if problem else ()


_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def is_label(name: str) -> tuple[str, ...]:
    """What is wrong with a DNS-1123 label; () if nothing."""
    problems = ("must be no more than 63 characters",) if len(name) > 63 else ()
    if _LABEL.fullmatch(name):
        return problems
    return (*problems, "must not contain dots" if _SUBDOMAIN.fullmatch(name) else _LABEL_FORMAT)


def is_subdomain(name: str) -> tuple[str, ...]:
    """What is wrong with a DNS-1123 subdomain; () if nothing."""
    problems = ("must be no more than 253 characters",) if len(name) > 253 else ()
    return problems if _SUBDOMAIN.fullmatch(name) else (*problems, _SUBDOMAIN_FORMAT)


def is_host_search(name: str) -> tuple[str, ...]:
    """What is wrong with a subdomain, which may have underscores, in which a host is looked for; () if nothing."""
    problems = ("must be no more than 253 characters",) if len(name) > 253 else ()
    return problems if _UNDERSCORED.fullmatch(name) else (*problems, _UNDERSCORED_FORMAT)


def is_path_segment(name: str) -> tuple[str, ...]:
    """What is wrong with a name that only has to fit into a URL, as those of roles; () if nothing."""
    if name in (".", ".."):
        return (f"may not be '{name}'",)
    return tuple(f"may not contain '{character}'" for character in "/%" if character in name)


def is_old_label(name: str) -> tuple[str, ...]:
    """What is wrong with a DNS-1035 label; () if nothing."""
    problems = ("must be no more than 63 characters",) if len(name) > 63 else ()
    return problems if _OLD_LABEL.fullmatch(name) else (*problems, _OLD_LABEL_FORMAT)


def is_anything(name: str) -> tuple[str, ...]:
    """Of kinds that do not mind."""
    return ()


_OLD_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_OLD_LABEL_FORMAT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    f"'{_OLD_LABEL.pattern}')"
)


def check_prefixed_path(value: str, field: str) -> Iterator[Cause]:
    """`acme.io/foo`."""
    host, _, path = value.partition("/")
    if not value:
        yield causes.required(field)
    elif not host or not path:
        yield causes.invalid(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')
    else:
        yield from causes.each(field, host, is_subdomain(host))
        yield from causes.matching(field, path, _HTTP_PATH, "Invalid path")


_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
_UNDERSCORED = re.compile(r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*")
_UNDERSCORED_FORMAT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    f"'{_UNDERSCORED.pattern}')"
)
_LABEL_FORMAT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_SUBDOMAIN_FORMAT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
