"""From steps and objects to what templates draw. Pure: no Flask, no clock, nothing is changed or remembered.

`pages` renders `page` (first paint) and `inspector`, `live` renders `frame` (what is pushed), both with the Words of
the viewer's language. The trace is the only source: there is no second, drawn version of the truth.

    words          the catalogue of one language,         captions    one sentence for what just happened
                   and the loops' own words               loop        ring, phases, Differences, actions
    values         any value a loop read, by its type     card        a pod
    steps          reconciles found in the trace          board       Services, nodes, workloads, the rest
    timeline       rows for lanes and chart               manifest    YAML with who decided what
    news           what a status says about the world     inspector   one object and what can be done to it
    telling        the step that is told, its card       thread      what descends from the newest act
    places         where on the board an object is       ending      how a story ended, in numbers
    rest           quiet, or what is waited for
    room           page and frame: all of it together     descriptions  one object as kubectl describes it
    workloads      the card of each kind of workload      faults      what is broken, and what mends it
    awake          which loops have a place on the page   deeds       what a loop did, in a sentence
    refusals       why a request was refused
    pushed         what looks different in a frame        requested   CPU that the pods of a node ask for
    reasons        why a pod waits, what is special       truth       what a silent machine really runs
    memory         how much of its limit a pod uses       evictions   what a disruption budget refused
    touched        what looks different beside a change   causes      the steps that led to a step
    why            the chain of causes, to look through   lanemarks   what a mark on the timeline says
    system         what every cluster has, for who asks
    whynot         what holds an object up, since when, and what would have to change; asked: whether to ask
    retold         a moment of a recording, for a page that plays without a server
    moments        the ruler, the list of changes, and the page as it was
    beside         two rooms in step, and what differs: tolls what it has cost in one, supply what was missing,
                   differing which objects differ, differences the table
    still          a room as it was at one moment
    picture        a moment for a slide             picture_board  its nodes and pods, in the room there is
    lettering      how wide a text is where nobody can measure it
    own            controllers that people wrote, and what one would do
"""

from __future__ import annotations

from app.web.present.captions import caption
from app.web.present.clock import virtual
from app.web.present.inspector import inspector
from app.web.present.moments import Wanted, changes, ruler, step_detail
from app.web.present.own import choices, own, tried
from app.web.present.picture import picture
from app.web.present.reading import reading_ms
from app.web.present.room import documents, frame, page, verdict_of, why_of
from app.web.present.still import still
from app.web.present.system import system
from app.web.present.words import Words

__all__ = [
    "Wanted", "Words", "caption", "changes", "choices", "documents", "frame", "inspector", "own", "page", "picture",
    "reading_ms", "ruler", "step_detail", "still", "system", "tried", "verdict_of", "virtual", "why_of",
]  # fmt: skip
