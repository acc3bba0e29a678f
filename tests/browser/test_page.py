"""The product's main job, as a person does it: declare, break, and watch the loops repair it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.support.pages import SIZES, post
from tests.support.server import Server


def faster(page: Page, speed: str = "20") -> None:
    """So that tests need not wait for what people like to watch."""
    post(page, "pace", speed=speed)


def pods(page: Page, ready: bool = True) -> Any:
    return page.locator(f'#board [data-kind="Pod"][id][data-ready="{str(ready).lower()}"]')


def names(page: Page) -> list[str]:
    found: list[str] = page.locator('#board [data-kind="Pod"][id]').evaluate_all("all => all.map(e => e.dataset.name)")
    return found


def write(page: Page, old: str, new: str) -> None:
    """Changes a text in the editor by keyboard, as a person would."""
    page.get_by_role("textbox", name="Manifest").click()
    line = page.locator(".cm-line", has_text=old).first
    line.click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.type(new)
    page.keyboard.press("Escape")


def quiet(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-quiet", "true")


# ---------------------------------------------------------------------------------------------- the first page


def test_the_first_page_is_a_living_cluster(open_page: Opener) -> None:
    page = open_page()
    expect(pods(page)).to_have_count(3)
    expect(page.locator('[data-kind="Node"][data-ready="true"]')).to_have_count(3)
    expect(page.locator('[data-kind="Service"]')).to_contain_text("3/3")
    for region in ("Desired", "Loop", "Actual", "Timeline"):
        expect(page.get_by_role("region", name=region, exact=True)).to_be_visible()
    expect(page.get_by_role("textbox", name="Manifest")).to_contain_text("kind: Deployment")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert len(page.locator("#lanes-svg .g").all()) > 20


def test_without_scripts_the_page_still_shows_the_cluster(open_page: Opener) -> None:
    page = open_page(script=False)
    expect(page.locator("#manifest")).to_have_value(re.compile("kind: Deployment"))
    expect(page.locator('[data-kind="Pod"]')).to_have_count(3)


# ---------------------------------------------------------------------------------------------- declaring


def test_replicas_5_are_planned_applied_and_reached(open_page: Opener) -> None:
    page = open_page()
    faster(page)
    write(page, "replicas: 3", "replicas: 5")
    expect(page.locator("#plan")).to_contain_text("spec.replicas 3 → 5")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer")).to_contain_text("deployment.apps/web configured")
    expect(pods(page)).to_have_count(5)
    quiet(page)
    expect(page.locator("#plan")).to_contain_text("Nothing would change.")


def test_a_mistake_marks_its_line_and_says_what_to_do(open_page: Opener) -> None:
    page = open_page()
    write(page, "replicas: 3", "replicsa: 3")
    expect(page.locator(".cm-broken")).to_contain_text("replicsa")
    expect(page.locator("#plan .problem")).to_contain_text("replicas")
    page.locator("#follow").focus()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".cm-activeLine")).to_contain_text("replicsa")
    expect(page.locator(".cm-content")).to_be_focused()
    expect(page.locator("#answer .bad")).to_have_count(0)  # the plan says it already
    expect(pods(page)).to_have_count(3)
    open_page.complaints.clear()  # type: ignore[attr-defined]  # the 4xx of the refusal


def test_new_from_a_template(open_page: Opener) -> None:
    page = open_page()
    faster(page)
    page.locator("#new-menu summary").click()
    page.get_by_role("button", name="ConfigMap").click()
    expect(page.locator("#plan")).to_contain_text("configmap/settings will be created")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("tab", name="configmap/settings")).to_be_visible()
    expect(page.locator('#stored [data-kind="ConfigMap"]')).to_contain_text("settings")


def test_the_live_object_stands_beside_what_was_written(open_page: Opener) -> None:
    page = open_page()
    page.get_by_role("button", name="Live object").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    expect(inspector.get_by_role("region", name="What you wrote")).to_contain_text("replicas: 3")
    live = inspector.get_by_role("region", name="Live object")
    expect(live.locator(".default", has_text="progressDeadlineSeconds")).to_be_visible()
    expect(live.locator(".controller", has_text="deployment.kubernetes.io/revision")).to_be_visible()
    page.keyboard.press("Escape")
    expect(inspector).to_be_hidden()


def test_a_field_explains_itself(open_page: Opener) -> None:
    page = open_page()
    page.locator(".cm-line", has_text="replicas: 3").locator("span", has_text="replicas").first.hover()
    expect(page.locator(".cm-tooltip .explain")).to_contain_text("integer")


def test_where_the_editor_cannot_load_a_text_field_does(open_page: Opener) -> None:
    page = open_page(editor=False)
    faster(page)
    field = page.get_by_role("textbox", name="Manifest")
    field.fill(field.input_value().replace("replicas: 3", "replicas: 4"))
    expect(page.locator("#plan")).to_contain_text("spec.replicas 3 → 4")
    field.press("Control+Enter")
    expect(pods(page)).to_have_count(4)
    open_page.complaints.clear()  # type: ignore[attr-defined]  # the module that was kept away


# ---------------------------------------------------------------------------------------------- breaking


def test_a_killed_pod_is_replaced(open_page: Opener) -> None:
    page = open_page()
    before = names(page)
    page.get_by_role("button", name=f"Kill pod {before[0]}").click()
    expect(page.locator(f'[data-name="{before[0]}"][data-status="Terminating"]')).to_be_visible()
    expect(page.get_by_role("region", name="Timeline").locator("#caption")).to_contain_text(before[0][-5:])
    faster(page)
    quiet(page)
    expect(pods(page)).to_have_count(3)
    after = names(page)
    assert before[0] not in after
    assert len(set(after) - set(before)) == 1


def test_a_crash_restarts_the_container_in_the_same_pod(open_page: Opener) -> None:
    page = open_page()
    before = names(page)
    faster(page)
    page.get_by_role("button", name=f"Crash pod {before[1]}").click()
    expect(page.locator(f'[data-name="{before[1]}"] .restarts')).to_have_text("↻1")
    quiet(page)
    assert sorted(names(page)) == sorted(before)


def test_opening_a_pod_shows_yaml_events_and_owners(open_page: Opener) -> None:
    page = open_page()
    name = names(page)[0]
    page.get_by_role("button", name=re.compile(f"^Pod {name}")).click()
    inspector = page.get_by_role("complementary", name="Inspector")
    expect(inspector.get_by_role("heading", name=name)).to_be_focused()
    expect(inspector.locator(".family")).to_contain_text("Deployment")
    expect(inspector.get_by_role("region", name="Events")).to_contain_text("Scheduled")
    expect(inspector.get_by_role("button", name=f"kubectl delete pod {name}", exact=True)).to_be_visible()


# ---------------------------------------------------------------------------------------------- time


def test_step_phase_shows_observe_then_diff_then_act(open_page: Opener) -> None:
    page = open_page()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.get_by_role("button", name="Loop", exact=True).or_(page.locator("#mini-replicaset-controller")).first.click()
    page.get_by_role("button", name=f"Kill pod {names(page)[0]}").click()
    panel = page.locator("#loop-replicaset-controller")
    seen = []
    for _ in range(40):
        before = page.locator("#frame").text_content()
        page.get_by_role("button", name="Step phase").click()
        page.wait_for_function("(before) => document.getElementById('frame').textContent !== before", arg=before)
        page.wait_for_timeout(180)
        current = panel.locator('[aria-current="step"]')
        phase = current.get_attribute("data-phase") if current.count() else ""
        if phase and phase not in seen[-1:]:
            seen.append(phase)
        if seen[:2] == ["observe", "diff"] and panel.get_attribute("data-latest") == "act":
            break
    assert seen[:2] == ["observe", "diff"]
    expect(panel.locator('[data-phase="act"] .code').first).to_contain_text("201 Created")
    expect(page.locator("#loops .centre").first).to_be_attached()


def test_a_glyph_of_the_timeline_opens_that_step(open_page: Opener) -> None:
    page = open_page()
    page.locator("#lanes-svg .g[aria-label*='Act']").last.click()
    expect(page.locator("#past")).to_be_visible()
    expect(page.locator("#past .past-bar")).to_contain_text("Step")
    page.get_by_role("button", name="Causes").click()
    expect(page.locator("#arrows .cause").first).to_be_attached()
    expect(page.locator("#board-now")).to_be_visible()
    role = page.locator("#past .loop").get_attribute("data-role") if page.locator("#past .loop").count() else ""
    expect(page.locator("#caption")).to_have_attribute("data-role", role or "")
    page.locator("#to-live").click()
    expect(page.locator("#past")).to_be_hidden()
    expect(page.locator("#board-now")).to_have_count(0)


def test_reset_and_another_scenario(open_page: Opener) -> None:
    page = open_page()
    faster(page)
    page.get_by_role("button", name=f"Kill pod {names(page)[0]}").click()
    page.get_by_role("button", name="Reset").click()
    expect(page.locator("#clock")).to_have_text(re.compile(r"^00:"))
    expect(pods(page)).to_have_count(3)
    page.locator("#scenario-menu summary").click()
    page.get_by_role("button", name="Rolling update").click()
    expect(pods(page)).to_have_count(4)
    expect(page.locator("#scenario-title")).to_have_text("Rolling update")
    expect(page.get_by_role("button", name="Update to nginx:1.28")).to_be_visible()
    expect(page.get_by_role("textbox", name="Manifest")).to_contain_text("replicas: 4")


def test_two_viewers_see_the_same_room(open_page: Opener) -> None:
    one = open_page()
    path = one.evaluate("location.pathname")
    two = open_page(lang="ja", path=path)
    expect(one.locator("#watch")).to_have_text("2 watching")
    victim = names(one)[0]
    one.get_by_role("button", name=f"Kill pod {victim}").click()
    expect(two.locator(f'[data-name="{victim}"][data-status="Terminating"]')).to_be_visible()
    expect(two.locator("#caption")).to_contain_text("Pod")


KEEP_SOCKETS = """
window.sockets = []
window.WebSocket = class extends WebSocket {
  constructor(...how) { super(...how); sockets.push(this) }
}
"""


def test_it_reconnects_by_itself_and_says_so(open_page: Opener) -> None:
    page = open_page(init=KEEP_SOCKETS)
    victim = names(page)[0]
    page.context.set_offline(True)
    page.evaluate("sockets.at(-1).close()")
    expect(page.locator("#connection")).to_contain_text("Connection lost")
    page.context.set_offline(False)
    expect(page.locator("#connection")).to_be_hidden()
    page.get_by_role("button", name=f"Kill pod {victim}").click()
    expect(page.locator(f'[data-name="{victim}"][data-status="Terminating"]')).to_be_visible()
    open_page.complaints.clear()  # type: ignore[attr-defined]  # the connection that was cut


# ---------------------------------------------------------------------------------------------- looks and keys


def test_the_language_switches_and_the_draft_stays(open_page: Opener) -> None:
    page = open_page()
    write(page, "replicas: 3", "replicas: 4")
    page.get_by_role("link", name="日本語").click()
    expect(page.get_by_role("region", name="あるべき姿")).to_be_visible()
    expect(page.locator(".cm-content")).to_contain_text("replicas: 4")
    expect(page.locator("#plan")).to_contain_text("spec.replicas 3 → 4")


def test_the_theme_is_remembered(open_page: Opener) -> None:
    page = open_page()
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.keyboard.press("d")
    page.keyboard.press("d")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_everything_by_keyboard(open_page: Opener) -> None:
    page = open_page()
    faster(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    victim = page.evaluate("document.activeElement.closest('.pod').dataset.name")
    page.keyboard.press("k")
    expect(page.locator(f'[data-name="{victim}"][data-status="Terminating"]')).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("q")
    quiet(page)
    page.keyboard.press("t")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator("#past")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.get_by_role("textbox", name="Manifest")).to_be_focused()


def test_escape_then_tab_leaves_the_editor(open_page: Opener) -> None:
    page = open_page()
    page.keyboard.press("e")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.get_by_role("textbox", name="Manifest")).not_to_be_focused()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_nothing_scrolls_sideways_and_no_text_is_small(open_page: Opener, size: str, lang: str) -> None:
    page = open_page(size=size, lang=lang)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll("body *")]
          .filter((e) => e.getClientRects().length)
          .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.nodeValue.trim()))
          .map((e) => parseFloat(getComputedStyle(e).fontSize)))"""
    )
    assert smallest >= 12
    if size != "phone":
        assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('.caption')).fontSize)") >= 20
        last = page.locator("#help-open").bounding_box()
        assert last
        assert last["x"] + last["width"] <= SIZES[size][0]


