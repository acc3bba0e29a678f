"""Two futures of one past side by side: what if nobody replaced the pod, and what if all pods went at once?"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from app import scenarios
from app.rooms import viewer_key
from tests.browser.conftest import Opener
from tests.support.geometry import faults
from tests.support.pages import complaints_into, post


def forked(open_page: Opener, page: Page) -> Page:
    """The page of the new room, by the menu."""
    page.keyboard.press(";")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name=re.compile("^Fork this room")).click()
    fork = opened.value
    complaints_into(open_page.complaints, fork)  # type: ignore[attr-defined]
    fork.wait_for_selector("#board .pod")
    page.keyboard.press("Escape")
    return fork


def compared(fork: Page) -> Page:
    """In the tab of the fork."""
    fork.goto(f"{fork.url}/beside")
    fork.wait_for_selector("body[data-ready]")
    return fork


def test_a_pod_that_nobody_replaces(open_page: Opener) -> None:
    page = open_page(size="projector")
    fork = forked(open_page, page)
    link = fork.url
    compare = fork.context.new_page()
    complaints_into(open_page.complaints, compare)  # type: ignore[attr-defined]
    post(fork, "commands/stop-controller", actor="replicaset-controller")
    for each in (page, fork):
        each.locator("#board .pod[id] .kills button").first.click()
        each.locator("[data-quiet-run]").click()
    compare.goto(f"{link}/beside")
    compare.wait_for_selector("body[data-ready]")
    expect(compare.locator("#then-a .text")).to_have_text("Up to here both are the same.")
    expect(compare.locator("#done-a")).to_contain_text("You kill pod")
    expect(compare.locator("#done-b")).to_contain_text("You stop replicaset-controller")
    compare.get_by_role("button", name="Go on").click()
    expect(compare.locator("#on")).to_be_enabled()
    compare.keyboard.press("End")
    recover = compare.locator('[data-row="recover"] td')
    expect(recover.last).to_contain_text("not yet")
    expect(recover.first).to_have_text(re.compile(r"^\s*\d+(\.\d)? s\s*$"))
    expect(compare.locator('#then-a [data-kind="Pod"]')).to_have_count(3)
    expect(compare.locator('#then-b [data-kind="Pod"]')).to_have_count(2)
    expect(compare.locator(".behind:not(:empty)")).to_have_count(0)
    expect(compare.locator(".gaps")).to_contain_text("3\u00a0Running")
    assert faults(compare) == []
    recover.first.locator("button").click()
    expect(compare.locator("#then-a [data-status=Terminating]")).to_have_count(1)
    expect(compare.locator("#then-a .text")).to_contain_text("You kill pod")


def test_walked_and_played_in_step(open_page: Opener) -> None:
    page = open_page(size="projector")
    fork = forked(open_page, page)
    post(page, "commands/scale", kind="Deployment", namespace="default", name="web", replicas="4")
    post(fork, "commands/scale", kind="Deployment", namespace="default", name="web", replicas="2")
    for each in (page, fork):
        each.locator("[data-quiet-run]").click()
        expect(each.locator("#ending")).to_be_visible()
    both = compared(fork)
    thumb, since = both.locator("#thumb"), both.locator("#since")
    expect(since).to_have_text("+00:00.0")
    for moment in ("1", "2", "3", "4"):
        both.keyboard.press("ArrowRight")
        expect(thumb).to_have_attribute("aria-valuenow", moment)
    assert both.locator('.then[data-fresh="true"]').count() >= 1
    assert both.locator(":is(.gazed, .differs, .done-now)").count() >= 1, "what is told is pointed at"
    both.keyboard.press("ArrowLeft")
    expect(thumb).to_have_attribute("aria-valuenow", "3")
    both.keyboard.press("PageUp")
    expect(both.locator("#then-b .text")).to_contain_text("You scale web to 2.")
    both.locator("#speed").select_option("4")
    both.locator("#speed").blur()
    both.keyboard.press(" ")
    expect(both.locator("#play")).to_contain_text("Pause")
    expect(both.locator("#play")).to_contain_text("Play")
    expect(thumb).to_have_attribute("aria-valuenow", thumb.get_attribute("aria-valuemax") or "")
    expect(both.locator('#then-a [data-kind="Pod"]')).to_have_count(4)
    expect(both.locator('#then-b [data-kind="Pod"]')).to_have_count(2)


def test_who_may_change_neither_reads_why(open_page: Opener) -> None:
    page = open_page(size="projector")
    fork = forked(open_page, page)
    (base, one), (_base, two) = (each.url.rsplit("/", 1) for each in (page, fork))
    on = fork.locator("#on")
    fork.goto(f"{base}/{viewer_key(one)}/beside/{viewer_key(two)}")
    expect(on).to_be_disabled()
    expect(on).to_have_attribute("title", re.compile("^This link is for watching"))
    fork.goto(f"{base}/{viewer_key(one)}/beside/{two}")
    expect(on).to_have_attribute("title", re.compile("^Only B goes on: This link"))
    expect(on).to_be_enabled()


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_requests_that_another_strategy_loses(open_page: Opener, size: str) -> None:
    page = open_page(size="projector")
    with page.expect_response(re.compile("/scenario$")):
        post(page, "scenario", scenario="rolling-update")
    expect(page.locator("#board .pod[id]")).to_have_count(4)
    post(page, "commands/traffic", kind="Service", namespace="default", name="web", rps="40")
    fork = forked(open_page, page)
    text = scenarios.get("rolling-update").manifests.partition("---")[0]
    strategy = "  strategy: {rollingUpdate: {maxUnavailable: 100%, maxSurge: 0}}\n  selector:"
    hasty = text.replace("  selector:", strategy, 1)
    post(fork, "commands/apply", manifest=hasty)
    for each in (page, fork):
        post(each, "commands/image", kind="Deployment", namespace="default", name="web", image="nginx:1.28")
    sizes = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1920, "height": 1080}}
    fork.set_viewport_size(sizes[size])  # type: ignore[arg-type]
    both = compared(fork)
    both.get_by_role("button", name="Go on").click()
    expect(both.locator("#on")).to_be_enabled()
    both.keyboard.press("End")
    lost = both.locator('[data-row="lost"] td')
    expect(lost.first).to_contain_text(re.compile(r"^\s*0 of \d"))
    expect(lost.last).to_contain_text(re.compile(r"^\s*[1-9]\d* of \d"))
    expect(both.locator(".gaps")).to_contain_text("maxUnavailable")
    assert both.evaluate("document.documentElement.scrollWidth <= innerWidth")
    lost.last.locator("button").click()
    expect(both.locator("#then-b .text")).to_contain_text(re.compile(r"(pods|pod \S+) had stopped"))
