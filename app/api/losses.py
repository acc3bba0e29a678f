"""Why requests were lost: what a window of traffic counts, cause by cause, and the sentence that says so.

The request generator knows the cause of each (app/nodes/network/requests.py) and keeps the sums in the window of its
Load; it tells them when they are news, and the page shows them beside the numbers (app/web/present/traffic.py).

    19 of 120 refused: pod …zdwdg had stopped, node-3’s rules still named it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from app.api.messages import N_, Message, message
from app.api.objects import Ref

NO_ENDPOINT = "NoEndpoint"  # rejected by the rules: there is nobody to send it to
REFUSED = "ConnectionRefused"  # nobody listens there (any more, or yet)
RESET = "ConnectionReset"  # the process died in the middle of it
TIMEOUT = "Timeout"  # no answer within a second
OVERLOAD = "Overload"  # 503: the queue of the pod was full
FAILURES = (NO_ENDPOINT, REFUSED, RESET, TIMEOUT, OVERLOAD)

NO_TARGET, NO_RULE = "NoTarget", "NoRule"
POD_GONE, POD_STOPPED, POD_STARTING, PORT_CLOSED = "PodGone", "PodStopped", "PodStarting", "PortClosed"
POD_DIED = "PodDied"
NODE_DARK, POD_DARK, TOO_SLOW = "NodeDark", "PodDark", "TooSlow"
QUEUE_FULL = "QueueFull"
FAILURE_OF = {
    NO_TARGET: NO_ENDPOINT,  # the load balancer knows no machine that is well
    NO_RULE: NO_ENDPOINT,  # the rules that it came to name nobody
    POD_GONE: REFUSED,  # nothing of the pod is left on its machine
    POD_STOPPED: REFUSED,  # its program listened, and does not any more
    POD_STARTING: REFUSED,  # its program does not listen yet
    PORT_CLOSED: REFUSED,  # its program listens elsewhere
    POD_DIED: RESET,
    NODE_DARK: TIMEOUT,  # the machine that it came to cannot be reached
    POD_DARK: TIMEOUT,  # the machine of the pod that it was for cannot be reached
    TOO_SLOW: TIMEOUT,
    QUEUE_FULL: OVERLOAD,
}
"""Each cause, and what the client saw of it."""


class Loss(NamedTuple):
    """Requests that were lost to one cause in a window. A name stands only where it is one: "" with many, or none."""

    cause: str
    n: int
    who: str  # the pod that it was up to; of what is dark the machine
    whos: int
    rules: str  # the machine whose rules sent it there; "" also for the load balancer's own list
    nodes: int  # so many machines' rules; 0: the load balancer's list


def of(found: Iterable[tuple[str, str, str | None]]) -> list[Loss]:
    """From a cause, who, and whose rules (None: they had no part in it) of each lost request; the largest first."""
    counts: dict[str, int] = {}
    whos: dict[str, set[str]] = {}
    rules: dict[str, set[str]] = {}
    for cause, who, node in found:
        counts[cause] = counts.get(cause, 0) + 1
        whos.setdefault(cause, set()).update((who,) if who else ())
        rules.setdefault(cause, set()).update((node,) if node else ())
    order = tuple(FAILURE_OF)
    causes = sorted(counts, key=lambda cause: (-counts[cause], order.index(cause)))
    return [Loss(cause, counts[cause], *_one_of(whos[cause]), *_one_of(rules[cause])) for cause in causes]


def _one_of(names: set[str]) -> tuple[str, int]:
    return next(iter(names)) if len(names) == 1 else "", len(names)


def sentence(window: Mapping[str, Any], namespace: str) -> Message | None:
    """What most of the failures of a window come from; None: every request of it was answered."""
    sent, failed = window["sent"], window["sent"] - window["ok"]
    if not failed:
        return None
    main = Loss(*window["losses"][0])
    verb, why = message(VERBS[FAILURE_OF[main.cause]]), _why(main, namespace)
    if main.n == failed:
        return message(N_("%(n)s of %(sent)s %(verb)s: %(why)s."), n=main.n, sent=sent, verb=verb, why=why)
    text = N_("%(failed)s of %(sent)s failed, %(n)s %(verb)s: %(why)s.")
    return message(text, failed=failed, n=main.n, sent=sent, verb=verb, why=why)


def cause(window: Mapping[str, Any]) -> str:
    """That of most failures of a window; "" if nothing failed."""
    return next((str(loss[0]) for loss in window.get("losses", ())), "")


VERBS = {
    NO_ENDPOINT: N_("turned away"),
    REFUSED: N_("refused"),
    RESET: N_("cut off"),
    TIMEOUT: N_("timed out"),
    OVERLOAD: N_("got 503"),
}
WHYS = {
    NO_TARGET: (N_("no node passed the load balancer’s check"),),
    NO_RULE: (N_("%(rules)s named no pod"),),
    POD_GONE: (
        N_("%(who)s was gone, %(rules)s still named it"),
        N_("%(n)s pods were gone, %(rules)s still named them"),
    ),
    POD_STOPPED: (
        N_("%(who)s had stopped, %(rules)s still named it"),
        N_("%(n)s pods had stopped, %(rules)s still named them"),
    ),
    POD_STARTING: (
        N_("%(who)s did not listen yet, %(rules)s already named it"),
        N_("%(n)s pods did not listen yet, %(rules)s already named them"),
    ),
    PORT_CLOSED: (N_("%(who)s does not listen on that port"), N_("%(n)s pods do not listen on that port")),
    POD_DIED: (N_("%(who)s ended in the middle of them"), N_("%(n)s pods ended in the middle of them")),
    NODE_DARK: (
        N_("%(who)s was out of reach, the load balancer still sent to it"),
        N_("%(n)s nodes were out of reach, the load balancer still sent to them"),
    ),
    POD_DARK: (
        N_("%(who)s was out of reach, %(rules)s still sent there"),
        N_("%(n)s nodes were out of reach, %(rules)s still sent there"),
    ),
    TOO_SLOW: (N_("%(who)s took longer than 1 s"), N_("%(n)s pods took longer than 1 s")),
    QUEUE_FULL: (N_("the queue of %(who)s was full"), N_("the queues of %(n)s pods were full")),
}
"""Each cause in words: of one, and of several. Two sentences, since not every language changes a noun alone."""


def _why(loss: Loss, namespace: str) -> Message:
    kind = "Node" if loss.cause in (NODE_DARK, POD_DARK) else "Pod"
    text = WHYS[loss.cause][-1 if loss.whos > 1 else 0]
    return message(text, who=Ref(kind, namespace, loss.who), n=loss.whos, rules=_rules(loss))


def _rules(loss: Loss) -> Message:
    if not loss.nodes:
        return message(N_("the load balancer’s list"))
    if loss.nodes == 1:
        return message(N_("%(node)s’s rules"), node=loss.rules)
    return message(N_("the rules of %(n)s nodes"), n=loss.nodes)
