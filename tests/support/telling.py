"""What a room would tell of a cluster, without the room: for tests of what is said."""

from __future__ import annotations

from collections.abc import Iterator

from app.cluster import Cluster
from app.commands import Command
from app.engine.trace import Step, is_visible
from app.rooms.rehearsal import Rehearsal
from app.rooms.story import Story, Told
from app.scenarios import Scenario
from app.web.language import words
from app.web.present import Words, caption, reading_ms
from app.web.present.captions import Caption

LANGUAGES = ("en", "ja")
LONG_MS = 400_000  # of virtual time, for what comes of one act
MANY_STEPS = 3_000


def words_of(cluster: Cluster, lang: str) -> Words:
    return words(lang).among(cluster.voices)


def told(cluster: Cluster, command: Command, lang: str) -> list[tuple[Told, Caption]]:
    """From the act to the end, each told step and what is said of it, for viewers of that language."""
    _ = words_of(cluster, lang)
    story = Story(cluster, lambda step, languages: reading_ms(caption(step, _).text, lang))
    found = [story.begin(cluster.submit(command))]
    for step in moving(cluster):
        found += story.take(step)
    return [(each, caption(each.step, _)) for each in [*found, *story.rest()]]


def moving(cluster: Cluster) -> Iterator[Step]:
    """Its steps until it is quiet, or this has gone on for long."""
    latest = cluster.now_ms + LONG_MS
    for _made in range(MANY_STEPS):
        if cluster.quiet or (step := cluster.engine.step(latest)) is None:
            return
        yield step


def said_of(cluster: Cluster, step: Step) -> dict[str, Caption]:
    return {lang: caption(step, words_of(cluster, lang)) for lang in LANGUAGES}


def played(lesson: Scenario) -> tuple[Cluster, list[Step]]:
    """A lesson played to its end: its world, and all steps that can be seen, those of its beginning too."""
    rehearsal = Rehearsal(lesson)
    steps = [step for step in rehearsal.cluster.trace if is_visible(step)]
    for index in range(len(lesson.steps)):
        since = rehearsal.cluster.trace.count
        rehearsal.press(index)
        steps += filter(is_visible, rehearsal.cluster.trace.since(since))
    return rehearsal.cluster, steps
