"""What a container, or a pod as a whole, asks for and may use at most.

Models kubernetes `pkg/apis/core/validation` validateResourceRequirements and validatePodResources.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from app.api import quantities
from app.api.errors import Cause
from app.api.objects import Obj
from app.component_helpers import pods
from app.registry.validation import causes, metadata, resource_names

_HUGE = "hugepages-"
_OF_PODS = ("cpu", "hugepages-", "memory")
_NameCheck = Callable[[str, str], Iterator[Cause]]


def check_container(container: Obj, field: str, claims: Collection[str]) -> Iterator[Cause]:
    """`claims`: the names of the pod's claims on devices."""
    resources = container.get("resources") or {}
    yield from check(resources, field, resource_names.check_of_container)
    yield from _check_claims(resources.get("claims") or (), f"{field}.claims", claims)


def check(resources: Obj, field: str, check_resource_name: _NameCheck) -> Iterator[Cause]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for name, quantity in limits.items():
        yield from _check_amount(name, quantity, f"{field}.limits[{name}]", check_resource_name)
    for name, quantity in requests.items():
        yield from _check_amount(name, quantity, f"{field}.requests[{name}]", check_resource_name)
        yield from _check_within(name, quantity, limits.get(name), field)
    named = {*limits, *requests}
    if any(name.startswith(_HUGE) for name in named) and not named & {"cpu", "memory"}:
        yield causes.forbidden(field, "HugePages require cpu or memory")


def _check_amount(name: str, quantity: str, field: str, check_resource_name: _NameCheck) -> Iterator[Cause]:
    yield from check_resource_name(name, field)
    yield from resource_names.check_amount(name, quantity, field)
    if name.startswith(_HUGE) and not _divides(name.removeprefix(_HUGE), quantity):
        yield causes.invalid(field, quantity, f"{quantity} is not positive integer multiple of {name}")


def _check_within(name: str, quantity: str, limit: str | None, field: str) -> Iterator[Cause]:
    may_overcommit = resource_names.may_be_overcommitted(name)
    if limit is None:
        if not may_overcommit:
            yield causes.required(f"{field}.limits", "Limit must be set for non overcommitable resources")
    elif quantities.parse(quantity) != quantities.parse(limit) and not may_overcommit:
        yield causes.invalid(f"{field}.requests", quantity, f"must be equal to {name} limit of {limit}")
    elif quantities.parse(quantity) > quantities.parse(limit):
        yield causes.invalid(f"{field}.requests", quantity, f"must be less than or equal to {name} limit of {limit}")


def _divides(page: str, quantity: str) -> bool:
    try:
        size = quantities.parse(page)
    except ValueError:
        return False
    return size > 0 and size.denominator == 1 and quantities.parse(quantity) % size == 0


# ---------------------------------------------------------------------------------------------------- names


def _check_name_of_pod(name: str, field: str) -> Iterator[Cause]:
    problems = tuple(resource_names.check(name, field))
    yield from problems
    if not problems and name not in _OF_PODS and not name.startswith(_HUGE):
        yield causes.not_supported(field, name, _OF_PODS)


def _check_claims(claims: Collection[Obj], field: str, known: Collection[str]) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, claim in enumerate(claims):
        at, name, request = f"{field}[{index}]", claim.get("name", ""), claim.get("request", "")
        if not name:
            yield causes.required(at)
            continue
        key = f"{name}/{request}" if request else name
        if name in seen:
            yield causes.duplicate(at, name)
        else:
            yield from causes.each(f"{at}.request", request, metadata.is_label(request) if request else ())
            parts = () if request else (each for each in seen if each.partition("/")[0] == name)
            yield from (causes.duplicate(at, key) for _ in ((key,) if key in seen else parts))
            seen.add(key)
        if name not in known:
            listed = f": {', '.join(sorted(known))}" if known else " which is empty"
            cause = causes.not_found(at, name)
            why = f"must be one of the names in pod.spec.resourceClaims{listed}"
            yield cause._replace(message=f"{cause.message}: {why}")


# ------------------------------------------------------------------------------------------ pods as a whole


def check_pod(spec: Obj) -> Iterator[Cause]:
    resources = spec.get("resources")
    if resources is None:
        return
    if (spec.get("os") or {}).get("name") == "windows":
        yield causes.forbidden("resources", "may not be set for a windows pod")
        return
    if "claims" in resources:
        yield causes.forbidden("resources.claims", "claims may not be set for Resources at pod-level")
    yield from check(resources, "resources", _check_name_of_pod)
    yield from _check_sums(spec, resources.get("requests") or {}, resources.get("limits") or {})


def _check_sums(spec: Obj, requests: Mapping[str, str], limits: Mapping[str, str]) -> Iterator[Cause]:
    """What its containers ask for has to fit in."""
    bare = {"spec": {key: value for key, value in spec.items() if key not in ("resources", "overhead")}}
    for kind, given in (("requests", requests), ("limits", limits)):
        for name, told in given.items():
            together = pods.total(bare, name, kind)
            if (kind == "requests" or name.startswith(_HUGE)) and quantities.parse(together) > quantities.parse(told):
                why = f"must be greater than or equal to aggregate container {kind} of {together}"
                yield causes.invalid(f"resources.{kind}[{name}]", told, why)
    for index, container in enumerate(spec.get("containers") or ()):
        own = (container.get("resources") or {}).get("limits") or {}
        for name in own.keys() & limits.keys():
            if quantities.parse(own[name]) > quantities.parse(limits[name]):
                why = f"must be less than or equal to pod limits of {limits[name]}"
                yield causes.invalid(f"resources.containers[{index}][{name}].limits", own[name], why)
