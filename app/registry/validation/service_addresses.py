"""What a Service says of its own addresses: `clusterIP`, `clusterIPs`, `ipFamilies` and `ipFamilyPolicy`.

The API server asks `check` twice, before it gives out addresses (app/apiserver/allocation.py) and with all else. Models
kubernetes `pkg/apis/core/validation` ValidateServiceClusterIPsRelatedFields and its companions for updates.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes

_IPS, _FAMILIES, _POLICY = "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy"
FIXED = "may not change once set"


def is_headless(spec: Obj) -> bool:
    return ips_of(spec) == ["None"]


def ips_of(spec: Obj) -> list[str]:
    """Its cluster IPs, also of one who names the first only."""
    ips: list[str] = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
    return ips


def family(ip: str) -> str:
    return "IPv6" if ":" in ip else "IPv4"


def check(spec: Obj) -> Iterator[Cause]:
    if spec.get("type") == "ExternalName":
        return
    ips, families = ips_of(spec), spec.get("ipFamilies") or []
    if not spec.get("clusterIP") and ips:
        yield causes.invalid(_IPS, ips, "must be empty when `clusterIP` is not specified")
    elif ips and ips[0] != spec["clusterIP"]:
        yield causes.invalid(_IPS, ips, "first value must match `clusterIP`")
    for index, name in enumerate(families):
        yield from causes.among(f"{_FAMILIES}[{index}]", name, named_values("IPFamily"))
        if name in families[:index]:
            yield causes.duplicate(f"{_FAMILIES}[{index}]", name)
    if "ipFamilyPolicy" in spec:
        yield from causes.among(_POLICY, spec["ipFamilyPolicy"], named_values("IPFamilyPolicy"))
    wrong = list(_check_each(ips))
    yield from wrong
    if len(ips) > 2:
        yield causes.invalid(_IPS, ips, "may only hold up to 2 values")
    if wrong:  # nobody can say of what family such addresses are
        return
    if len(ips) > 1 and (len(ips) != 2 or family(ips[0]) == family(ips[1])):
        yield causes.invalid(_IPS, ips, "may specify no more than one IP for each IP family")
    for index, (ip, name) in enumerate(zip(() if is_headless(spec) else ips, families, strict=False)):
        if name in named_values("IPFamily") and family(ip) != name:
            why = f"expected an {name} value as indicated by `ipFamilies[{index}]`"
            yield causes.invalid(f"{_IPS}[{index}]", ip, why)


def _check_each(ips: list[str]) -> Iterator[Cause]:
    for index, ip in enumerate(ips):
        if index == 0 and ip == "None":
            if len(ips) > 1:
                yield causes.invalid(_IPS, ips, "'None' must be the first and only value")
        else:
            yield from causes.ip_address(f"{_IPS}[{index}]", ip)


def check_update(after: Obj, before: Obj) -> Iterator[Cause]:
    """A second address or family may come and go, the first stays; a Service without addresses is free to change."""
    if "ExternalName" in (before.get("type"), after.get("type")):
        return
    headless = is_headless(after), is_headless(before)
    if headless != (True, True):
        yield from _check_ips_kept(after, ips_of(after), ips_of(before))
    if headless == (False, False):
        yield from _check_families_kept(after, after.get("ipFamilies") or [], before.get("ipFamilies") or [])


def _check_ips_kept(after: Obj, now: list[str], was: list[str]) -> Iterator[Cause]:
    if len(now) == len(was):
        changed = [index for index, (one, other) in enumerate(zip(now, was, strict=True)) if one != other]
    else:
        changed = [0] if now[:1] != was[:1] and now and was else []
    if was and not now:
        yield causes.invalid(f"{_IPS}[0]", now or None, "primary clusterIP can not be unset")
    for index in changed:
        yield causes.invalid(f"{_IPS}[{index}]", now, FIXED)
    if len(was) > len(now) == 1 and after.get("ipFamilyPolicy") != "SingleStack":
        why = "must be set to 'SingleStack' when releasing the secondary clusterIP"
        yield causes.invalid(_POLICY, after.get("ipFamilyPolicy"), why)


def _check_families_kept(after: Obj, now: list[str], was: list[str]) -> Iterator[Cause]:
    """The complaints stand at the first family, whichever it was, as upstream has them."""
    if len(now) == len(was):
        for one, other in zip(now, was, strict=True):
            if one != other:
                yield causes.invalid(f"{_FAMILIES}[0]", now, FIXED)
    elif now and was and now[0] != was[0]:
        yield causes.invalid(f"{_FAMILIES}[0]", after.get("clusterIPs"), FIXED)
    if len(was) > len(now) == 1 and after.get("ipFamilyPolicy") != "SingleStack":
        why = "must be set to 'SingleStack' when releasing the secondary ipFamily"
        yield causes.invalid(_POLICY, after.get("ipFamilyPolicy"), why)
