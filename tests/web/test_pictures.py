"""A moment as a picture: what stands in it, that it needs nothing else, and that no text of a guest breaks it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from app.api.objects import Obj, Ref
from app.cluster import Cluster
from app.commands import Scale
from app.web import folder, pictures
from app.web.present import Words, board, lettering, picture_board
from app.web.present.card import GLYPHS
from app.web.present.picture import BOARD, HEIGHT, NODES, WIDTH
from tests.support.browser import JSON, Browser
from tests.support.builders import node, pod
from tests.support.looks import holding
from tests.support.telling import words_of

_ = Words()
HOSTILE = "<script>alert(1)</script>\"'&]]>\x00\x0b\ud800 ${7*7}{{7*7}}"
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    """Well-formed it is, too."""
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def asked(browser: Browser, query: str = "") -> str:
    response = browser.get(f"/picture.svg?{query}")
    assert response.status_code == 200
    assert response.mimetype == "image/svg+xml"
    return str(response.get_data(as_text=True))


def kill(browser: Browser) -> int:
    """The step in which a pod is killed."""
    name = browser.pods()[0]
    assert browser.post("/commands/delete", {"kind": "Pod", "namespace": "default", "name": name}).status_code == 200
    return browser.room.cluster.trace.count


def test_a_picture_says_what_the_page_says(browser: Browser) -> None:
    number = kill(browser)
    browser.room.cluster.run()
    said = texts(asked(browser, f"step={number}&lang=en"))
    assert "You" in said
    assert [text for text in said if text.startswith("You kill pod …")]
    assert {"node-1", "node-2", "node-3", "Terminating"} <= set(said)
    assert any(text.startswith("Service web") for text in said)
    assert f"Step {number} · t 00:00.0" in said or any(text.startswith(f"Step {number} · t ") for text in said)


def test_the_loop_of_that_moment_stands_beside_the_board(browser: Browser) -> None:
    number = kill(browser)
    browser.room.cluster.run()
    every = (asked(browser, f"step={each}&lang=en") for each in range(number, number + 40))
    diff = next(svg for svg in every if "3 − 2 = 1" in svg)
    said = texts(diff)
    assert {"Observe", "Diff", "Act", "want − have", "one pod short", "replicaset-controller"} <= set(said)
    assert "3 are wanted: one is missing." in said


def test_it_is_drawn_in_both_languages_and_themes(browser: Browser) -> None:
    light, dark = asked(browser, "lang=en"), asked(browser, "lang=ja&theme=dark")
    assert ('lang="en"' in light, 'lang="ja"' in dark) == (True, True)
    assert "#f6f7f9" in light
    assert "#0d1117" in dark
    assert "#f6f7f9" not in dark


def test_it_needs_nothing_besides_itself(browser: Browser) -> None:
    svg = asked(browser)
    assert re.findall(r"(?:href|src|url\(|@import|style=|<style|<script|<foreignObject)", svg) == []
    assert re.findall(r"https?://\S+", svg) == ['http://www.w3.org/2000/svg"']


@pytest.mark.parametrize("query", ["theme=pink", "step=-1", "step=x", "step=" + "9" * 13])
def test_what_cannot_be_meant_is_refused(browser: Browser, query: str) -> None:
    assert browser.get(f"/picture.svg?{query}", headers=JSON).status_code == 400


def test_a_moment_that_there_is_not_is_not_found(browser: Browser) -> None:
    assert browser.get("/picture.svg?step=999999", headers=JSON).status_code == 404


def test_no_text_of_a_guest_breaks_it(cluster: Cluster) -> None:
    evil = pod("web-1")
    evil["metadata"]["name"] = evil["spec"]["nodeName"] = HOSTILE
    machine: Obj = {**node("n"), "metadata": {**node("n")["metadata"], "name": HOSTILE}}
    cluster.submit(Scale(Ref("Deployment", "default", HOSTILE), 3))
    svg = pictures.drawn(cluster, cluster.trace.count, _, title=HOSTILE)
    assert any("<script>" in text for text in texts(svg))
    assert "<script" not in svg
    drawn = [each for each in picture_board.nodes(_board_of(evil, machine), NODES) if each.name]
    assert drawn, "and on the board"


def _board_of(*objs: Obj) -> picture_board.BoardView:
    return board.board(holding(*objs))


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(latencies="zero")


@pytest.mark.parametrize(
    ("nodes", "pods", "look"),
    [(3, 3, "large"), (3, 5, "card"), (3, 9, "row"), (3, 30, "square"), (12, 2, "row"), (1, 2, "large")],
)
def test_pods_are_as_large_as_there_is_room_for(nodes: int, pods: int, look: str) -> None:
    names = [f"node-{n}" for n in range(nodes)]
    objs = [pod(f"web-{name}-{n}", node=name) for name in names for n in range(pods)]
    drawn = picture_board.nodes(_board_of(*map(node, names), *objs), NODES)
    assert {each.look for one in drawn for each in one.pods} == {look}
    for one in drawn:
        assert one.more == pods - len(one.pods)
        assert one.box.x + one.box.w <= BOARD.x + BOARD.w
        for each in one.pods:
            assert one.box.x <= each.box.x
            assert each.box.x + each.box.w <= one.box.x + one.box.w
            assert each.box.y + each.box.h <= one.box.y + one.box.h


@pytest.mark.parametrize(("nodes", "pods"), [(13, 1), (100, 20), (400, 12), (2, 300), (3_000, 1)])
def test_of_a_large_cluster_every_pod_is_a_square_or_counted(nodes: int, pods: int) -> None:
    names = [f"node-{n}" for n in range(nodes)]
    look = holding(*map(node, names), *(pod(f"w-{a}-{n}", node=a) for a in names for n in range(pods)))
    assert picture_board.is_large(look)
    drawn = picture_board.squares(look, NODES)
    assert len(drawn.tiles) + drawn.more == nodes
    assert sum(path.count("M") for path in drawn.paths.values()) == len(drawn.tiles) * pods
    for box, _name, _well in drawn.tiles:
        assert box.x + box.w <= NODES.x + NODES.w
        assert box.y + box.h <= NODES.y + NODES.h
    if nodes <= 400:
        assert drawn.more == 0


def test_each_state_has_a_shape_of_its_own() -> None:
    """In squares the filled ones differ by it, the hollow ones by stroke and colour."""
    shapes = {tone: picture_board._square(tone, 0, 0, 10) for tone in ("ready", "unready", "dying", "bad", "new")}
    assert len({shapes[tone] for tone in ("ready", "unready", "dying", "bad")}) == 4
    template = (folder("templates") / "picture.svg").read_text()
    assert all(f'"{tone}"' in template for tone in GLYPHS)


def test_sentences_break_into_lines_and_are_clipped() -> None:
    assert lettering.wrap("It creates one.", 33, 1200, 2) == ["It creates one."]
    long = lettering.wrap("word " * 60, 33, 600, 2)
    assert len(long) == 2
    assert long[1].endswith("…")
    assert all(lettering.width(line, 33) <= 600 for line in long)
    japanese = lettering.wrap("コントローラーが" * 8 + "。", 30, 300, 3)
    assert all(lettering.width(line, 30) <= 330 for line in japanese)
    assert not any(line.startswith(("。", "ー")) for line in japanese)
    assert lettering.wrap("x" * 400, 20, 200, 3)[0].endswith("…")


def test_every_sentence_of_a_story_has_room(browser: Browser) -> None:
    kill(browser)
    browser.room.cluster.run()
    for lang in ("en", "ja"):
        words = words_of(browser.room.cluster, lang)
        for number in range(browser.room.cluster.trace.count - 150, browser.room.cluster.trace.count):
            svg = pictures.drawn(browser.room.cluster, number, words)
            root = ElementTree.fromstring(svg)
            assert root.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}"
            for text in root.iter(f"{SVG}text"):
                if (text.get("font-size") or "") == "33":
                    assert lettering.width("".join(text.itertext()), 33) <= WIDTH - 64
