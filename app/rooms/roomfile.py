"""A room as a small text that people can read, edit and send: what was done in it, and when.

`written` makes one, `read` takes it apart; sharing.py says what becomes of it. What is read may come from anybody: it
is bounded, nothing of it is executed, and a mistake is told with its line, its field and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from typing import Any, NamedTuple

from app import scenarios
from app.api import errors, limits, quantities
from app.api.breath import breathing
from app.apimachinery.yamltext import dump
from app.cluster import Entry
from app.commands import COMMANDS, Bootstrap, command_from_json
from app.rooms.marks import DIGEST_LENGTH, EVERY
from app.scenarios import Scenario
from app.scenarios.places import Place, ScriptError, nearest, whole

FORMAT = 1
_FIELDS = ("format", "version", "lesson", "seed", "began", "commands", "end", "marks", "progress")
_ENTRY = ("step", "at_ms", "left_out")
_DIGESTS_A_LINE = 10
_LONGEST_PROBLEM = 300  # characters
_LONGEST_MS = 10 * 366 * 86_400_000  # a room has not lived for ten years
_HEAD = """\
# A room of Loopscope: what was done in it, and when. Import it on the page of any room, or: loopscope replay FILE
# You may edit it. `at_ms` counts from the beginning. From the first mark on that differs, or without any marks,
# commands come at their times instead of their steps.
"""


class NotARoom(errors.BadRequest):
    """A text that cannot be taken: in which line, if that is known, what is wrong, and what to do."""

    def __init__(self, problem: str, fix: str, line: int = 0) -> None:
        said = f"{problem if len(problem) <= _LONGEST_PROBLEM else f'{problem[:_LONGEST_PROBLEM]}…'}. {fix}"
        super().__init__(f"line {line}: {said}" if line else said)


class Past(NamedTuple):
    """All that a room has come from, and how it can be known again."""

    version: str  # of the code that told it
    lesson: str
    seed: int
    epoch_ms: int
    journal: Sequence[Entry]
    steps: int
    now_ms: int
    digests: Sequence[str] = ()  # after every `every` steps
    every: int = EVERY
    end: str = ""  # the digest of all
    progress: Mapping[str, Any] = {}  # how far it has come with its lesson


# ----------------------------------------------------------------------------------------------- writing


def written(past: Past) -> str:
    """Raises TooLarge for what nobody could read in again."""
    end: dict[str, Any] = {"step": past.steps, "at_ms": past.now_ms - past.epoch_ms, "digest": past.end}
    rows = range(0, len(past.digests), _DIGESTS_A_LINE)
    head = {
        "format": FORMAT,
        "version": past.version,
        "lesson": past.lesson,
        "seed": past.seed,
        "began": datetime.fromtimestamp(past.epoch_ms / 1000, UTC).isoformat().replace("+00:00", "Z"),
    }
    commands = (dump([_command(entry, past.epoch_ms)], sort_keys=False) for entry in breathing(past.journal))
    tail = {
        "end": end,
        "marks": {
            "every": past.every,
            "digests": [" ".join(past.digests[at : at + _DIGESTS_A_LINE]) for at in rows],
        },
        **({"progress": past.progress} if past.progress else {}),
    }
    text = "".join((_HEAD, dump(head, sort_keys=False), "commands:\n", *commands, dump(tail, sort_keys=False)))
    if len(text.encode("utf-8", "surrogatepass")) > limits.ROOM_FILE_BYTES:
        raise errors.TooLarge(f"what was done in this room takes more than {limits.ROOM_FILE_BYTES} bytes")
    return text


def _command(entry: Entry, epoch_ms: int) -> dict[str, Any]:
    """What a field is anyway is not said."""
    head = {"step": entry.step, "at_ms": entry.at_ms - epoch_ms}
    kind = COMMANDS.get(str(entry.command.get("do")))
    usual = {each.name: each.default for each in fields(kind) if each.default is not MISSING} if kind else {}
    said = {name: value for name, value in entry.command.items() if name not in usual or value != usual[name]}
    return {**head, **({"left_out": entry.left_out} if entry.left_out else {}), **said}


# ----------------------------------------------------------------------------------------------- reading


def read(text: str) -> Past:
    """Raises NotARoom."""
    try:
        return _past(whole(text, called="the file", most=limits.ROOM_FILE_BYTES))
    except ScriptError as error:
        raise NotARoom(error.problem, error.fix, error.line) from None


def _past(place: Place) -> Past:
    place.fields(_FIELDS)
    form = place.needed("format")
    if form.value != FORMAT or isinstance(form.value, bool):
        raise form.wrong(f"format {str(form.value)[:20]} is unknown here", f"This Loopscope reads format {FORMAT}.")
    epoch_ms = _began(place.needed("began"))
    end = place.needed("end").fields(("step", "at_ms", "digest"))
    steps = _number(end.needed("step"), limits.STEPS_OF_ROOM_FILE)
    now_ms = epoch_ms + _number(end.needed("at_ms"), _LONGEST_MS)
    every, digests = _marks(place.at("marks")) if place.has("marks") else (EVERY, [])
    lesson = _lesson(place.needed("lesson"))
    return Past(
        version=_short(place.at("version")) if place.has("version") else "",
        lesson=lesson.id,
        seed=_number(place.needed("seed"), 2**63 - 1),
        epoch_ms=epoch_ms,
        journal=_journal(place.needed("commands"), epoch_ms, steps, now_ms),
        steps=steps,
        now_ms=now_ms,
        digests=digests,
        every=every,
        end=_digests(end.at("digest"))[0] if end.has("digest") else "",
        progress=_progress(place.at("progress"), lesson) if place.has("progress") else {},
    )


def _journal(place: Place, epoch_ms: int, steps: int, now_ms: int) -> list[Entry]:
    found: list[Entry] = []
    items = list(place.items())
    if not 1 <= len(items) <= limits.COMMANDS_OF_ROOM:
        raise place.wrong(
            f"commands are {len(items)}", f"A room has at least one, and {limits.COMMANDS_OF_ROOM} at most."
        )
    for number, item in enumerate(breathing(items)):
        entry = _entry(item, epoch_ms)
        if (entry.command["do"] == Bootstrap.do) != (number == 0):
            raise item.wrong(f"{item.name} is in the wrong place", "The first command is bootstrap, and no other.")
        if found and (entry.step <= found[-1].step or entry.at_ms < found[-1].at_ms):
            fix = "Give each a step and a time after the one before it."
            raise item.wrong(f"{item.name} is no later than the command before it", fix)
        if entry.step >= steps or entry.at_ms > now_ms:
            raise item.wrong(f"{item.name} comes after the end", "Move the end, or leave the command out.")
        found.append(entry)
    return found


def _entry(place: Place, epoch_ms: int) -> Entry:
    if not isinstance(place.value, Mapping):
        raise place.wrong(f"{place.name} is no map", "Write fields with a colon: `do: scale`.")
    named = place.needed("do")
    if not isinstance(named.value, str) or named.value not in COMMANDS:
        raise named.wrong(f"there is no command {str(named.value)[:40]}", nearest(str(named.value)[:40], COMMANDS))
    said = {name: value for name, value in place.value.items() if name not in _ENTRY}
    try:
        command = command_from_json(said)
    except errors.BadRequest as error:
        raise place.wrong(f"{place.name}: {error.message}", "Write it as a command that was exported.") from None
    if isinstance(command, Bootstrap) and not all(map(quantities.is_valid, (command.cpu, command.memory))):
        raise place.wrong(f"{place.name} has machines of no size", 'Write cpu: "4" and memory: 8Gi.')
    step = _number(place.needed("step"), limits.STEPS_OF_ROOM_FILE)
    at_ms = epoch_ms + _number(place.needed("at_ms"), _LONGEST_MS)
    return Entry(step, at_ms, command.to_json(), _short(place.at("left_out")) if place.has("left_out") else "")


def _lesson(place: Place) -> Scenario:
    if not scenarios.has(place.text()):
        known = [each.id for each in scenarios.every()]
        raise place.wrong(f"there is no lesson {place.text()[:40]} here", nearest(place.text()[:40], known))
    return scenarios.get(place.text())


def _began(place: Place) -> int:
    try:
        began = datetime.fromisoformat(place.text().replace("Z", "+00:00"))
        if began.tzinfo is None or not 2000 <= began.year < 2200:
            raise ValueError
    except ValueError:
        raise place.wrong(f"{place.name} is no time", 'Write it as "2026-01-31T12:00:00Z".') from None
    return round(began.timestamp() * 1000)


def _marks(place: Place) -> tuple[int, list[str]]:
    place.fields(("every", "digests"))
    every = _number(place.needed("every"), limits.STEPS_OF_ROOM_FILE, least=1)
    return every, [digest for item in place.needed("digests").items() for digest in _digests(item)]


def _digests(place: Place) -> list[str]:
    """YAML takes digits alone for a number."""
    words = place.value.split() if isinstance(place.value, str) else ()
    if not words or not all(len(word) == DIGEST_LENGTH and word.isascii() and word.isalnum() for word in words):
        fix = f"Write {DIGEST_LENGTH} hexadecimal digits in quotes, or leave all marks out."
        raise place.wrong(f"{place.name} is no digest", fix)
    return words


def _progress(place: Place, lesson: Scenario) -> Mapping[str, Any]:
    """As app/scenarios/progress.py writes it, of steps and milestones that the lesson has."""
    place.fields(("presses", "once", "ended_ms"))
    presses = place.needed("presses").fields(map(str, range(len(lesson.steps))))
    for name in presses.value:
        _press(presses.at(name), [each.id for each in lesson.steps[int(name)].milestones])
    return {
        "presses": presses.value,
        "once": [done.number() for done in place.needed("once").items()],
        "ended_ms": _perhaps(place, "ended_ms"),
    }


def _press(place: Place, milestones: Sequence[str]) -> None:
    place.fields(("step", "at_ms", "reached", "again_ms", "tries"))
    _perhaps(place, "again_ms")
    for name in ("step", "at_ms", "tries"):
        place.needed(name).number()
    reached = place.needed("reached")
    if not isinstance(reached.value, list):
        raise reached.wrong(f"{reached.name} is no list", "Write [] if no milestone was reached.")
    for each in reached.items():
        if not isinstance(each.value, list) or len(each.value) != 3 or each.value[0] not in milestones:
            raise each.wrong(f"{each.name} is no milestone of that step", "Write [id, step, time], or leave it out.")
        each.at(1).number()
        each.at(2).number()


def _perhaps(place: Place, field: str) -> int | None:
    return place.at(field).number() if place.value.get(field) is not None else None


def _number(place: Place, most: int, least: int = 0) -> int:
    if place.number(least) > most:
        raise place.wrong(f"{place.name} is too much", f"Write {most} at most.")
    return place.number()


def _short(place: Place) -> str:
    if len(place.text()) > 80:
        raise place.wrong(f"{place.name} is too long", "Write 80 characters at most.")
    return place.text()
