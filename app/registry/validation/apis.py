"""What is about the API server and its addresses: certificates asked for, flow schemas, priority levels, APIServices,
ranges of Service addresses and the addresses in them.

Models kubernetes `pkg/apis/certificates/validation`, `pkg/apis/flowcontrol/validation`,
`pkg/apis/networking/validation` and kube-aggregator `pkg/apis/apiregistration/validation`. No loop here acts on any of
it. What a certificate request asks for is not read.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, signers

_PEM = b"-----BEGIN CERTIFICATE REQUEST-----"
_SHORTEST_S, _HIGHEST_PRECEDENCE = 600, 10_000
_USAGES = (
    "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment",
    "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel",
    "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime",
    "server auth", "signing", "timestamping",
)  # fmt: skip


def check_signing_request(obj: Obj) -> Iterator[Cause]:
    spec, signer = obj.get("spec", {}), obj.get("spec", {}).get("signerName", "")
    request = spec.get("request", "")
    if not base64.b64decode(request or "").lstrip().startswith(_PEM):
        yield causes.invalid("spec.request", request, "PEM block type must be CERTIFICATE REQUEST")
    usages = spec.get("usages") or ()
    if not usages:
        yield causes.required("spec.usages")
    for index, usage in enumerate(usages):
        if usage not in _USAGES:
            yield causes.not_supported(f"spec.usages[{index}]", usage, _USAGES)
        elif usage in usages[:index]:
            yield causes.duplicate(f"spec.usages[{index}]", usage)
    yield from signers.check(signer, "spec.signerName")
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < _SHORTEST_S:
        why = "may not specify a duration less than 600 seconds (10 minutes)"
        yield causes.invalid("spec.expirationSeconds", seconds, why)


def check_approval(new: Obj, old: Obj) -> Iterator[Cause]:
    """What was decided stays, and there is one decision."""
    field = "status.conditions"
    before, after = ({each["type"] for each in (obj.get("status") or {}).get("conditions") or ()} for obj in (old, new))
    for type_ in ("Approved", "Denied", "Failed"):
        if type_ in before - after:
            yield causes.forbidden(field, f'updates may not remove a condition of type "{type_}"')
    if {"Approved", "Denied"} <= after:
        why = "Approved and Denied conditions are mutually exclusive"
        yield causes.invalid(f"{field}[{len(new['status']['conditions']) - 1}].type", "Denied", why)


def check_flow_schema(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    precedence = spec.get("matchingPrecedence", 0)
    if precedence <= 0:
        yield causes.invalid("spec.matchingPrecedence", precedence, "must be a positive value")
    if precedence > _HIGHEST_PRECEDENCE:
        why = f"must not be greater than {_HIGHEST_PRECEDENCE}"
        yield causes.invalid("spec.matchingPrecedence", precedence, why)
    if precedence == 1 and obj["metadata"].get("name") != "exempt":
        yield causes.invalid(
            "spec.matchingPrecedence", 1, "only the schema named 'exempt' may have matchingPrecedence 1"
        )
    if not (spec.get("priorityLevelConfiguration") or {}).get("name"):
        yield causes.required("spec.priorityLevelConfiguration.name", "must reference a priority level")
    method = (spec.get("distinguisherMethod") or {}).get("type")
    if method is not None and method not in ("ByNamespace", "ByUser"):
        yield causes.not_supported("spec.distinguisherMethod", method, ("ByNamespace", "ByUser"))


def check_priority_level(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    kind = spec.get("type", "")
    if kind not in ("Exempt", "Limited"):
        yield causes.not_supported("spec.type", kind, ("Exempt", "Limited"))
    elif kind == "Exempt" and "limited" in spec:
        yield causes.forbidden("spec.limited", "must be nil if the type is not Limited")
    elif kind == "Limited" and "exempt" in spec:
        yield causes.forbidden("spec.exempt", "must be nil if the type is Limited")
    elif kind == "Limited" and "limited" not in spec:
        yield causes.required("spec.limited", "must not be empty when type is Limited")


def check_service_cidr(obj: Obj) -> Iterator[Cause]:
    cidrs = obj.get("spec", {}).get("cidrs") or ()
    if not cidrs:
        yield causes.required("spec.cidrs", "at least one CIDR required")
    yield from causes.too_many("spec", cidrs, 2)
    for index, cidr in enumerate(cidrs):
        field = f"spec.cidrs[{index}]"
        try:
            if str(ipaddress.ip_network(cidr, strict=False)) != cidr:
                yield causes.invalid(field, cidr, "must be in canonical form")
        except ValueError:
            why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
            yield causes.invalid(field, cidr, why)


def check_service_cidr_update(new: Obj, old: Obj) -> Iterator[Cause]:
    if new.get("spec") != old.get("spec"):
        yield causes.invalid("spec.cidrs", new["spec"].get("cidrs"), causes.IMMUTABLE)


def check_ip_address(obj: Obj) -> Iterator[Cause]:
    yield from causes.ip_address("metadata.name", obj["metadata"].get("name", ""))
    parent = obj.get("spec", {}).get("parentRef")
    if not parent:
        yield causes.required("spec.parentRef")
        return
    for part in ("resource", "name"):
        if not parent.get(part):
            yield causes.required(f"spec.parentRef.{part}")


def check_ip_address_update(new: Obj, old: Obj) -> Iterator[Cause]:
    if new.get("spec") != old.get("spec"):
        yield causes.invalid("spec.parentRef", new["spec"].get("parentRef"), causes.IMMUTABLE)


def check_api_service(obj: Obj) -> Iterator[Cause]:
    name, spec = obj["metadata"].get("name", ""), obj.get("spec", {})
    wanted = f"{spec.get('version', '')}.{spec.get('group', '')}"
    if name != wanted:
        why = f'must be `spec.version+"."+spec.group`: "{wanted}"'
        yield causes.invalid("metadata.name", name, why)
    if not spec.get("version"):
        yield causes.required("spec.version")
    for field, highest in (("groupPriorityMinimum", 20_000), ("versionPriority", 1_000)):
        number = spec.get(field, 0)
        if not 0 < number <= highest:
            yield causes.invalid(f"spec.{field}", number, f"must be positive and less than {highest // 1000}k")
    service = spec.get("service")
    if service is None and (spec.get("caBundle") or spec.get("insecureSkipTLSVerify")):
        yield causes.invalid("spec.caBundle", "", "local APIServices may not have a caBundle")
    for part in ("namespace", "name") if service is not None else ():
        if not service.get(part):
            yield causes.required(f"spec.service.{part}")
