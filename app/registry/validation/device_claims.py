"""What pods claim of devices, and classes of them. Models kubernetes `pkg/apis/resource/validation`.

Of the expressions that choose a device only the length is looked at. No loop here acts on any of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, metadata, resource_names
from app.registry.validation.drivers import check_driver_name

_MOST, _MOST_SUBREQUESTS, _LONGEST_EXPRESSION, _LONGEST_ID = 32, 8, 10 * 1024, 32
_ONE_OF_TWO = "exactly one of `exactly` or `firstAvailable` is required"
_NO_REQUEST = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
_EFFECTS = ("NoExecute", "NoSchedule", "None")
_IDENTIFIER = (
    "a valid C identifier must start with alphabetic character or '_', "
    "followed by a string of alphanumeric characters or '_'"
)


def check_claim(obj: Obj) -> Iterator[Cause]:
    yield from _check_devices(obj.get("spec", {}).get("devices", {}), "spec.devices")


def check_claim_template(obj: Obj) -> Iterator[Cause]:
    template = obj.get("spec", {})
    yield from metadata.check_embedded(template.get("metadata", {}), "spec.metadata")
    yield from _check_devices(template.get("spec", {}).get("devices", {}), "spec.spec.devices")


def check_class(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    yield from _check_list(spec.get("selectors", ()), "spec.selectors", _check_selector)
    yield from _check_list(spec.get("config", ()), "spec.config", _check_configuration)
    name = spec.get("extendedResourceName")
    if name is not None and not resource_names.is_extended(name):
        yield causes.invalid("spec.extendedResourceName", name, "must be a valid extended resource name")


def _check_devices(devices: Obj, field: str) -> Iterator[Cause]:
    requests = devices.get("requests", ())
    names = {path for request in requests for path in _names_of(request)}

    def check_name(name: str, at: str) -> Iterator[Cause]:
        segments = name.split("/")
        if len(segments) > 2:
            yield causes.invalid(at, name, _NO_REQUEST)
            return
        for segment in segments:
            yield from causes.each(at, segment, metadata.is_label(segment))
        if name not in names:
            yield causes.invalid(at, name, _NO_REQUEST)

    def check_constraint(constraint: Obj, at: str) -> Iterator[Cause]:
        yield from check_set(constraint.get("requests", ()), f"{at}.requests", check_name)
        given = next((name for name in ("matchAttribute", "distinctAttribute") if name in constraint), None)
        if given:
            yield from _check_full_name(constraint[given], f"{at}.{given}")
        else:
            why = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
            yield causes.required(at, why)

    def check_config(config: Obj, at: str) -> Iterator[Cause]:
        yield from check_set(config.get("requests", ()), f"{at}.requests", check_name)
        yield from _check_configuration(config, at)

    yield from check_set(requests, f"{field}.requests", _check_request, _name)
    yield from _check_list(devices.get("constraints", ()), f"{field}.constraints", check_constraint)
    yield from _check_list(devices.get("config", ()), f"{field}.config", check_config)


def _names_of(request: Obj) -> Iterator[str]:
    name = request.get("name", "")
    yield name
    yield from (f"{name}/{each.get('name', '')}" for each in request.get("firstAvailable", ()))


def _check_request(request: Obj, field: str) -> Iterator[Cause]:
    name, exactly, several = request.get("name", ""), request.get("exactly"), request.get("firstAvailable")
    yield from causes.each(f"{field}.name", name, metadata.is_label(name))
    if exactly is None and not several:
        yield causes.required(field, _ONE_OF_TWO)
    elif exactly is not None and several:
        yield causes.invalid(field, None, f"{_ONE_OF_TWO}, but multiple fields are set")
    elif several:
        yield from check_set(several, f"{field}.firstAvailable", _check_subrequest, _name, _MOST_SUBREQUESTS)
    elif exactly is not None:
        yield from _check_what(exactly, f"{field}.exactly")


def _check_subrequest(request: Obj, field: str) -> Iterator[Cause]:
    name = request.get("name", "")
    yield from causes.each(f"{field}.name", name, metadata.is_label(name))
    yield from _check_what(request, field)


def _check_what(request: Obj, field: str) -> Iterator[Cause]:
    name, count, mode = request.get("deviceClassName", ""), request.get("count", 0), request.get("allocationMode")
    if not name:
        yield causes.required(f"{field}.deviceClassName")
    else:
        yield from causes.each(f"{field}.deviceClassName", name, metadata.is_subdomain(name))
    yield from _check_list(request.get("selectors", ()), f"{field}.selectors", _check_selector)
    if mode == "All":
        if count != 0:
            why = "must not be specified when allocationMode is 'All'"
            yield causes.invalid(f"{field}.count", count, why)
    elif mode == "ExactCount":
        if count <= 0:
            yield causes.invalid(f"{field}.count", count, "must be greater than zero")
    else:
        yield causes.not_supported(f"{field}.allocationMode", mode, ["All", "ExactCount"])
    for index, toleration in enumerate(request.get("tolerations", ())):
        yield from _check_toleration(toleration, f"{field}.tolerations[{index}]")


def _check_toleration(toleration: Obj, field: str) -> Iterator[Cause]:
    if key := toleration.get("key"):
        yield from metadata.label_key(key, f"{field}.key")
    operator, value = toleration.get("operator", ""), toleration.get("value", "")
    if operator == "Exists" and value:
        yield causes.invalid(f"{field}.value", value, "must be empty for operator `Exists`")
    elif operator == "Equal":
        yield from causes.each(f"{field}.value", value, metadata.label_value_problems(value))
    elif operator != "Exists":
        yield from causes.among(f"{field}.operator", operator, ["Equal", "Exists"])
    if effect := toleration.get("effect"):
        yield from causes.among(f"{field}.effect", effect, _EFFECTS)


def _check_selector(selector: Obj, field: str) -> Iterator[Cause]:
    if "cel" not in selector:
        yield causes.required(f"{field}.cel")
    elif len(selector["cel"].get("expression", "").encode()) > _LONGEST_EXPRESSION:
        yield causes.too_long(f"{field}.cel.expression", _LONGEST_EXPRESSION)


def _check_configuration(config: Obj, field: str) -> Iterator[Cause]:
    opaque, at = config.get("opaque"), f"{field}.opaque"
    if opaque is None:
        yield causes.required(at)
        return
    yield from check_driver_name(opaque.get("driver", ""), f"{at}.driver")
    parameters = opaque.get("parameters")
    if parameters is None:
        yield causes.required(f"{at}.parameters")
    elif len(causes.printed(parameters)) > _LONGEST_EXPRESSION:
        yield causes.too_long(f"{at}.parameters", _LONGEST_EXPRESSION)
    elif not isinstance(parameters, dict):
        yield causes.invalid(f"{at}.parameters", "<value omitted>", "must be a valid JSON object")


def _check_full_name(name: str, field: str) -> Iterator[Cause]:
    domain, *rest = name.split("/")
    if not rest:
        yield from _check_identifier(name, field)
        yield causes.invalid(field, name, "a fully qualified name must be a domain and a name separated by a slash")
    elif len(rest) == 1:
        if not domain:
            yield causes.invalid(field, "", "the domain must not be empty")
        else:
            yield from check_driver_name(domain, field)
        if not rest[0]:
            yield causes.invalid(field, "", "the name must not be empty")
        else:
            yield from _check_identifier(rest[0], field)


def _check_identifier(name: str, field: str) -> Iterator[Cause]:
    if len(name) > _LONGEST_ID:
        yield causes.too_long(field, _LONGEST_ID)
    yield from causes.matching(field, name, "[A-Za-z_][A-Za-z0-9_]*", _IDENTIFIER, "my_name", "MY_NAME", "MyName")


def _name(item: Obj) -> str:
    return str(item.get("name", ""))


def _check_list(items: Sequence[Any], field: str, check: Callable[[Any, str], Iterable[Cause]]) -> Iterator[Cause]:
    if len(items) > _MOST:
        yield from causes.too_many(field, items, _MOST)
        return
    for index, item in enumerate(items):
        yield from check(item, f"{field}[{index}]")


def check_set(
    items: Sequence[Any],
    field: str,
    check: Callable[[Any, str], Iterable[Cause]],
    key: Callable[[Any], str] = str,
    most: int = _MOST,
) -> Iterator[Cause]:
    """Not too many, each as `check` asks, and none twice."""
    if len(items) > most:
        yield from causes.too_many(field, items, most)
        return
    for index, item in enumerate(items):
        yield from check(item, f"{field}[{index}]")
    keys = [key(item) for item in items]
    for index, each in enumerate(keys):
        if each in keys[:index]:
            yield causes.duplicate(f"{field}[{index}]", each)
