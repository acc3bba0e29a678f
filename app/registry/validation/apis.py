"""What is about the API server itself: certificates that are asked for, and APIServices. No loop here acts on them.

Models kubernetes `pkg/apis/certificates/validation` and kube-aggregator `pkg/apis/apiregistration/validation`. What a
certificate, or a request for one, holds is not read.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, metadata, signers

_PEM = b"-----BEGIN CERTIFICATE REQUEST-----"
_BLOCK = re.compile(rb"^-----BEGIN ([^-]+)-----$", re.M)
_SHORTEST_S = 600
_USAGES = (
    "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment",
    "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel",
    "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime",
    "server auth", "signing", "timestamping",
)  # fmt: skip
_LEGACY = "kubernetes.io/legacy-unknown"
_DECISIONS, _LASTING = ("Approved", "Denied"), ("Approved", "Denied", "Failed")
_STATUSES = ("False", "True", "Unknown")
_CONDITIONS, _CERTIFICATE = "status.conditions", "status.certificate"


def check_signing_request(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    request, usages, signer = spec.get("request", ""), spec.get("usages") or [], spec.get("signerName", "")
    if not base64.b64decode(request or "").lstrip().startswith(_PEM):
        yield causes.invalid("spec.request", request, "PEM block type must be CERTIFICATE REQUEST")
    if not usages:
        yield causes.required("spec.usages")
    for index, usage in enumerate(usages):
        yield from causes.among(f"spec.usages[{index}]", usage, _USAGES)
    for index, usage in enumerate(usages):
        if usage in usages[:index]:
            yield causes.duplicate(f"spec.usages[{index}]", usage)
    if signer == _LEGACY:
        yield causes.invalid("spec.signerName", signer, "the legacy signerName is not allowed via this API version")
    else:
        yield from signers.check(signer, "spec.signerName")
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < _SHORTEST_S:
        why = "may not specify a duration less than 600 seconds (10 minutes)"
        yield causes.invalid("spec.expirationSeconds", seconds, why)


def check_decision(new: Obj, old: Obj) -> Iterator[Cause]:
    """Through `/approval`: what was decided stays, and there is one decision."""
    yield from _check_conditions(new)
    yield from _check_kept(new, old)
    if _certificate(new) != _certificate(old):
        yield causes.forbidden(_CERTIFICATE, "updates may not set certificate content")


def check_signing_status(new: Obj, old: Obj) -> Iterator[Cause]:
    """Through `/status`: the certificate, once. Nobody decides there."""
    yield from _check_conditions(new)
    if (certificate := _certificate(new)) and (why := _odd_certificate(base64.b64decode(certificate))):
        yield causes.invalid(_CERTIFICATE, "<certificate data>", why)
    yield from _check_kept(new, old)
    for type_ in _DECISIONS:
        if len(_of_type(new, type_)) > len(_of_type(old, type_)):
            yield causes.forbidden(_CONDITIONS, f'updates may not add a condition of type "{type_}"')
    if _certificate(old) and _certificate(new) != _certificate(old):
        yield causes.forbidden(_CERTIFICATE, "updates may not modify existing certificate content")


def _certificate(request: Obj) -> str:
    return (request.get("status") or {}).get("certificate") or ""


def _odd_certificate(text: bytes) -> str:
    kinds = [found[1].decode(errors="replace") for found in _BLOCK.finditer(text)]
    if odd := next((kind for kind in kinds if kind != "CERTIFICATE"), None):
        return f'only CERTIFICATE PEM blocks are allowed, found "{odd}"'
    return "" if kinds else "must contain at least one CERTIFICATE PEM block"


def _conditions(request: Obj) -> list[Obj]:
    return (request.get("status") or {}).get("conditions") or []


def _of_type(request: Obj, type_: str) -> list[Obj]:
    return [condition for condition in _conditions(request) if condition.get("type") == type_]


def _check_conditions(request: Obj) -> Iterator[Cause]:
    seen: list[str] = []
    for index, condition in enumerate(_conditions(request)):
        field, type_ = f"{_CONDITIONS}[{index}]", condition.get("type", "")
        yield from causes.needed(condition, field, "type")
        allowed = ("True",) if type_ in _LASTING else _STATUSES
        yield from causes.supported(f"{field}.status", condition.get("status"), allowed)
        if type_ in _DECISIONS and {*_DECISIONS} <= {type_, *seen}:
            yield causes.invalid(_CONDITIONS, type_, "Approved and Denied conditions are mutually exclusive")
        if type_ in seen:
            yield causes.duplicate(f"{field}.type", type_)
        seen.append(type_)


def _check_kept(new: Obj, old: Obj) -> Iterator[Cause]:
    for type_ in _LASTING:
        if len(_of_type(new, type_)) < len(_of_type(old, type_)):
            yield causes.forbidden(_CONDITIONS, f'updates may not remove a condition of type "{type_}"')


# ------------------------------------------------------------------------------------------ APIServices


def check_api_service(obj: Obj) -> Iterator[Cause]:
    name, spec = obj["metadata"].get("name", ""), obj.get("spec", {})
    group, version, service = spec.get("group", ""), spec.get("version", ""), spec.get("service")
    if not metadata.is_path_segment(name) and name != f"{version}.{group}":
        why = f'must be `spec.version+"."+spec.group`: "{version}.{group}"'
        yield causes.invalid("metadata.name", name, why)
    if not group and version != "v1":
        yield causes.required("spec.group", "only v1 may have an empty group and it better be legacy kube")
    yield from causes.each("spec.group", group, metadata.is_subdomain(group) if group else ())
    yield from causes.each("spec.version", version, metadata.is_old_label(version))
    for field, highest in (("groupPriorityMinimum", 20_000), ("versionPriority", 1_000)):
        number = spec.get(field, 0)
        if not 0 < number <= highest:
            yield causes.invalid(f"spec.{field}", number, f"must be positive and less than {highest}")
    bundle, unverified = spec.get("caBundle") or "", bool(spec.get("insecureSkipTLSVerify"))
    if service is not None:
        yield from _check_service(service, bundle, unverified)
        return
    if bundle:
        size = f"{len(base64.b64decode(bundle))} bytes"
        yield causes.invalid("spec.caBundle", size, "local APIServices may not have a caBundle")
    if unverified:
        yield causes.invalid("spec.insecureSkipTLSVerify", True, "local APIServices may not have insecureSkipTLSVerify")


def _check_service(service: Obj, bundle: str, unverified: bool) -> Iterator[Cause]:
    yield from causes.needed(service, "spec.service", "namespace", "name")
    port = service.get("port", 0)
    if not 1 <= port <= 65535:
        yield causes.invalid("spec.service.port", port, "port is not valid: must be between 1 and 65535, inclusive")
    if bundle and unverified:
        yield causes.invalid("spec.insecureSkipTLSVerify", True, "may not be true if caBundle is present")


def check_api_service_status(new: Obj, old: Obj) -> Iterator[Cause]:
    for index, condition in enumerate((new.get("status") or {}).get("conditions") or ()):
        field = f"status.conditions[{index}].status"
        yield from causes.among(field, condition.get("status", ""), ("True", "False", "Unknown"))
