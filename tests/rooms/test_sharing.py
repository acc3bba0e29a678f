"""A room goes out as a text and comes in as another with the same past; where it cannot, that is said."""

from __future__ import annotations

import random
from dataclasses import fields

import pytest

from app.api import errors
from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import COMMANDS, DeleteObject, Scale
from app.commands.base import Command
from app.rooms import Room, Rooms, memory, sharing
from app.rooms.marks import EVERY, Marks
from app.rooms.roomfile import NotARoom, Past, read
from app.rooms.sharing import ANOTHER_VERSION, EDITED, EQUAL, UNMARKED, Sharing, relived
from tests.rooms.test_rooms import make_rooms, state_of

pytestmark = pytest.mark.long

WEB = Ref("Deployment", "default", "web")


def lived(rooms: Rooms) -> Room:
    """A room in which something was pressed, killed and scaled."""
    room = rooms.create()
    room.cluster.run()
    room.press(0)
    room.cluster.run()
    room.submit(Scale(WEB, 4))
    room.cluster.run()
    room.submit(DeleteObject(Ref("Pod", "default", room.cluster.objects("Pod", "default")[0]["metadata"]["name"])))
    room.cluster.advance(room.cluster.now_ms + 2_000)
    return room


@pytest.fixture(scope="module")
def rooms() -> Rooms:
    return make_rooms()


@pytest.fixture(scope="module")
def room(rooms: Rooms) -> Room:
    return lived(rooms)


@pytest.fixture(scope="module")
def text(rooms: Rooms, room: Room) -> str:
    return Sharing(rooms).exported(room)


def test_a_room_comes_in_with_the_same_past(rooms: Rooms, room: Room, text: str) -> None:
    doors = Sharing(rooms)
    again = doors.take_in(text)
    assert again.id != room.id
    assert room.id not in text, "its address is its key"
    assert state_of(again.cluster) == state_of(room.cluster)
    assert again.script.to_json() == room.script.to_json(), "the lesson is where it was"
    said = doors.said_of(again)
    assert said is not None
    assert said.text == EQUAL
    for cluster in (again.cluster, twin := room.cluster.copy()):
        cluster.run()
    assert state_of(again.cluster) == state_of(twin), "and it goes on in the same way"


def test_what_came_in_outlives_a_restart(rooms: Rooms, text: str) -> None:
    again = Sharing(rooms).take_in(text)
    state = state_of(again.cluster)
    rooms._let_go(again)
    assert state_of(rooms.get(again.id).cluster) == state


def test_how_it_came_in_is_said_until_somebody_does_something(rooms: Rooms, text: str) -> None:
    doors = Sharing(rooms)
    again = doors.take_in(text)
    assert doors.said_of(again) is not None
    again.submit(Scale(WEB, 1))
    assert doors.said_of(again) is None


