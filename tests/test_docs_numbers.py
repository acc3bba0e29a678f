"""Numbers that README and docs/ say of the program are the program's. Figures that were measured are not meant.

docs/validation.md is counted by tests/registry/rules; the workshop, docs/lessons.md and docs/adding-a-controller.md are
lived through by tests of their own.
"""

from __future__ import annotations

import fnmatch
import inspect
import math
import re
from pathlib import Path
from typing import Any

import pytest

from app import scenarios
from app.api import limits
from app.apiserver import events
from app.controllers import service_lb
from app.controllers.node import node_health
from app.engine.trace import Trace
from app.nodes.network import health_checks, traffic
from app.nodes.network.capacity import Capacity
from app.nodes.runtime import images
from app.operators.mysql import clients, servers
from app.operators.own import flapping
from app.operators.rabbitmq import people, raft
from app.registry.defaults import defaults_pods
from app.rooms import (
    autosave,
    broadcast,
    checkpoints,
    counterpart,
    database,
    guard,
    marks,
    motion,
    replaying,
    shares,
    slicing,
)  # fmt: skip
from app.scenarios import form
from app.web import rates
from app.web.present import board
from tools import ensure_kubectl

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests"
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBERS = {word: float(count) for count, word in enumerate(WORDS)} | {
    "half": 0.5, "fifth": 5, "tenth": 10, "twenty": 20, "fifty": 50, "fiftieth": 50
}  # fmt: skip
NUMBER = rf"(\d[\d,.]*\d|\d|\b(?:{'|'.join(NUMBERS)})\b)"
UNITS = {"KiB": limits.KIB, "MiB": limits.MIB, "minutes": 60}

LESSONS = len(scenarios.every())
OLDEST, *NEWER = ensure_kubectl.ALL
SILENCE_S, TOLERATED_S = node_health.GRACE_MS / 1000, defaults_pods.DEFAULT_TOLERATION_SECONDS
RANDOM_BITS = math.floor((shares.LENGTH - shares.ROUTED) * math.log2(len(shares.ALPHABET)))
CRASH_S, SLOW_S = images._CRASH_MS / 1000, images._SLOW_MS / 1000
STEPS_KEPT = inspect.signature(Trace).parameters["limit"].default

