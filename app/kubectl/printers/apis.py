"""What is about the API server: certificates asked for, flow schemas, priority levels, admission policies, APIServices,
addresses."""

from __future__ import annotations

from app.api.conditions import find
from app.api.objects import Obj, name_of
from app.kubectl.printers.durations import age
from app.kubectl.printers.printing import NONE, UNSET, Cells, Printer, age_of, columns


def _signing_request(request: Obj, now_ms: int) -> Cells:
    spec, status = request["spec"], request.get("status") or {}
    said = {each["type"] for each in status.get("conditions") or ()}
    words = ["Denied" if "Denied" in said else "Approved" if "Approved" in said else "Pending"]
    words += ["Failed"] if "Failed" in said else []
    words += ["Issued"] if status.get("certificate") else []
    seconds = spec.get("expirationSeconds")
    lasts = NONE if seconds is None else age(seconds * 1000)
    signer = spec.get("signerName") or NONE
    return name_of(request), age_of(request, now_ms), signer, spec.get("username", ""), lasts, ",".join(words)


def _flow_schema(schema: Obj, now_ms: int) -> Cells:
    spec, dangling = schema["spec"], find((schema.get("status") or {}).get("conditions"), "Dangling")
    method = (spec.get("distinguisherMethod") or {}).get("type") or NONE
    missing = "?" if dangling is None else dangling.get("status", "")
    level, precedence = spec["priorityLevelConfiguration"]["name"], spec.get("matchingPrecedence", 0)
    return name_of(schema), level, precedence, method, age_of(schema, now_ms), missing


def _priority_level(level: Obj, now_ms: int) -> Cells:
    limited = level["spec"].get("limited") or {}
    queuing = (limited.get("limitResponse") or {}).get("queuing") or {}
    numbers = (queuing.get(name, NONE) for name in ("queues", "handSize", "queueLengthLimit"))
    shares = limited.get("nominalConcurrencyShares", NONE)
    return name_of(level), level["spec"].get("type", ""), shares, *numbers, age_of(level, now_ms)


def _api_service(service: Obj, now_ms: int) -> Cells:
    behind, available = (
        service["spec"].get("service"),
        find((service.get("status") or {}).get("conditions"), "Available"),
    )
    where = "Local" if behind is None else f"{behind.get('namespace', '')}/{behind.get('name', '')}"
    state = "Unknown" if available is None else available["status"]
    if available is not None and state != "True" and available.get("reason"):
        state = f"{state} ({available['reason']})"
    return name_of(service), where, state, age_of(service, now_ms)


def _ip_address(address: Obj, now_ms: int) -> Cells:
    parent = address["spec"].get("parentRef") or {}
    resource = ".".join(filter(None, (parent.get("resource", ""), parent.get("group", "")))).lower()
    named = "/".join(filter(None, (resource, parent.get("namespace", ""), parent.get("name", ""))))
    return name_of(address), named or NONE, age_of(address, now_ms)


def _service_cidr(found: Obj, now_ms: int) -> Cells:
    return name_of(found), ",".join(found["spec"].get("cidrs") or ()), age_of(found, now_ms)


def _admission_policy(policy: Obj, now_ms: int) -> Cells:
    spec = policy["spec"]
    kind = spec.get("paramKind")
    params = UNSET if kind is None else f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}"
    return name_of(policy), len(spec.get("validations") or ()), params, age_of(policy, now_ms)


def _admission_binding(binding: Obj, now_ms: int) -> Cells:
    spec = binding["spec"]
    return name_of(binding), spec.get("policyName", ""), _param(spec.get("paramRef")), age_of(binding, now_ms)


def _param(ref: Obj | None) -> str:
    """A column cannot know whether the kind has namespaces."""
    if ref is None:
        return UNSET
    if name := ref.get("name"):
        return f"{ref.get('namespace') or '*'}/{name}"
    return UNSET if ref.get("selector") is None else _go_selector(ref["selector"])


def _go_selector(selector: Obj) -> str:
    """As Go writes the struct."""
    labels = "".join(f"{key}: {value}," for key, value in sorted((selector.get("matchLabels") or {}).items()))
    terms = "".join(
        f"LabelSelectorRequirement{{Key:{each['key']},Operator:{each['operator']},"
        f"Values:[{' '.join(each.get('values') or ())}],}},"
        for each in selector.get("matchExpressions") or ()
    )
    fields = f"MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{terms}}},"
    return f"&LabelSelector{{{fields}}}"


PRINTERS = {
    "CertificateSigningRequest": Printer(
        columns("Name, Age, SignerName, Requestor, RequestedDuration, Condition"), _signing_request
    ),
    "FlowSchema": Printer(
        columns("Name, PriorityLevel, MatchingPrecedence, DistinguisherMethod, Age, MissingPL"), _flow_schema
    ),
    "PriorityLevelConfiguration": Printer(
        columns("Name, Type, NominalConcurrencyShares, Queues, HandSize, QueueLengthLimit, Age"), _priority_level
    ),
    "ValidatingAdmissionPolicy": Printer(columns("Name, Validations:integer, ParamKind, Age"), _admission_policy),
    "ValidatingAdmissionPolicyBinding": Printer(columns("Name, PolicyName, ParamRef, Age"), _admission_binding),
    "APIService": Printer(columns("Name, Service, Available, Age"), _api_service),
    "IPAddress": Printer(columns("Name, ParentRef, Age"), _ip_address),
    "ServiceCIDR": Printer(columns("Name, CIDRs, Age"), _service_cidr),
}
