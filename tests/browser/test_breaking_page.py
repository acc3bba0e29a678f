"""What breaks and mends the cluster, as a person does it; what is broken stays in sight. And what is too much folds."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.browser.test_page import faster, pods, quiet
from tests.support.pages import SIZES

RS = "replicaset-controller"


def test_a_node_loses_its_power_and_gets_it_back(open_page: Opener) -> None:
    page = open_page()
    page.get_by_role("button", name="Power off node node-2").click()
    dark = page.locator('[data-kind="Node"][data-name="node-2"]')
    expect(dark).to_have_attribute("data-power", "off")
    expect(dark).to_contain_text("no power")
    expect(page.get_by_role("group", name="What is broken")).to_contain_text("node-2: no power")
    page.get_by_role("button", name="Power on node node-2").click()
    expect(dark).to_have_attribute("data-power", "on")
    expect(page.locator("#faults .fault")).to_have_count(0)


def test_whoever_comes_later_sees_what_is_broken_and_mends_it(open_page: Opener) -> None:
    page = open_page()
    page.get_by_role("button", name="Break node-1").click()
    page.get_by_role("button", name="Cut network of node node-1").click()
    expect(page.locator("#faults")).to_contain_text("node-1: cut off")
    page.reload()
    expect(page.locator('[data-kind="Node"][data-name="node-1"]')).to_have_attribute("data-network", "cut")
    page.keyboard.press("p")
    mend = page.get_by_role("button", name="Mend: node-1: cut off")
    expect(mend).to_be_visible()
    mend.click()
    expect(page.locator("#faults")).to_have_attribute("data-count", "0")


def test_by_keyboard_alone_the_api_server_goes_down_and_up(open_page: Opener) -> None:
    page = open_page()
    page.keyboard.press("x")
    menu = page.get_by_role("dialog", name="Break things")
    expect(menu).to_be_visible()
    expect(page.get_by_role("button", name="Stop the API server")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#faults")).to_contain_text("API server down")
    expect(menu).to_be_hidden()
    page.keyboard.press("x")
    expect(page.get_by_role("button", name="Start the API server")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(page.get_by_role("button", name="Break things")).to_be_focused()
    page.keyboard.press("o")
    expect(page.get_by_role("button", name="Break node-1")).to_be_focused()


def test_a_loop_is_stopped_and_its_work_waits_for_it(open_page: Opener) -> None:
    page = open_page()
    faster(page)
    page.locator(f"#mini-{RS}").click()
    page.get_by_role("button", name="Break this loop").click()
    page.get_by_role("button", name=f"Stop {RS}").click()
    expect(page.locator("#faults")).to_contain_text("ReplicaSet: stopped")
    page.get_by_role("button", name=re.compile("^Kill pod")).first.click()
    expect(pods(page)).to_have_count(2)
    quiet(page)
    expect(pods(page)).to_have_count(2)
    page.get_by_role("button", name="Mend: ReplicaSet: stopped").click()
    expect(pods(page)).to_have_count(3)


def test_choices_of_a_loop_show_what_is_so(open_page: Opener) -> None:
    page = open_page()
    page.locator(f"#mini-{RS}").click()
    page.keyboard.press("w")
    menu = page.get_by_role("dialog", name="Break this loop")
    expect(menu.get_by_role("button", name="level")).to_have_attribute("aria-pressed", "true")
    menu.get_by_role("button", name="edge").click()
    expect(menu.get_by_role("button", name="edge")).to_have_attribute("aria-pressed", "true")
    menu.get_by_role("button", name="10 s").click()
    expect(page.locator("#faults")).to_have_attribute("data-count", "2")
    expect(page.locator("#faults")).to_contain_text("ReplicaSet: hears 10 s late")


def test_loops_with_nothing_to_do_fold_and_one_that_wakes_takes_its_place(open_page: Opener) -> None:
    page = open_page()
    gc = page.locator("#mini-garbage-collector")
    expect(gc).to_be_hidden()
    shown = "els => els.map(e => e.id).filter(id => id.startsWith('mini-'))"
    before = page.locator("#minis > .mini:visible").evaluate_all(shown)
    assert "mini-deployment-controller" in before
    more = page.get_by_role("button", name=re.compile(r"^\+\d+ quiet$"))
    more.first.click()
    expect(gc).to_be_visible()
    page.keyboard.press("Escape")
    lanes = page.locator("#lane-names [data-lane]")
    expect(page.locator('#lane-names [data-lane="garbage-collector"]')).to_have_count(0)
    page.locator("[data-fold-lanes]").click()
    expect(page.locator('#lane-names [data-lane="garbage-collector"]')).to_have_count(1)
    page.locator("[data-fold-lanes]").click()
    names = lanes.evaluate_all("els => els.map(e => e.dataset.lane)")
    faster(page)
    page.locator('.workload [data-open="Deployment/default/web"]').click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator('#lane-names [data-lane="garbage-collector"]')).to_have_count(1)
    expect(gc).to_be_visible()
    after = lanes.evaluate_all("els => els.map(e => e.dataset.lane)")
    assert [name for name in after if name in names] == names


@pytest.mark.parametrize("size", ["projector", "desk"])
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_no_title_of_a_loop_is_cut(open_page: Opener, size: str, lang: str) -> None:
    page = open_page(size=size, lang=lang)
    cut = page.locator("#minis > .mini > span, .keyline .actor").evaluate_all(
        "els => els.filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
    )
    assert cut == []


MANY = "---\n".join(
    f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: shop-{number}}}
spec:
  replicas: 0
  selector: {{matchLabels: {{app: shop-{number}}}}}
  template: {{metadata: {{labels: {{app: shop-{number}}}}}, spec: {{containers: [{{name: a, image: "nginx:1.27"}}]}}}}
"""
    for number in range(24)
)


@pytest.mark.parametrize("size", ["projector", "phone"])
def test_many_workloads_do_not_overflow(open_page: Opener, size: str) -> None:
    page = open_page(size=size)
    page.evaluate(
        """async (manifest) => {
          const token = document.querySelector('meta[name="csrf-token"]').content
          const body = new URLSearchParams({manifest})
          const headers = {"X-CSRF-Token": token}
          await fetch(`${document.body.dataset.base}/commands/apply`, {method: "POST", body, headers})
        }""",
        MANY,
    )
    expect(page.locator("#workloads .workload")).to_have_count(25)
    width, _height = SIZES[size]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if size == "phone":
        return
    more = page.get_by_role("button", name=re.compile(r"^\d+ more workloads$"))
    expect(more).to_have_text(re.compile(r"^\+\d+$"))
    more.click()
    expect(page.get_by_role("button", name="fewer")).to_have_attribute("aria-expanded", "true")


def test_lessons_stand_in_groups_and_arrow_keys_go_through_them(open_page: Opener) -> None:
    page = open_page()
    page.keyboard.press("s")
    expect(page.get_by_role("group", name="Control plane")).to_be_visible()
    page.keyboard.press("End")
    expect(page.locator(".lessons").last.get_by_role("button").last).to_be_focused()
    page.keyboard.press("Home")
    expect(page.locator(".lessons").first.get_by_role("button").first).to_be_focused()


def test_a_long_wait_that_is_skipped_is_said(open_page: Opener) -> None:
    page = open_page()
    page.get_by_role("button", name="Break things").click()
    page.get_by_role("group", name="Chaos: pods killed a minute").get_by_role("button", name="6", exact=True).click()
    expect(page.locator("[data-lens]")).to_contain_text(re.compile(r"\d s → [\d.]+ (s|ms)"))
