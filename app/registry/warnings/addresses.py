"""IP addresses and networks that are taken, but not written as they should be.

What validation refuses anyway is not looked for again: only a `loadBalancerIP` may still have an odd form. Models
apimachinery `pkg/util/validation/ip.go` (GetWarningsForIP, GetWarningsForCIDR).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from app.registry.validation import causes


def of_address(field: str, text: str) -> Iterator[str]:
    try:
        address = ipaddress.ip_address(causes.without_zeros(text))
    except ValueError:
        return
    plain = getattr(address, "ipv4_mapped", None) or address
    if plain is not address or (address.version == 4 and str(address) != text):
        yield f'{field}: non-standard IP address "{text}" is invalid: use "{plain}"'
    elif str(address) != text and "%" not in text:
        yield f'{field}: IPv6 address "{text}" should be in RFC 5952 canonical format ("{address}")'


def of_network(field: str, text: str) -> Iterator[str]:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        return
    if network.version == 6 and str(network) != text:
        yield f'{field}: IPv6 CIDR value "{text}" should be in RFC 5952 canonical format ("{network}")'
