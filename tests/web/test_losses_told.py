"""The sentence for requests that failed: its numbers are those of the data, what it says was so, and it can be read."""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import Any

import pytest

from app.api import losses
from app.api.loads import DIRECT, NODE_PORT
from app.api.losses import Loss
from app.commands import SetTraffic
from app.nodes.network.capacity import Capacity
from app.nodes.network.requests import Endpoint, PodAt, Rules, Span, Window, simulate
from app.web.language import words
from app.web.present.captions import LONGEST
from app.web.present.names import tell
from tests.nodes.test_traffic import LOAD, WEB, failures, shop, under_load
from tests.support.telling import said_of

NODES = ("node-1", "node-2", "node-3")
PODS = tuple(f"web-5b48f95c97-{tail}" for tail in ("zdwdg", "gkzql", "x9vng"))
NUMBERS = {
    "all": re.compile(r"(?P<n>\d+) of (?P<sent>\d+) (refused|cut off|timed out|got 503|turned away): "),
    "some": re.compile(r"(?P<failed>\d+) of (?P<sent>\d+) failed, (?P<n>\d+) "),
}


def random_window(rng: random.Random) -> Window:
    """Three machines, a pod on each, and any of them in any trouble that the simulation knows."""
    places = [Endpoint(pod, node, rng.choice([80, 80, 80, 81])) for pod, node in zip(PODS, NODES, strict=True)]
    spans = [Span(0, None, None), Span(10_500, None, None), Span(0, 10_400, None), Span(0, 10_600, 10_600)]
    pods = {
        (place.pod, place.node): PodAt(
            place.node, (rng.choice(spans),), (80,), Capacity(rng.choice([5, 20, 400]), rng.randrange(1, 5), 3)
        )
        for place in places
        if rng.random() < 0.9
    }
    rules = {node: [Rules(0, rng.sample(places, rng.randrange(4)))] for node in ("", *NODES)}
    return Window(
        10_000, 11_000, rng.randrange(1, 200), rng.choice([NODE_PORT, DIRECT]), str(rng.random()),
        NODES if rng.random() < 0.9 else (), rules, pods, {node: 0 for node in NODES if rng.random() < 0.2},
    )  # fmt: skip


def as_told(window: Window) -> dict[str, Any]:
    outcome = simulate(window)
    found = [list(loss) for loss in outcome.losses]
    return {"sent": outcome.sent, "ok": outcome.ok, "failed": outcome.failed, "losses": found}


def said(told: dict[str, Any], lang: str = "en") -> str:
    message = losses.sentence(told, "default")
    return tell(message, words(lang)) if message is not None else ""


@pytest.mark.parametrize("seed", range(300))
def test_the_numbers_of_the_sentence_are_those_of_the_data(seed: int) -> None:
    told = as_told(random_window(random.Random(seed)))
    found = [Loss(*each) for each in told["losses"]]
    by_reason: Counter[str] = Counter()
    for loss in found:
        by_reason[losses.FAILURE_OF[loss.cause]] += loss.n
    assert by_reason == told["failed"]
    text = said(told)
    if not found:
        assert (text, told["ok"]) == ("", told["sent"])
        return
    form = NUMBERS["all" if len(found) == 1 else "some"].match(text)
    assert form, text
    numbers = {name: int(number) for name, number in form.groupdict().items()}
    assert numbers["n"] == max(loss.n for loss in found)
    assert numbers["sent"] == told["sent"]
    assert numbers.get("failed", numbers["n"]) == told["sent"] - told["ok"]
    for lang, longest in LONGEST.items():
        assert 0 < len(said(told, lang)) <= longest, said(told, lang)


@pytest.mark.parametrize("seed", range(300))
def test_who_is_named_had_that_trouble(seed: int) -> None:
    window = random_window(random.Random(seed))
    for loss in simulate(window).losses:
        if not loss.who:
            continue
        pod = next((pod for key, pod in window.pods.items() if key[0] == loss.who), None)
        so = {
            losses.POD_GONE: pod is None,
            losses.POD_STOPPED: pod is not None and pod.spans[0].until_ms is not None,
            losses.POD_STARTING: pod is not None and pod.spans[0].from_ms > window.from_ms,
            losses.PORT_CLOSED: pod is not None,
            losses.POD_DIED: pod is not None and pod.spans[0].dies_ms is not None,
            losses.NODE_DARK: loss.who in window.dark,
            losses.POD_DARK: loss.who in window.dark,
            losses.TOO_SLOW: pod is not None and pod.capacity.service_ms > 5,
            losses.QUEUE_FULL: pod is not None,
        }
        assert so[loss.cause], loss
        if loss.rules:
            assert loss.rules in NODES


@pytest.mark.parametrize("cause", losses.FAILURE_OF)
@pytest.mark.parametrize("many", [False, True])
def test_each_cause_reads_well_at_its_longest(cause: str, *, many: bool) -> None:
    is_node = cause in (losses.NODE_DARK, losses.POD_DARK)
    who = "" if many else "node-12" if is_node else PODS[0]
    loss = Loss(cause, 1999, who, 12 if many else 1, "" if many else "node-12", 12 if many else 1)
    told = {"sent": 2000, "ok": 0, "losses": [list(loss), list(loss._replace(n=1))]}
    for lang, longest in LONGEST.items():
        text = said(told, lang)
        assert 0 < len(text) <= longest, text
        assert "%(" not in text


def test_a_kill_under_load_is_told_once_and_so_is_that_all_are_served_again() -> None:
    world = under_load(shop())
    begun = world.trace.count
    name = world.objects("Pod", "default")[0]["metadata"]["name"]
    world.kill(name)
    failures(world, 12)
    told = [step for step in world.trace.since(begun) if step.key == LOAD and world.matters(step)]
    texts = [
        text for step in told if (text := said_of(world, step)["en"].text) and step.record.__class__.__name__ == "Acted"
    ]
    assert re.fullmatch(
        rf"\d+ of 300 refused: pod …{name[-5:]} had stopped, (the rules of 3 nodes|node-\d’s rules) still named it\.",
        texts[0],
    ), texts
    assert texts[1:] == ["Requests to web are all answered again."]


def test_traffic_that_fails_steadily_is_quiet_and_told_once() -> None:
    world = under_load(shop(notes='loopscope.dev/service-ms: "50", loopscope.dev/concurrency: "1"'), rps=40)
    world.do(SetTraffic(WEB, 200))
    failures(world, 20)
    assert world.quiet