def test_every_button_has_a_name(open_page: Opener) -> None:
    page = open_page()
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, a, summary, input:not([type=hidden]), select")]
          .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length))
          .map((e) => e.outerHTML)"""
    )
    assert unnamed == []


def test_the_first_load_is_light(open_page: Opener, server: Server) -> None:
    page = open_page()
    urls = page.evaluate("performance.getEntriesByType('resource').map((e) => e.name)")
    paths = {url.removeprefix(server.url) for url in urls if "/static/" in url}
    assert any("codemirror" in path for path in paths)
    assert sum(server.weight(path) for path in (*paths, page.evaluate("location.pathname"))) <= 250_000


WHERE = {
    (6, True): "spec.replicas",
    (9, True): "spec.template.spec.containers",
    (10, True): "spec.template.spec.containers.name",
    (11, False): "spec.template.spec.containers",
    (13, True): "spec.template.spec.containers.ports.containerPort",
}


def test_the_editor_knows_where_in_an_object_a_line_is(open_page: Opener) -> None:
    text = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  template:
    spec:
      containers:
      - name: nginx
        image: nginx
        ports:
        - containerPort: 80
"""
    page = open_page()
    for (line, itself), path in WHERE.items():
        found = page.evaluate(
            """async ([text, line, itself]) => {
              const main = document.querySelector('script[type="module"]').src
              const {pathAt} = await import(main.replace("main.js", "yamlpath.js"))
              return pathAt(text, line, itself)
            }""",
            [text, line, itself],
        )
        assert found == {"kind": "Deployment", "path": path}


def test_the_key_that_opened_the_help_closes_it(open_page: Opener) -> None:
    page = open_page()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_hidden()


@pytest.mark.parametrize(("lang", "question"), [("en", "R again"), ("ja", "もう一度R")])
def test_reset_by_key_asks_once(open_page: Opener, lang: str, question: str) -> None:
    page = open_page(lang=lang)
    victim = names(page)[0]
    page.locator("#board .pod[id] .kills button").first.click()
    expect(page.locator(f'[data-name="{victim}"][data-status="Terminating"]')).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator("#answer")).to_contain_text(question)
    expect(page.locator(f'[data-name="{victim}"][data-status="Terminating"]')).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator('#board [data-status="Terminating"]')).to_have_count(0)
    expect(pods(page)).to_have_count(3)


@pytest.mark.parametrize(("lang", "answer"), [("en", "Nothing is due"), ("ja", "これから起こることはありません")])
def test_next_at_quiet_says_that_nothing_is_due(open_page: Opener, lang: str, answer: str) -> None:
    page = open_page(lang=lang)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#answer")).to_contain_text(answer)
