"""Servers that keep themselves, as they are drawn: three clocks over the same servers, and how they are used.

What the servers agree on, what the operator wrote down, and what Kubernetes runs are three rows, for they are three
truths. `databases` and `queues` fill these in; `templates/_servers.html` draws them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from app.api.objects import Obj, Ref, kind_of, labels_of
from app.component_helpers import pods
from app.engine.trace import changes_of
from app.kubectl.printers.pods import pod_status
from app.look import Look
from app.web.present import card
from app.web.present.clock import virtual
from app.web.present.decisions import DecisionView
from app.web.present.words import Words

SECONDS, HEIGHT = 60, 30
LOOK_BACK = 2_000  # steps in which the newest second is looked for


class CellView(NamedTuple):
    """Of one server: a sign, a word or two, and a sentence."""

    glyph: str
    text: str
    tone: str  # one of card.GLYPHS
    more: str = ""
    why: str = ""


class ClockView(NamedTuple):
    """What one of the three knows."""

    id: str  # servers, operator, kubernetes
    title: str
    said: str  # of all together
    bad: bool
    cells: tuple[CellView, ...]


class ChoiceView(NamedTuple):
    label: str
    command: str
    fields: Mapping[str, object]
    pressed: bool
    name: str  # what it does, for those who do not see where it stands


class NumberView(NamedTuple):
    label: str
    value: str
    tone: str = ""


class BarsView(NamedTuple):
    """The last minute, second by second: what went well as bars that stand, what did not as bars above them."""

    good: str  # the path
    bad: str
    most: int
    since: str
    until: str


class UseView(NamedTuple):
    """How a database, or one queue, is used."""

    name: str
    about: str  # "leads: …-0, term 3"
    groups: tuple[tuple[str, tuple[ChoiceView, ...]], ...]  # a question, and its answers
    numbers: tuple[NumberView, ...]
    said: str
    bars: BarsView | None
    decision: DecisionView | None


class ServersView(NamedTuple):
    names: tuple[str, ...]  # ordinals
    full: tuple[str, ...]
    clocks: tuple[ClockView, ...]
    uses: tuple[UseView, ...]


def ordinal(name: str) -> str:
    return name.rpartition("-")[2]


def in_order(names: Iterable[str]) -> list[str]:
    return sorted(set(names), key=lambda name: (len(name), name))


def cell(tone: str, text: str, more: str = "", why: str = "") -> CellView:
    return CellView(card.GLYPHS[tone], text, tone, more, why)


def kubernetes(cluster: Look, namespace: str, names: Sequence[str], _: Words) -> ClockView:
    """What the API server says of the pods."""
    cells, ready = [], 0
    for name in names:
        pod = cluster.get(Ref("Pod", namespace, name))
        if pod is None:
            cells.append(cell("wait", _("no pod")))
            continue
        ready += pods.is_ready(pod)
        status = pod_status(pod)
        cells.append(cell(card.tone_of(status, pods.is_ready(pod)), status, why=pods.node_name(pod)))
    said = _("%(n)s of %(all)s pods ready", n=ready, all=len(names))
    return ClockView("kubernetes", _("Kubernetes knows"), said, ready < len(names), tuple(cells))


def operator_runs(cluster: Look, obj: Obj) -> bool:
    """Whether a loop that runs in a pod looks after it."""
    return any(state.is_operator and state.reconciles == kind_of(obj) for state in cluster.actors.values())


def with_label(cluster: Look, namespace: str, labels: Mapping[str, str]) -> list[str]:
    """The names of the pods that bear them."""
    found = cluster.objects("Pod", namespace)
    return [each["metadata"]["name"] for each in found if labels.items() <= labels_of(each).items()]


# --------------------------------------------------------------------------------------- second by second


def written(cluster: Look, ref: Ref) -> Iterator[tuple[Obj | None, Obj]]:
    """What the steps of the last minute in which it was written made of an object, newest first: (old, new)."""
    newest_ms = 0
    for step in reversed(cluster.trace.since(max(0, cluster.trace.count - LOOK_BACK))):
        if step.at_ms < newest_ms - SECONDS * 1000:
            return
        for change in changes_of(step):
            if change.ref == ref and change.new is not None:
                newest_ms = newest_ms or step.at_ms
                yield change.old, change.new


def bars(counts: Mapping[int, tuple[int, int]], epoch_ms: int) -> BarsView | None:
    """`counts`: by second since 1970 what went well, and what did not. None: nothing is known."""
    last = max((at for at, both in counts.items() if any(both)), default=0)
    shown = {at - last + SECONDS: both for at, both in counts.items() if at > last - SECONDS and any(both)}
    if not shown:
        return None
    most = max(sum(both) for both in shown.values())
    good, bad = [], []
    for at, (well, ill) in sorted(shown.items()):
        low, high = (HEIGHT * count / most for count in (well, well + ill))
        if well:
            good.append(_bar(at, 0, low))
        if ill:
            bad.append(_bar(at, low, high))
    since, until = (virtual(at * 1000 - epoch_ms)[:-2] for at in (last + 1 - SECONDS, last + 1))
    return BarsView("".join(good), "".join(bad), most, since, until)


def _bar(at: int, low: float, high: float) -> str:
    """One second is ten wide, the last of them left free."""
    return f"M{at * 10 - 10} {HEIGHT - low:.4g}v{low - high:.4g}h8v{high - low:.4g}z"
