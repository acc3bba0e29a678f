"""How often one may ask: token buckets by visitor, by room and by address, and whose address it is.

A visitor is his cookie, which he may throw away: then the room and the address still have their budgets. That of an
address fits a lecture hall behind one NAT. What is refused to one of them costs the others nothing. Of IPv6 a block of
64 bits counts as one address, for a guest is given at least that many.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from app.api import errors
from app.api.messages import N_
from app.web import language
from app.web.tally import Tally

HOUR_S = 3_600
IPV6_BLOCK = 64

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Rate(NamedTuple):
    """`burst` at once, `per_s` in the long run."""

    burst: int
    per_s: float


class Budget(NamedTuple):
    """Of what one visitor, all in one room and all behind one address may ask for; None: as much as they like."""

    visitor: Rate | None = None
    room: Rate | None = None
    address: Rate | None = None


# A file of a room costs as much as all of its past.
# One kubectl command is up to twenty requests of an API client. A room is made once a visitor, and for a hall at once.
RATES = {
    "command": Budget(Rate(200, 50), Rate(1_000, 200), Rate(2_000, 500)),
    "room": Budget(Rate(30, 30 / HOUR_S), None, Rate(600, 600 / HOUR_S)),
    "file": Budget(Rate(20, 120 / HOUR_S), Rate(60, 240 / HOUR_S), Rate(400, 1_200 / HOUR_S)),
    "look": Budget(Rate(600, 100), None, Rate(10_000, 1_000)),
    "past": Budget(Rate(600, 30), Rate(1_000, 100), Rate(4_000, 300)),
    "kube": Budget(None, Rate(5_000, 2_000), Rate(10_000, 4_000)),
}
_REFUSED = {
    "visitor": N_("Too many requests from you. Wait a moment and try again."),
    "room": N_("Too many requests for this room. Wait a moment and try again."),
    "address": N_("Too many requests from your address, which you may share with others. Wait a moment and try again."),
}


class Buckets:
    """One per (what, whose, name)."""

    def __init__(
        self, rates: Mapping[str, Budget], clock: Callable[[], float] = time.monotonic, tally: Tally | None = None
    ) -> None:
        self._rates = rates
        self._clock = clock
        self._tally = tally or Tally()
        self.refused = 0

    def take(self, what: str, *, visitor: str = "", room: str = "", address: str = "") -> None:
        """One of each who is named, or none. Raises TooManyRequests; its details say after how many seconds it is worth
        trying again."""
        budget, now = self._rates[what], self._clock()
        names = {"visitor": visitor, "room": room, "address": address}
        with self._tally.alone():
            found = {}
            for whose, rate in budget._asdict().items():
                if rate is not None and (whose == "address" or names[whose]):
                    tokens, since = self._tally.get(f"{what} {whose} {names[whose]}") or (float(rate.burst), now)
                    found[whose] = rate, min(rate.burst, tokens + (now - since) * rate.per_s)
            short = next((whose for whose, (_, tokens) in found.items() if tokens < 1), None)
            for whose, (_, tokens) in found.items():
                self._tally.put(f"{what} {whose} {names[whose]}", tokens if short else tokens - 1, now)
        self.refused += short is not None
        if short is not None:
            rate, tokens = found[short]
            wait = max(1, round((1 - tokens) / rate.per_s))
            raise errors.TooManyRequests(language.here()(_REFUSED[short]), details={"retryAfterSeconds": wait})


# -------------------------------------------------------------------------------------------- addresses


def client_of(peer: str, forwarded: str, proxies: Sequence[Network]) -> str:
    """Whose request it is: that of `peer`, or, if that is a proxy of ours, of whom it says in X-Forwarded-For.

    Each proxy adds at the right whom it heard. So it is read from there, as long as those who wrote it are ours; what
    stands further left anybody may have made up."""
    found = _parsed(peer)
    for name in reversed(forwarded.split(",")):
        if found is None or not _is_in(found, proxies):
            break
        heard = _parsed(name)
        if heard is None:
            break
        found = heard
    return peer if found is None else _block(found)


def network(text: str) -> Network:
    """Raises ValueError."""
    return ipaddress.ip_network(text.strip(), strict=False)


def _parsed(text: str) -> Address | None:
    """With or without a port, as proxies write it."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in each for each in networks)


def _block(address: Address) -> str:
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, IPV6_BLOCK), strict=False))