def test_a_text_is_small(text: str, room: Room) -> None:
    marks = text[text.index("\nmarks:") : text.index("\nprogress:")]
    assert len(marks) < 60 + 10 * (room.cluster.trace.count // EVERY + 1)
    assert text.count("replicas: 4") == 1, "what a field is anyway is not written"
    assert "namespace" not in text


# ------------------------------------------------------------------------------------ when it differs


def test_another_version_is_told_apart_by_what_it_would_do(text: str) -> None:
    past = read(text)
    digests = [*past.digests[:2], "00000000", *past.digests[3:]]
    found = relived(past._replace(digests=digests, version="another"))
    assert (found.equal, found.said.text, found.is_equal) == (2 * EVERY, ANOTHER_VERSION, False)
    assert found.cluster.now_ms == past.now_ms
    assert len(found.cluster.journal) == len(past.journal)
    same = relived(past._replace(version="another"))
    assert same.is_equal, "if it would do the same, it is the same"


def test_an_edited_number_counts_from_its_time_on(text: str) -> None:
    found = relived(read(text.replace("replicas: 4", "replicas: 6")))
    deployment = found.cluster.get(WEB)
    assert deployment is not None
    assert deployment["spec"]["replicas"] == 6
    assert found.said.text == EDITED
    past = read(text)
    changed = next(entry for entry in past.journal if entry.command["do"] == "scale")
    assert changed.step - EVERY < found.equal <= changed.step


def by_times(past: Past) -> Cluster:
    cluster = Cluster.replay(past.seed, past.epoch_ms, past.journal[:1])
    for entry in past.journal[1:]:
        cluster.advance(entry.at_ms)
        cluster.repeat(entry)
    cluster.advance(past.now_ms)
    return cluster


def test_a_command_at_another_time_comes_then(text: str) -> None:
    past = read(text)
    late = past.journal[-1]._replace(at_ms=past.journal[-1].at_ms + 60_000)
    past = past._replace(journal=[*past.journal[:-1], late], now_ms=late.at_ms + 1_000)
    found = relived(past)
    assert found.said.text == EDITED
    assert state_of(found.cluster) == state_of(by_times(past))


def test_without_marks_commands_come_at_their_times(text: str) -> None:
    past = read(text)._replace(digests=[], end="")
    found = relived(past)
    assert (found.equal, found.said.text) == (0, UNMARKED)
    assert state_of(found.cluster) == state_of(by_times(past))


def test_what_was_left_out_stays_left_out(rooms: Rooms, text: str) -> None:
    past = read(text)
    scaled = next(number for number, entry in enumerate(past.journal) if entry.command["do"] == "scale")
    journal = [*past.journal]
    journal[scaled] = journal[scaled]._replace(left_out="slow")
    found = relived(past._replace(journal=journal))
    deployment = found.cluster.get(WEB)
    assert deployment is not None
    assert deployment["spec"]["replicas"] == 3


def test_a_room_that_another_version_told_goes_out_as_ours_tells_it(rooms: Rooms) -> None:
    room = lived(rooms)
    room.retold = room.cluster.trace.count
    past = read(Sharing(rooms).exported(room))
    assert relived(past).is_equal
    assert len(past.journal) == len(room.journal)


@pytest.mark.parametrize("lesson", ["traffic", "own-hello", "service-queue", "node-failure"])
def test_rooms_of_every_sort_come_back(rooms: Rooms, lesson: str) -> None:
    room = rooms.create(lesson)
    room.press(0)
    room.cluster.advance(room.cluster.now_ms + 20_000, 3_000)
    found = relived(read(Sharing(rooms).exported(room)))
    assert found.is_equal
    assert state_of(found.cluster) == state_of(room.cluster)


def test_marks_tell_two_seeds_apart_and_not_the_strides_in_which_they_are_looked_at() -> None:
    def marks(seed: int, stride: int) -> list[str]:
        cluster, found = Cluster(seed), Marks(10)
        while cluster.trace.count < 100:
            cluster.advance(cluster.now_ms + 60_000, stride)
            found.follow(cluster.trace)
        return found.digests[:10]

    assert marks(1, 1) == marks(1, 7)
    assert marks(1, 7) != marks(2, 7)


# --------------------------------------------------------------------------------- what cannot be taken


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("format: 1", "format: 2", "line 4: format 2 is unknown here. This Loopscope reads format 1."),
        ("format: 1\n", "", "the file has no format. Add format."),
        ("seed: 1", "seed: -1", "seed is no whole number from 0"),
        ("seed: 1", "seed: one", "seed is no whole number from 0"),
        ("lesson: self-healing", "lesson: self-heeling", "there is no lesson self-heeling here. Did you mean"),
        ("began: ", "began: soon # ", "began is no time. Write it as"),
        ("do: bootstrap", "do: scale", "commands[0]: command \"scale\" needs the field \"ref\""),
        ("do: scale", "do: bootstrap", "unknown field"),
        ("do: scale", "do: escalate", "there is no command escalate"),
        ("replicas: 4", "replicas: four", "must be of type int"),
        ("replicas: 4", "replicas: 4\n  size: 1", 'unknown field "size" of command "scale"'),
        ("do: bootstrap", "do: bootstrap\n  cpu: lots", "has machines of no size"),
        ("do: bootstrap", "do: bootstrap\n  latencies: none", "commands[0] makes no cluster"),
        ("every: 100", "every: 0", "marks.every is no whole number from 1"),
        ("digest: ", "digest: x # ", "end.digest is no digest"),
        ("tries: 0", "tries: some", "progress.presses.0.tries is no whole number"),
        ("end:\n", "end:\n  more: 1\n", "unknown field more"),
        ("commands:\n", "commands: []\nx:\n", "unknown field x"),
        ("end:\n  step: ", "end:\n  step: 1 # ", "comes after the end. Move the end"),
        ("end:\n  step: ", "end:\n  step: 999999999 # ", "end.step is too much. Write 200000 at most."),
        ("# A room", "--- {}\n---\n# A room", "a file has 2 documents"),
        ("format: 1", "format: [", "line"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_field_and_what_to_do(text: str, old: str, new: str, problem: str) -> None:
    assert old in text
    with pytest.raises(NotARoom) as refused:
        relived(read(text.replace(old, new, 1)))
    assert problem in refused.value.message


def test_nobody_makes_the_server_live_for_long(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.limits.STEPS_OF_ROOM_FILE", 2_000)
    past = read(text)
    with pytest.raises(NotARoom, match="more than 2000 steps"):
        relived(past._replace(digests=[], end="", now_ms=past.now_ms + 10**9))


def test_what_is_too_large_is_refused(rooms: Rooms, room: Room, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.limits.ROOM_FILE_BYTES", 1_000)
    with pytest.raises(errors.TooLarge):
        Sharing(rooms).exported(room)
    with pytest.raises(NotARoom, match="entity too large"):
        read(text)
    monkeypatch.setattr("app.api.limits.STEPS_OF_ROOM_FILE", 100)
    with pytest.raises(errors.TooLarge, match="one of more than 100"):
        Sharing(rooms).exported(room)


def test_what_holds_too_much_is_ended(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few lines may stand for megabytes, and a file for many of them."""
    doors = Sharing(make_rooms())
    with monkeypatch.context() as patched:
        patched.setattr("app.api.limits.CLUSTER_BYTES", 1)
        for given in (text, text.replace("replicas: 4", "replicas: 5"), text[: text.index("marks:")]):
            with pytest.raises(errors.TooManyRequests):
                doors.take_in(given)
    monkeypatch.setattr("app.api.limits.SERVER_BYTES", -1)
    with pytest.raises(errors.ServiceUnavailable):
        doors.take_in(text)


def test_what_computes_for_too_long_is_ended(
    rooms: Rooms, room: Room, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.rooms.guard.Watched.cpu_s", 61.0)
    doors = Sharing(rooms)
    for door in (lambda: doors.exported(room), lambda: doors.take_in(text)):
        with pytest.raises(errors.Timeout, match="more than 60 seconds"):
            door()


def test_a_room_that_was_put_away_meanwhile_is_asked_for_again(rooms: Rooms) -> None:
    room = rooms.create()
    memory.let_go(room.cluster)
    with pytest.raises(errors.ServiceUnavailable):
        Sharing(rooms).exported(room)


def test_a_room_that_cannot_be_lived_through_again_says_so(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    room = rooms.create()
    monkeypatch.setattr(sharing, "going_on", lambda *given: (_ for _ in ()).throw(ValueError))
    with pytest.raises(errors.Conflict):
        Sharing(rooms).exported(room)


@pytest.mark.mistakes
@pytest.mark.parametrize("seed", range(60))
def test_a_garbled_text_is_a_room_or_is_refused(text: str, seed: int) -> None:
    rng = random.Random(seed)
    lines = text.split("\n")
    for _ in range(rng.choice([1, 1, 1, 3, 20])):
        at = rng.randrange(len(lines))
        match rng.randrange(5):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[rng.randrange(len(lines))])
            case 2:
                lines[at] = lines[at].replace(":", rng.choice(["", ": [", ": {", ": &a [*a]", ": \x00", ": 1e999"]), 1)
            case 3:
                lines[at] = rng.choice(["  ", "", "- "]) + lines[at].strip()
            case 4:
                head, colon, _ = lines[at].partition(": ")
                lines[at] = head + colon + rng.choice(["-1", "true", "99999999999999999999", "[]", "é" * 90, "null"])
    try:
        found = relived(read("\n".join(lines)))
    except NotARoom:
        return
    assert found.cluster.trace.count > 0


def test_every_command_can_be_written() -> None:
    """No field of a command is called as what stands beside it in the file."""
    for kind in COMMANDS.values():
        assert issubclass(kind, Command)
        assert not {"step", "at_ms", "left_out", "do"} & {field.name for field in fields(kind)}
