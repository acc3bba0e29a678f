"""Names that Kubernetes derives, and what a name may look like.

The deployment controller names a ReplicaSet after the hash of its template (`template_hash`), the API server makes
the suffix of a generated name from the same alphabet, selectors and validation ask about labels.
Models kubernetes/apimachinery `pkg/util/rand`, `pkg/util/validation` and `pkg/controller/controller_utils.go`
`ComputeHash`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.api import go_text, memo

SAFE_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # no vowels, and nothing that looks like one: no bad words


_GENERATED = {
    "Pod": re.compile(rf".+-[{SAFE_ALPHABET}]{{5}}"),
    "EndpointSlice": re.compile(rf".+-[{SAFE_ALPHABET}]{{5}}"),
    "ReplicaSet": re.compile(rf".+-[{SAFE_ALPHABET}]{{6,10}}"),
    "PersistentVolume": re.compile(r"pvc-[0-9a-f-]{36}"),
}


def short_name(kind: str, name: str) -> str:
    """Of a name that was made for it the tail alone, by which people tell it from its like: "…gkzql"."""
    pattern = _GENERATED.get(kind)
    return f"…{name[-5:]}" if pattern is not None and pattern.fullmatch(name) else name


def safe_encode(digits: str) -> str:
    """Each byte of a text by the safe alphabet, as `rand.SafeEncodeString`."""
    return "".join(SAFE_ALPHABET[byte % len(SAFE_ALPHABET)] for byte in digits.encode())


@memo.by_identity
def template_hash(template: Mapping[str, Any], collision_count: int | None) -> str:
    """The `pod-template-hash` of a defaulted PodTemplateSpec, the very one that Kubernetes 1.36 gives it."""
    written = go_text.pod_template(template).encode()
    if collision_count is not None:
        written += collision_count.to_bytes(8, "little")
    return safe_encode(str(fnv32a(written)))


def fnv32a(data: bytes) -> int:
    """The 32-bit FNV-1a hash."""
    value = 0x811C9DC5
    for byte in data:
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def fnv32(data: bytes) -> int:
    """The 32-bit FNV-1 hash, which multiplies first."""
    value = 0x811C9DC5
    for byte in data:
        value = (value * 0x01000193 & 0xFFFFFFFF) ^ byte
    return value


# ------------------------------------------------------------------------------ what a name may look like

_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_DOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def qualified_name_problem(key: str) -> str:
    """What is wrong with a label key (a qualified name), in Kubernetes' words; "" if nothing."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        return _QUALIFIED_NAME
    problems = []
    if slash and not prefix:
        problems.append("prefix part must be non-empty")
    elif slash and len(prefix) > 253:
        problems.append("prefix part must be no more than 253 bytes")
    elif slash and not _DOMAIN.fullmatch(prefix):
        problems.append(f"prefix part {_SUBDOMAIN}")
    if not name:
        problems.append("name part must be non-empty")
    elif len(name) > 63:
        problems.append("name part must be no more than 63 bytes")
    if not _NAME.fullmatch(name):
        problems.append(f"name part {_NAME_PART}")
    return "; ".join(problems)


def label_value_problem(value: str) -> str:
    """What is wrong with a label value, in Kubernetes' words; "" if nothing."""
    problems = []
    if len(value) > 63:
        problems.append("must be no more than 63 bytes")
    if not _VALUE.fullmatch(value):
        problems.append(_LABEL_VALUE)
    return "; ".join(problems)


_NAME_PART = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_QUALIFIED_NAME = (
    "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' "
    "(e.g. 'example.com/MyName')"
)
_SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation "
    "is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