# Where it stands, the words with # for each number, and the numbers.
SAID: tuple[tuple[str, str, tuple[float, ...]], ...] = (
    ("README.md", "has # lessons", (LESSONS,)),
    ("README.ja.md", "# のレッスン", (LESSONS,)),
    ("README.ja.md", "の # グループ", (len(form.GROUPS),)),
    ("README.md", "after about # seconds, its pods are replaced after about #",
     (SILENCE_S, SILENCE_S + TOLERATED_S)),
    ("README.ja.md", "約 # 秒で止まり", (SILENCE_S,)),
    ("README.ja.md", "約 # 秒で別のノード", (SILENCE_S + TOLERATED_S,)),
    ("README.md", "exits after # seconds, `slow` takes #", (CRASH_S, SLOW_S)),
    ("README.ja.md", "`crash` は # 秒後に終了し、`slow` は起動に # 秒", (CRASH_S, SLOW_S)),
    ("README.md", "tested with 1.# and 1.# to 1.#", (OLDEST, NEWER[0], NEWER[-1])),
    ("README.ja.md", "1.# と 1.#〜1.# でテスト済み", (OLDEST, NEWER[0], NEWER[-1])),
    ("docs/trust.md", "in slices of # ms", (slicing.SLICE_S * 1000,)),
    ("docs/trust.md", "at most # a second is not", (autosave.INTERVAL_S,)),
    ("docs/trust.md", "Names have # random bits", (RANDOM_BITS,)),
    ("docs/trust.md", "Of IPv6 # bits", (rates.IPV6_BLOCK,)),
    ("docs/trust.md", "# seconds are CPU time", (limits.SLICE_CPU_S,)),
    ("docs/architecture.md", "slices of at most # ms", (slicing.SLICE_S * 1000,)),
    ("docs/architecture.md", "after # ms others go first", (slicing.SLICE_S * 1000,)),
    ("docs/architecture.md", "What takes more than # slices", (slicing.FEW,)),
    ("docs/architecture.md", "at most # times a second turns", (1 / broadcast.FRAME_S,)),
    ("docs/architecture.md", "up after # minutes of virtual time or # steps",
     (counterpart.LONGEST_MS / 60_000, counterpart.MOST_STEPS)),
    ("docs/architecture.md", "From # pods, or # a node", (board.CELLS_FROM, board.CELLS_FROM_A_NODE)),
    ("docs/architecture.md", "takes at most # seconds and the page says so", (motion.LENS_CAP_S,)),
    ("docs/architecture.md", "digest of the trace every # steps", (marks.EVERY,)),
    ("docs/architecture.md", "checkpoint that lies # steps back", (replaying.PAST,)),
    ("docs/architecture.md", "Rooms are written every # steps", (checkpoints.EVERY,)),
    ("docs/architecture.md", "the last # steps each is at most # after",
     (checkpoints.RECENT, checkpoints.WITHIN)),
    ("docs/architecture.md", "acts on # pods at a time", (limits.ACTS_AT_A_TIME,)),
    ("docs/architecture.md", "# times in a second of CPU time", (1 / guard.TICK_S,)),
    ("docs/architecture.md", "for the # time since he began", (limits.SLICE_CPU_S / guard.TICK_S,)),
    ("docs/serving.md", "# rooms in memory, # viewers of a room", (limits.ROOMS_IN_MEMORY, limits.VIEWERS_OF_ROOM)),
    ("docs/serving.md", "times # MiB of objects", (limits.SERVER_BYTES / limits.MIB,)),
    ("docs/serving.md", "tried again every # seconds", (database.HELD_S,)),
    ("docs/fidelity.md", "replays # recorded scenarios", (len([*TESTS.glob("conformance/recorded/*.facts.json")]),)),
    ("docs/fidelity.md", "a catalogue of # shapes", (len([*TESTS.glob("scenarios/shapes/**/*.y*ml")]),)),
    ("docs/fidelity.md", "After # s of silence", (SILENCE_S,)),
    ("docs/fidelity.md", "tolerations of # s; one node per zone in # s",
     (TOLERATED_S, node_health.EVICTION_PAUSE_MS / 1000)),
    ("docs/fidelity.md", "checks health every # s", (health_checks.INTERVAL_MS / 1000,)),
    ("docs/fidelity.md", "from the # similar one on, limited to a burst of #",
     (events._SIMILAR_LIMIT, events._SPAM_BURST)),
    ("docs/fidelity.md", "at most # deep, # schemas and enum values; # kinds a cluster",
     (limits.SCHEMA_DEPTH, limits.SCHEMA_NODES, limits.CUSTOM_KINDS)),
    ("docs/fidelity.md", "at most # values looked at", (limits.SCHEMA_WORK,)),
    ("docs/fidelity.md", "# evaluations of its parts, and # for all rules", (limits.CEL_CALL, limits.CEL_OBJECT)),
    ("docs/fidelity.md", "# evaluations an expression, # for all policies of one request",
     (limits.CEL_CALL, limits.CEL_REQUEST)),
    ("docs/fidelity.md", "# policies, # bindings, # characters",
     (limits.POLICIES, 2 * limits.POLICIES, limits.POLICIES_CHARACTERS)),
    ("docs/fidelity.md", "a script of more than # letters or # operations",
     (limits.COMMAND_LENGTH, limits.COMMAND_WORK)),
    ("docs/fidelity.md", "of more than # pods every # second", (traffic._MANY_PODS, traffic._MANY_EVERY)),
    ("docs/fidelity.md", "(# ms, # at once, queue of #;",
     (Capacity().service_ms, Capacity().concurrency, Capacity().queue)),
    ("docs/fidelity.md", "asked for again every # minutes", (service_lb.AGAIN_MS / 60_000,)),
    ("docs/fidelity.md", "ready after # s, an address", (service_lb.CLOUD_MS / 1000,)),
    ("docs/fidelity.md", "a heartbeat of # s", (people.HEARTBEAT_MS / 1000,)),
    ("docs/fidelity.md", "that it writes # times within a minute", (flapping.AGAIN,)),
    ("docs/fidelity.md", "drawn as cells (# pods or more, or # a node)", (board.CELLS_FROM, board.CELLS_FROM_A_NODE)),
    ("docs/fidelity.md", "# objects, # Events, # changes and # steps kept per cluster, # KiB per manifest, "
     "# documents, # levels of nesting, # nodes",
     (limits.OBJECTS, events.EVENT_LIMIT, limits.CHANGES_KEPT, STEPS_KEPT, limits.MANIFEST_BYTES / limits.KIB,
      limits.MANIFEST_DOCUMENTS, limits.MANIFEST_DEPTH, limits.MACHINES)),
    ("docs/operators.md", "# s incremental, # s as a clone", (servers.INCREMENTAL_MS / 1000, servers.CLONE_MS / 1000)),
    ("docs/operators.md", "clients write to # rows, and know of what others wrote # ms later",
     (clients.ROWS, clients.LAG_MS)),
    ("docs/operators.md", "waits for a majority and # clients wait already", (clients.CONNECTIONS,)),
    ("docs/operators.md", "# ms and a lot of up to # ms, then votes", raft.CLOSED),
    ("docs/operators.md", "at most # that are unconfirmed, and pauses while # wait",
     (people.MOST_OPEN, people.MOST_WAITING)),
    ("docs/operators.md", "after a heartbeat of # s; then it goes to another server after # s",
     (people.HEARTBEAT_MS / 1000, people.RECONNECT_MS / 1000)),
)  # fmt: skip


