"""What the editor says while others act, and when there is nothing to send."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.test_page import faster, quiet


def test_the_plan_follows_what_others_do(open_page: Opener) -> None:
    page = open_page()
    faster(page)
    expect(page.locator("#plan")).to_contain_text("Nothing would change.")
    somebody_scales(page, 5)
    expect(page.locator("#plan")).to_contain_text("spec.replicas 5 → 3")
    expect(page.locator("#plan .drift")).to_contain_text("differs from what you wrote")
    quiet(page)
    expect(page.locator("#plan")).to_contain_text("spec.replicas 5 → 3")


def somebody_scales(page: Page, replicas: int) -> None:
    """Not by what is declared: as `kubectl scale` does it."""
    page.evaluate(
        """(replicas) => window.htmx.ajax("POST", `${document.body.dataset.base}/commands/scale`,
          {target: "#answer", values: {kind: "Deployment", name: "web", replicas}})""",
        replicas,
    )


def test_a_step_of_the_lesson_edits_what_is_declared(open_page: Opener) -> None:
    page = open_page()
    step = page.locator('[data-script-step="2"]')
    expect(step).to_have_text("Scale to 5")
    expect(step).to_have_attribute("data-done", "false")
    step.click()
    expect(page.locator("#answer .edit")).to_have_text(re.compile(r"deployment/web\s+spec.replicas\s*3\s*→\s*5"))
    expect(page.locator("#editor")).to_contain_text("replicas: 5")
    expect(page.locator('[data-watch-for="2"]')).to_be_visible()
    page.locator("[data-quiet-run]").click()
    expect(step).to_have_attribute("data-done", "true")
    expect(page.locator('[data-milestone="up-ready"]')).to_have_attribute("data-reached", "true")
    expect(page.locator('[data-milestone="up-ready"] time')).to_have_text("0:10")
    page.reload()
    expect(step).to_have_attribute("data-done", "true")
    expect(page.locator("#script-ending")).to_be_hidden()


def test_an_expected_refusal_is_no_trouble_and_marks_no_line(open_page: Opener) -> None:
    page = open_page()
    page.locator("#scenario-menu > summary").click()
    page.locator('[data-scenario="api-server-down"]').click()
    expect(page.locator("#script-promise")).to_contain_text("Nothing can be declared")
    page.locator('[data-script-step="0"]').click()
    with page.expect_response(re.compile("/script/2")) as refused:
        page.locator('[data-script-step="2"]').click()
    assert refused.value.status == 503
    answer = page.locator("#answer .answer")
    expect(answer).to_have_attribute("data-expected-refusal", "")
    expect(answer).not_to_have_class(re.compile("bad"))
    expect(page.locator("#plan")).to_contain_text("the API server is down")
    expect(page.locator("#editor .cm-diagnostic, #editor .cm-lint-marker-error")).to_have_count(0)
    page.locator('[data-script-step="3"]').click()
    expect(page.locator('[data-script-step="3"]')).to_have_attribute("data-done", "true")
    complaints: list[str] = open_page.complaints  # type: ignore[attr-defined]
    complaints[:] = [each for each in complaints if "503" not in each]  # the refusals that the lesson wants


def test_nothing_to_apply_is_said(open_page: Opener) -> None:
    page = open_page()
    page.get_by_role("textbox", name="Manifest").click()
    for key in ("Control+a", "Delete"):
        page.keyboard.press(key)
    page.keyboard.type("# nothing yet")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer .bad")).to_contain_text("no objects passed to apply")


def test_a_tab_goes_with_the_object_that_its_text_made(open_page: Opener) -> None:
    page = open_page(size="projector")
    faster(page)
    for kind in ("ConfigMap", "ReplicaSet", "Pod"):
        page.locator("#new-menu > summary").click()
        page.locator("#new-menu").get_by_role("button", name=kind, exact=True).click()
        page.locator("#apply").click()
        chosen = page.locator('#tabs [role="tab"][aria-selected="true"]')
        expect(chosen).to_contain_text(f"{kind.lower()}/")
        expect(page.locator("#editor")).to_contain_text(f"kind: {kind}")


def test_tabs_that_do_not_fit_are_behind_a_menu(open_page: Opener) -> None:
    page = open_page(size="projector")
    faster(page)
    for kind in ("ConfigMap", "ReplicaSet", "Pod"):
        page.locator("#new-menu > summary").click()
        page.locator("#new-menu").get_by_role("button", name=kind, exact=True).click()
        page.locator("#apply").click()
        expect(page.locator('#tabs [aria-selected="true"]')).to_contain_text(f"{kind.lower()}/")
    more = page.locator("#more-tabs")
    expect(more.locator("summary")).to_have_text(re.compile(r"^\+[1-9] ▾$"))
    more.locator("summary").click()
    hidden = more.locator("[data-tab]").first
    name = hidden.text_content() or ""
    hidden.click()
    expect(page.locator('#tabs [aria-selected="true"]')).to_have_text(name)
    expect(page.locator('#tabs [aria-selected="true"]')).to_be_visible()
    page.locator('#tabs [aria-selected="true"]').focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator('#tabs [aria-selected="true"]')).to_be_focused()
