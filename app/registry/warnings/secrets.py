"""Secrets of type `kubernetes.io/tls` without a certificate or key in them, and accounts that fence in their Secrets.

Models the strategies of Secrets and ServiceAccounts in kubernetes `pkg/registry/core`, and the first half of Go's
`tls.X509KeyPair`: whether the key belongs to the certificate is not looked at.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

from app.api.objects import Obj, annotations_of

_MOUNTABLE = "kubernetes.io/enforce-mountable-secrets"
_SWITCHED = (
    "tls: failed to find certificate PEM data in certificate input, but did find a private key; "
    "PEM inputs may have been switched"
)
_BEGIN, _END = "-----BEGIN ", "-----"


def of_secret(obj: Obj) -> Iterator[str]:
    if obj.get("type") == "kubernetes.io/tls":
        data = obj.get("data") or {}
        certificate, key = (_blocks(data.get(name, "")) for name in ("tls.crt", "tls.key"))
        problem = _certificate_problem(certificate) or _key_problem(key)
        yield from (problem,) if problem else ()


def _certificate_problem(blocks: Sequence[str]) -> str:
    if "CERTIFICATE" in blocks:
        return ""
    if not blocks:
        return "tls: failed to find any PEM data in certificate input"
    if len(blocks) == 1 and blocks[0].endswith("PRIVATE KEY"):
        return _SWITCHED
    why = 'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks'
    return f"{why} of the following types: [{' '.join(blocks)}]"


def _key_problem(blocks: Sequence[str]) -> str:
    if any(block == "PRIVATE KEY" or block.endswith(" PRIVATE KEY") for block in blocks):
        return ""
    if not blocks:
        return "tls: failed to find any PEM data in key input"
    if blocks == ["CERTIFICATE"]:
        return "tls: found a certificate rather than a key in the PEM for the private key"
    why = 'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks'
    return f"{why} of the following types: [{' '.join(blocks)}]"


def _blocks(encoded: str) -> list[str]:
    """The types of the PEM blocks: "CERTIFICATE"."""
    text = base64.b64decode(encoded).decode("latin-1")
    found = ((part.partition(_END)[0], part) for part in text.split(_BEGIN)[1:])
    return [kind for kind, part in found if f"{_END}END {kind}{_END}" in part]


def of_account(obj: Obj) -> Iterator[str]:
    if _MOUNTABLE in annotations_of(obj):
        why = "deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"
        yield f"metadata.annotations[{_MOUNTABLE}]: {why}"
