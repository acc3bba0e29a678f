"""Many clusters, watched by many people: pace, viewers, storage, eviction.

With app/web the only place that knows wall time and threads. Plain `threading` primitives, which gunicorn's gevent
worker turns into greenlets; nothing here imports gevent or Flask.

    frames      values: Pace, Frame, Waiting
    broadcast   what a room tells its viewers, cut from what happened since the frame before
    drawing     what the web lends to rooms
    fanout      one frame to many viewers: a short ring, a cursor per viewer, never a queue
    relay       the same to viewers at other processes, over Redis
    motion      how far a cluster moves in one turn: story pace, clock pace, run until quiet
    playing     a step of the lesson is pressed: what it needs, then its commands
    rehearsal   a script played to its end with nobody watching
    stepping    a cluster is moved by hand
    access      who may do what in a room, and what it is called
    asking      what API clients ask of a room
    room        one cluster with its lock, pace, frames and viewers
    beginnings  clusters as their lessons begin: rooms are copies of them
    story       which steps are told, and for how long each stands
    counterpart what the controllers would have done while a person is on call
    onlookers   whether whoever asks now may only look
    clients     whether somebody works with kubectl just now, so that time goes by the clock
    slicing     nothing holds the process
    pacer       the one thread that gives every room that is watched its turns
    checkpoints clusters written out now and then, and which of them are kept
    boundary    where mistakes end: one command, one answer or one room
    guard       what does not come back is ended
    seals       whether a row is what was written
    storage     rooms as text in SQLite: seed, scenario, journal, position
    postgres    the same of a PostgreSQL
    database    who waits for the disk, and what is written together
    shares      which worker process a room belongs to
    dividing    rooms go to the files of their workers, before a start
    files       the file is opened, looked at, and set aside where it is damaged
    walcheck    whether what was written to it last can be read
    autosave    how far time went, soon after
    keeping     what a room asks of whoever writes it down
    loading     what is stored of a room, or what has become of it
    replaying   a room is brought back from its journal
    hindsight   a room as it was after any of its steps
    retelling   which steps of a past are told
    stretches   a stretch of the past, told again, and how all was then
    marks       digests of a trace: where two are equal, so is what happened
    roomfile    a room as a text
    parting     where two rooms with a common past part
    directory   what is kept, for who asks without a server
    sharing     rooms go out as files, come in as new rooms, and fork
    health      how all rooms are, together
    trying      controllers that people write, before they run
    rooms       the registry: create, get, evict, restore
"""

from __future__ import annotations

from app.cluster import (
    Awaited,
    Done,
    Entry,
    Line,
    Observation,
    Process,
    Tried,
    add_controllers,
    as_file,
    as_hook,
    awaits_input,
    controller_templates,
    exit_code,
    is_shell,
    kind_templates,
    leave_out_controller,
)
from app.rooms.access import Access, Closed, title
from app.rooms.boundary import Broken, NotDone
from app.rooms.budget import Limits
from app.rooms.counterpart import Compared
from app.rooms.database import at_once
from app.rooms.drawing import Drawing
from app.rooms.fanout import Viewer
from app.rooms.frames import Frame, Pace, Waiting
from app.rooms.loading import Lost
from app.rooms.parting import NOT_KEPT, NotComparable, Parting, parting
from app.rooms.playing import Pressed
from app.rooms.relay import Mirror, Relay
from app.rooms.retelling import Retelling, known_from
from app.rooms.room import Room
from app.rooms.rooms import Rooms
from app.rooms.shares import Share, is_viewer_key, owner, spread, viewer_key
from app.rooms.sharing import Sharing
from app.rooms.slicing import SLICE_S, pause, sliced
from app.rooms.storage import Elsewhere
from app.rooms.story import Story, Told
from app.rooms.stretches import Moment, Stretch, is_act, moments, newest_act, stretch_of, stretches
from app.rooms.trying import observed, slips, tried
from app.rooms.watches import Watch

__all__ = [
    "NOT_KEPT", "SLICE_S", "Access", "Awaited", "Broken", "Closed", "Compared", "Done", "Drawing", "Elsewhere",
    "Entry", "Frame", "Limits", "Line", "Lost", "Mirror", "Moment", "NotComparable", "NotDone", "Observation", "Pace",
    "Parting", "Pressed", "Process", "Relay", "Retelling", "Room", "Rooms", "Share", "Sharing", "Story", "Stretch",
    "Told", "Tried", "Viewer", "Waiting", "Watch", "add_controllers", "as_file", "as_hook", "at_once", "awaits_input",
    "controller_templates", "exit_code", "is_act", "is_shell", "is_viewer_key", "kind_templates", "known_from",
    "leave_out_controller", "moments", "newest_act", "observed", "owner", "parting", "pause", "sliced", "slips",
    "spread", "stretch_of", "stretches", "title", "tried", "viewer_key",
]  # fmt: skip
