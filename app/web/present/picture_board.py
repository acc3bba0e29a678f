"""The board of a picture: where nodes and pods stand in a given room. Called by `picture.py`.

Pods are cards while they fit, then rows, then squares, as on the page; what has no place is counted. A large cluster is
tiles, one a node, with a square for each pod.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import ceil, sqrt
from typing import NamedTuple

from app.api.breath import breathing
from app.look import Look
from app.web.present import board, card
from app.web.present.board import BoardView, NodeView
from app.web.present.card import PodView
from app.web.present.lettering import fit, width

GAP, EDGE, HEAD = 8, 8, 28
HEIGHTS = {"large": 62, "card": 48, "row": 24}
SQUARE = 22
CARDS_UP_TO = 12  # nodes; of more each is a tile
NARROW = 170  # a row of a narrower node has no word beside the sign
LARGEST, SMALLEST, LABELLED = 26, 3, 8  # the side of a square in a tile; where nodes still have names
SHOWN_STATES = 5


class Box(NamedTuple):
    x: float
    y: float
    w: float
    h: float


class Pod(NamedTuple):
    """`look`: large, card, row or square."""

    id: str
    box: Box
    look: str
    name: str
    state: str
    note: str
    tone: str


class Node(NamedTuple):
    id: str
    box: Box
    name: str
    state: str
    is_well: bool
    pods: tuple[Pod, ...]
    more: int  # pods for which there is no place


class Squares(NamedTuple):
    """Nodes of a large cluster: their names, and all pods of one tone as one path."""

    tiles: tuple[tuple[Box, str, bool], ...]  # with a name or none, well or not
    side: float
    paths: Mapping[str, str]
    more: int  # nodes for which there is no place
    states: tuple[tuple[str, str], ...]  # tone, what it is and how many: the most frequent first


# ------------------------------------------------------------------------------------------ few nodes


def nodes(view: BoardView, place: Box) -> tuple[Node, ...]:
    """In columns of one width; all pods look the same."""
    count = len(view.nodes)
    rows = 1 if count <= 4 else 2 if count <= 8 else 3
    columns = ceil(count / rows) or 1
    w, h = (place.w - GAP * (columns - 1)) / columns, (place.h - GAP * (rows - 1)) / rows
    most = max((len(view.pods.get(each.pods_id, ())) for each in view.nodes), default=0)
    look = _look(most, h - HEAD - EDGE)
    boxes = (Box(place.x + i % columns * (w + GAP), place.y + i // columns * (h + GAP), w, h) for i in range(count))
    return tuple(
        _node(each, view.pods.get(each.pods_id, ()), box, look) for each, box in zip(view.nodes, boxes, strict=True)
    )


def _look(most: int, room: float) -> str:
    return next((look for look, h in HEIGHTS.items() if most * (h + GAP / 2) <= room), "square")


def _node(view: NodeView, pods: Sequence[PodView], box: Box, look: str) -> Node:
    troubles = [view.status] if view.status != "Ready" else []
    said = ", ".join([*troubles, *(words for _, words in view.machine.marks)]) or "Ready"
    name = fit(view.name, 15, box.w - 2 * EDGE - 60, mono=True)
    state = fit(said, 13, box.w - 3 * EDGE - 16 - width(name, 15, mono=True))
    drawn = tuple(_pods(pods, Box(box.x + EDGE, box.y + HEAD, box.w - 2 * EDGE, box.h - HEAD - EDGE), look))
    well = view.is_ready and not view.cordoned and said == "Ready"
    return Node(view.id, box, name, state, well, drawn, len(pods) - len(drawn))


def _pods(views: Sequence[PodView], room: Box, look: str) -> Iterable[Pod]:
    if look != "square":
        h = HEIGHTS[look]
        for index, view in enumerate(views):
            yield pod(view, Box(room.x, room.y + index * (h + GAP / 2), room.w, h), look)
        return
    a_row = max(1, int(room.w // SQUARE))
    places = a_row * max(1, int(room.h // SQUARE))
    shown = len(views) if len(views) <= places else max(0, places - 2)  # two of them say how many more there are
    for index, view in enumerate(views[:shown]):
        x, y = room.x + index % a_row * SQUARE, room.y + index // a_row * SQUARE
        yield pod(view, Box(x, y, SQUARE - 4, SQUARE - 4), look)


def pod(view: PodView, box: Box, look: str) -> Pod:
    note = view.why or next((mark.text for mark in view.marks), "")
    room = box.w - 20
    if look in ("large", "card"):
        size, small = (20, 16) if look == "large" else (15, 13)
        name, state = fit(view.short, size, room, mono=True), fit(view.status, small, room - 20)
        left = room - 30 - width(state, small)
        note = fit(note, small, left) if left > 40 else ""
    else:
        name = fit(view.short, 13, room - 16, mono=True)
        state = fit(view.status, 13, room - 24 - width(name, 13, mono=True)) if box.w >= NARROW else ""
        note = ""
    return Pod(view.id, box, look, name, state, note, view.tone)


# ------------------------------------------------------------------------------------------ many


def is_large(cluster: Look) -> bool:
    return board.in_cells(cluster) or cluster.count("Node") > CARDS_UP_TO


def squares(cluster: Look, place: Box) -> Squares:
    known = board.node_cells(cluster)
    tones: dict[str, list[str]] = {node.name: [] for node in known}
    states: Counter[tuple[str, str]] = Counter()
    for obj in breathing(cluster.objects("Pod")):
        view = card.pod(obj)
        if view.node in tones:
            tones[view.node].append(view.tone)
        states[view.tone, view.status] += 1
    most = max(map(len, tones.values()), default=0)
    side, a_row, tile, columns, places = _tiling(len(known), max(1, most), place)
    top = tile.y
    paths: dict[str, list[str]] = {}
    tiles = []
    for index, node in enumerate(known[:places]):
        x, y = place.x + index % columns * (tile.w + GAP / 2), place.y + index // columns * (tile.h + GAP / 2)
        name = fit(node.name, 12, tile.w - 6, mono=True) if top > 4 else ""
        tiles.append((Box(round(x, 1), round(y, 1), round(tile.w, 1), round(tile.h, 1)), name, node.is_ready))
        for number, tone in enumerate(tones[node.name]):
            at = x + 4 + number % a_row * side, y + top + number // a_row * side
            paths.setdefault(tone, []).append(_square(tone, *at, side * 0.8))
    drawn = {tone: "".join(pieces) for tone, pieces in paths.items()}
    said = tuple((tone, f"{count:,} {status}") for (tone, status), count in states.most_common(SHOWN_STATES))
    return Squares(tuple(tiles), side, drawn, len(known) - len(tiles), said)


def _tiling(count: int, most: int, place: Box) -> tuple[int, int, Box, int, int]:
    """The side of a square, squares in a row, a tile (its y is where squares begin), columns, and tiles that fit."""
    for side in range(LARGEST, SMALLEST - 1, -1):
        top = 18 if side >= LABELLED else 4
        a_row = max(ceil(sqrt(most)), ceil(64 / side) if side >= LABELLED else 1)
        tile = Box(0, top, a_row * side + 8, top + ceil(most / a_row) * side + 4)
        sides = ((place.w, tile.w), (place.h, tile.h))
        columns, rows = (int((whole + GAP / 2) // (one + GAP / 2)) for whole, one in sides)
        if columns * rows >= count:
            break
    return side, a_row, tile, max(1, columns), max(1, columns * rows)


def _square(tone: str, x: float, y: float, s: float) -> str:
    """Its shape says what a colour says too: full, hollow, half, crossed out, pointed."""
    at = f"M{x:.5g} {y:.5g}"
    return {
        "ready": f"{at}h{s:.3g}v{s:.3g}h-{s:.3g}z",
        "unready": f"{at}h{s:.3g}v{s / 2:.3g}h-{s:.3g}z",
        "dying": f"{at}l{s:.3g} {s:.3g}m0-{s:.3g}l-{s:.3g} {s:.3g}",
        "bad": f"M{x + s / 2:.5g} {y:.5g}l{s / 2:.3g} {s:.3g}h-{s:.3g}z",
    }.get(tone, f"{at}h{s:.3g}v{s:.3g}h-{s:.3g}z")