def number(text: str) -> float:
    return NUMBERS[text.lower()] if text.lower() in NUMBERS else float(text.replace(",", ""))


@pytest.mark.parametrize(("page", "words", "meant"), SAID, ids=lambda value: value if isinstance(value, str) else "")
def test_what_a_page_says_is_so(page: str, words: str, meant: tuple[float, ...]) -> None:
    text = " ".join((ROOT / page).read_text("utf-8").split())
    said = re.findall(re.escape(words).replace(r"\#", NUMBER).replace("#", NUMBER), text, re.IGNORECASE)
    assert said, "the page says something else: look, and mend this list"
    for found in said:
        numbers = (found,) if isinstance(found, str) else found
        assert [number(each) for each in numbers] == pytest.approx([*meant])


def test_the_versions_of_kubectl_are_those_that_are_pinned() -> None:
    text = " ".join((ROOT / "docs/kubectl.md").read_text().split())
    (said,) = re.findall(r"real binary of kubectl ([\d., and]+) \(`make kubectls`; .*?take ([\d., and]+)\)", text)
    assert re.findall(r"1\.(\d+)\.\d+", said[0]) == [str(each) for each in ensure_kubectl.ALL]
    assert re.findall(r"-v(\d+)==", ensure_kubectl.PINS.read_text()) == [str(each) for each in ensure_kubectl.ALL]
    assert re.findall(r"1\.(\d+)", said[1]) == [str(each) for each in ensure_kubectl.USUAL]


# ------------------------------------------------------------------------------------ the limits of docs/trust.md


def rows() -> list[tuple[str, str, str]]:
    table = (ROOT / "docs/trust.md").read_text().partition("## Limits by name")[2]
    found = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines() if "| `" in line]
    return [(what, names, beyond) for what, names, beyond in found]


def named(names: str) -> dict[str, Any]:
    """The limits that a cell names: `A_BYTES`, all that begin with `SCHEMA_...`, all that end with `..._IN_MEMORY`."""
    patterns = [name.replace("...", "*") for name in re.findall(r"`([^`]+)`", names) if name != "RATES"]
    found = {}
    for pattern in patterns:
        those = {name: value for name, value in vars(limits).items() if fnmatch.fnmatchcase(name, pattern)}
        assert those, pattern
        found |= those
    return found


RATED = {
    round(value)
    for budget in rates.RATES.values()
    for rate in budget
    if rate is not None
    for value in (rate.burst, rate.per_s * rates.HOUR_S)
}


def test_there_are_rows() -> None:
    assert len(rows()) > 30


@pytest.mark.parametrize(("what", "names", "beyond"), rows(), ids=[names for _, names, _ in rows()])
def test_a_limit_is_the_number_that_the_page_says(what: str, names: str, beyond: str) -> None:
    known = {float(value) for value in named(names).values()}
    known |= RATED if "RATES" in names else set()
    known |= {2.0 * limits.POLICIES} if "POLICIES" in names else set()  # bindings
    said = [
        float(amount.replace(",", "")) * UNITS.get(unit, 1)
        for amount, unit in re.findall(r"(?<![\d.])(\d[\d,.]*\d|\d) ?(KiB|MiB|minutes)?", what)
    ]
    assert said or "RATES" in names
    assert not [each for each in said if each not in known], known
