"""A story as one file: it asks for nothing, nothing that somebody wrote becomes a tag in it, and no button is dead."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from app.api import limits
from app.web.story import bundle
from app.web.story.reel import Drawn, Reel
from app.web.story.still import still
from tests.support.browser import Browser

EVIL = '<script>alert(1)<!--<svg onload=alert(1)>"'


def story(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])["story"]
    return data


def texts(data: dict[str, Any]) -> list[str]:
    return ["<".join(data["tags"][tag] for tag in made_of) for made_of in data["texts"]]


def exported(browser: Browser, query: str = "") -> str:
    answer = browser.get(f"/story.html{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


@pytest.fixture
def healed(browser: Browser) -> Browser:
    browser.room.cluster.run()
    browser.post("/commands/delete", {"kind": "Pod", "namespace": "default", "name": browser.pods()[0]})
    browser.room.cluster.run()
    return browser


# ------------------------------------------------------------------------------------------------ the page


def test_it_is_a_file_that_names_no_room_and_asks_for_nothing(healed: Browser) -> None:
    answer = healed.get("/story.html")
    html = answer.get_data(as_text=True)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="loopscope-self-healing.html"'
    assert healed.room.id not in html
    assert healed.token not in html
    assert set(re.findall(r"(?:src|href|action|url)\s*=\s*\"([^\"#][^\"]*)\"", html)) == {"data:,"}
    assert set(re.findall(r"https?://[\w./-]+", html)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"url\((?!\"?#)", html)


def test_only_what_is_in_it_may_run(healed: Browser) -> None:
    html = exported(healed)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    allowed = policy[1].replace("&#39;", "'")
    assert allowed.startswith("default-src 'none'; ")
    for pattern, what in ((r'<script type="module">(.*?)</script>', "script"), (r"<style>(.*?)</style>", "style")):
        (inline,) = re.findall(pattern, html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{what}-src 'sha256-{digest}'" in allowed


def test_it_tells_the_story_of_the_newest_act_to_its_ending(healed: Browser) -> None:
    html = exported(healed)
    moments = story(html)["moments"]
    assert moments[0]["role"] == "you"
    assert moments[0]["said"].startswith("You kill pod")
    assert moments[-1]["said"] == "Healed in 11.1 s: 3 wanted, 3 ready."
    assert all(moment["said"].split("&")[0] in html for moment in moments)
    assert "steps 558 to " in html
    whole = story(exported(healed, "?from=1"))["moments"]
    assert whole[-len(moments) :] == moments
    part = story(exported(healed, f"?from={moments[1]['step']}&to={moments[3]['step']}"))["moments"]
    assert [moment["step"] for moment in part] == [moment["step"] for moment in moments[1:4]]


def test_it_speaks_the_language_that_is_asked_for(healed: Browser) -> None:
    html = exported(healed, "?lang=ja")
    assert '<html lang="ja">' in html
    assert "このページについて" in html
    assert story(html)["moments"][0]["said"].startswith("Pod")


def test_a_stretch_has_limits_and_says_so(healed: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    for query in ("?from=x", "?to=1e9", "?from=-1"):
        assert healed.get(f"/story.html{query}").status_code == 400
    assert healed.get("/story.html?from=1&to=999999").status_code == 404
    nothing = healed.get(f"/story.html?from={healed.room.cluster.trace.count}")
    assert nothing.status_code == 400
    assert "Nothing is told" in nothing.get_data(as_text=True)
    monkeypatch.setattr(limits, "STORY_MOMENTS", 9)
    assert "more than 9 moments" in healed.get("/story.html").get_data(as_text=True)
    monkeypatch.setattr(limits, "STORY_MOMENTS", 400)
    monkeypatch.setattr(limits, "STORY_PAGE_BYTES", limits.MIB // 8)
    assert healed.get("/story.html").status_code == 400


def test_nothing_that_somebody_wrote_becomes_a_tag(browser: Browser) -> None:
    pod = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "evil"}}
    manifest = json.dumps({**pod, "spec": {"containers": [{"name": "c", "image": EVIL}]}})
    assert browser.post("/commands/apply", {"text": manifest}).status_code == 201
    browser.room.cluster.run()
    html = exported(browser, "?from=1")
    assert html.count("<script") == html.count("</script>") == 3
    assert "<svg onload" not in html
    drawn = texts(story(html))
    assert any("&lt;script&gt;alert(1)" in text for text in drawn), "it is shown, as words"
    assert not [text for text in drawn if re.search("<(script|svg onload|!--)", text)]


def test_no_button_is_left_that_needs_a_server(healed: Browser) -> None:
    drawn = texts(story(exported(healed, "?from=1")))
    assert len(drawn) > 100
    for text in drawn:
        assert all("data-fold" in button for button in re.findall(r"<button[^>]*>", text))
        assert not re.search(r"<(form|input|select|a)\b|data-do=|data-command=|data-open=", text)
        assert text.count("<span") == text.count("</span>")
    assert any('class="open"' in text and "<b>…-" in text for text in drawn), "what opened something is words"


def test_the_menu_offers_it(browser: Browser) -> None:
    menu = browser.get("/files").get_data(as_text=True)
    assert f'href="{browser.base}/story.html"' in menu
    assert f'href="{browser.base}/story.html?from=1"' in menu


# ------------------------------------------------------------------------------------------------ its parts


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<li class="pod"><button class="open" data-open="a" aria-label="b"><b>x</b></button></li>',
         '<li class="pod"><span class="open"><b>x</b></span></li>'),
        ('<button title="&quot;b&quot; &lt;" data-open="c">d</button>', '<span title="&quot;b&quot; &lt;">d</span>'),
        ('<span class="kills"><button data-do="x">Kill</button><i>y</i></span>z', "z"),
        ('<button data-do="x"><svg><use href="#g"/></svg><br></button>z', "z"),
        ('<form><input name="a"><button>Go</button></form><p>z &amp; &#10;</p>', "<p>z &amp; &#10;</p>"),
        ('<button type="button" data-fold="act">Act</button>', '<button type="button" data-fold="act">Act</button>'),
    ],
)  # fmt: skip
def test_what_needs_a_server_is_left_out(before: str, after: str) -> None:
    assert still(before) == after


def test_a_text_is_written_down_once_and_only_what_changes() -> None:
    reel = Reel()
    reel.show(0, {"a": Drawn("<i>x</i>"), "b": Drawn("<i>x</i>")})
    reel.show(1, {"a": Drawn("<i>y</i>"), "b": Drawn("<i>x</i>")})
    reel.show(2, {"a": Drawn("<i>x</i>")})
    assert reel.json() == {
        "tags": ["", "i>x", "/i>", "i>y"],
        "texts": [[0, 1, 2], [0, 3, 2]],
        "elements": {"a": [(0, 0), (1, 1), (2, 0)], "b": [(0, 0), (2, -1)]},
    }


def test_who_leaves_leaves_a_seat_to_who_comes_next() -> None:
    reel = Reel()
    pods = {name: Drawn(name, "node-1") for name in "abc"}
    reel.show(0, pods)
    reel.show(1, {"a": pods["a"], "c": pods["c"]})
    reel.show(2, {"a": pods["a"], "c": pods["c"], "d": Drawn("d", "tray")})
    reel.show(3, {"a": pods["a"], "c": pods["c"], "d": Drawn("d", "node-1")})
    reel.show(4, {"a": pods["a"], "d": Drawn("d", "node-1"), "e": Drawn("e", "node-1")})
    seats = {id: [entry[2:] for entry in entries] for id, entries in reel.json()["elements"].items()}
    assert seats == {"a": [(0,)], "b": [(1,), ()], "c": [(2,), ()], "d": [(0,), (1,)], "e": [(2,)]}


def modules(folder: Path, **sources: str) -> Path:
    for name, source in sources.items():
        (folder / f"{name}.js").write_text(f"// {name}\n{source}\n")
    return folder


MAIN = """
import {twice as double} from "./sums.js"
import * as sums from "./sums.js"
import {now} from "./state.js"
show(double(now), sums)
"""
SUMS = """
import {now, tell} from "./state.js"
/** @param {number} n */
export function twice(n) {
  return 2 * n
}
"""
ONE = """
const $modules = {}
let now = 0
const tell = () => now
$modules.sums = (() => {
function twice(n) {
return 2 * n
}
return {twice}
})()
$modules.main = (() => {
const {twice: double} = $modules.sums
const sums = $modules.sums
show(double(now), sums)
return {}
})()
"""


def test_modules_become_one_text(tmp_path: Path) -> None:
    state = "export let now = 0\nexport const tell = () => now"
    text = bundle.script(modules(tmp_path, main=MAIN, sums=SUMS, state=state), "main")
    assert [line for line in text.splitlines() if line] == ONE.strip().splitlines()


@pytest.mark.parametrize(
    ("main", "other", "problem"),
    [
        ('import {a} from "./other.js"', 'import {b} from "./main.js"\nexport const a = 1', "import each other"),
        ('import a from "./other.js"', "export const a = 1", "import a from"),
        ('import {a as b} from "./other.js"', "export let a = 1", "as they are"),
        ('import {a} from "./other.js"', "const a = 1\nexport {a}", "export {a}"),
    ],
)
def test_other_forms_are_refused(tmp_path: Path, main: str, other: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        bundle.script(modules(tmp_path, main=main, other=other), "main")
