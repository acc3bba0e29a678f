"""What the page knows of kubectl: the file that points it here, the command of each button, the text of describe."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.test_page import faster, names, pods, quiet
from tests.support.pages import SIZES, post
from tests.support.server import Server

CONTROLLER = """apiVersion: v1
kind: ReplicationController
metadata:
  name: old-school
spec:
  replicas: 2
  selector:
    app: old
  template:
    metadata:
      labels:
        app: old
    spec:
      containers:
      - name: nginx
        image: nginx:1.27
"""


def clipboard(page: Page) -> str:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def scheduler_tables(page: Page) -> list[list[int]]:
    found: list[list[int]] = page.locator("#loop-default-scheduler .table").evaluate_all(
        "all => all.filter(e => e.clientWidth).map(e => [e.scrollWidth, e.clientWidth])"
    )
    return found


# --------------------------------------------------------------------------------------------- the kubeconfig


@pytest.mark.parametrize("size", ["projector", "desk", "phone"])
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_kubeconfig_is_in_sight_and_fits(open_page: Opener, size: str, lang: str) -> None:
    page = open_page(size=size, lang=lang)
    page.get_by_role("button", name="Your own kubectl" if lang == "en" else "手元のkubectl", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("region", name="kubeconfig")).to_contain_text("/kube")
    expect(dialog).to_contain_text("export KUBECONFIG=")
    box = dialog.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= SIZES[size][0]
    assert box["y"] + box["height"] <= SIZES[size][1]
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.getElementById('kubectl'))")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_kubeconfig_is_copied_and_downloaded_by_keyboard(open_page: Opener, server: Server) -> None:
    page = open_page()
    page.keyboard.press("u")
    link = page.get_by_role("link", name=re.compile("Download"))
    expect(link).to_be_focused()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    config = server.get(f"{page.evaluate('location.pathname')}/kubeconfig")
    assert download.value.path().read_text() == config
    page.keyboard.press("Tab")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text("Copied")
    assert clipboard(page) == config
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


# ------------------------------------------------------------------------------------- the command of each button


def test_with_shift_a_button_gives_its_command_and_does_nothing(open_page: Opener) -> None:
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    name = names(page)[0]
    page.get_by_role("button", name=f"Kill pod {name}").click(modifiers=["Shift"])
    expect(page.locator("#answer")).to_contain_text("Copied")
    assert clipboard(page) == f"kubectl delete pod {name}"
    page.get_by_role("button", name="Apply").click(modifiers=["Shift"])
    expect(page.locator("#answer")).to_contain_text("kubectl apply")
    assert clipboard(page).startswith("kubectl apply -f - <<'EOF'\napiVersion: apps/v1\nkind: Deployment\n")
    assert clipboard(page).endswith("\nEOF")
    expect(page.locator('[data-tone="dying"]')).to_have_count(0)


def test_what_one_did_is_answered_with_the_same_in_kubectl(open_page: Opener) -> None:
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    name = names(page)[1]
    page.get_by_role("button", name=f"Crash pod {name}").click()
    page.locator("#answer").get_by_role("button", name=f"kubectl exec {name} -- kill 1").click()
    expect(page.locator("#answer")).to_contain_text("Copied")
    assert clipboard(page) == f"kubectl exec {name} -- kill 1"


def test_the_answer_to_a_step_names_the_very_pod(open_page: Opener) -> None:
    page = open_page()
    pods = names(page)
    step = page.locator('[data-script-step="0"]')
    assert step.get_attribute("title") == "kubectl delete pod web-*"
    step.click()
    said = page.locator("#answer [data-copy]").first.get_attribute("data-copy") or ""
    assert said.removeprefix("kubectl delete pod ") in pods


def test_every_button_that_changes_the_cluster_says_its_command(open_page: Opener) -> None:
    page = open_page()
    page.locator('[data-kind="Deployment"] .open').first.click()
    expect(page.locator("#inspector .todo")).to_be_visible()
    silent = page.evaluate(
        """() => [...document.querySelectorAll(".kills button, #script button, #apply, #inspector .todo [type=submit]")]
          .filter((e) => !e.title.startsWith("kubectl ")).map((e) => e.outerHTML)"""
    )
    assert silent == []
    for button in ("#reset", "#latencies", "[data-scenario]"):
        assert "kubectl has no command" in (page.locator(button).first.get_attribute("title") or "")


def test_the_command_follows_what_is_typed(open_page: Opener) -> None:
    page = open_page()
    page.locator('[data-kind="Deployment"] .open').first.click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_label("replicas").fill("7")
    expect(inspector.get_by_role("button", name="kubectl scale deployment/web --replicas=7")).to_be_visible()
    inspector.get_by_label("image").fill("it's")
    expect(inspector).to_contain_text("kubectl set image deployment/web 'nginx=it'\\''s'")
    page.keyboard.press("Escape")


# -------------------------------------------------------------------------------------------------- describe


def test_an_object_as_kubectl_describes_it(open_page: Opener) -> None:
    page = open_page(size="projector")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator('[data-kind="Deployment"] .open').first.click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_role("tab", name="describe").click()
    text = inspector.get_by_role("tabpanel", name="describe")
    expect(text).to_contain_text("RollingUpdateStrategy:  25% max unavailable, 25% max surge")
    expect(inspector.get_by_role("tab", name="describe")).to_be_focused()
    inspector.get_by_role("button", name="Copy the text").click()
    expect(page.locator("#answer")).to_contain_text("Copied: kubectl describe deployment/web")
    assert clipboard(page).startswith("Name:                   web\n")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("i")
    expect(inspector.get_by_role("region", name="Live object")).to_be_visible()
    inspector.get_by_role("tab", name="YAML").press("ArrowRight")
    expect(text).to_be_visible()
    page.keyboard.press("Escape")
    page.locator('[data-kind="Service"] .open').first.click()
    expect(text).to_contain_text("Endpoints:")


# ------------------------------------------------------------------------------------------- kinds of their own


def test_a_replication_controller_has_a_card_and_stored_kinds_are_marked(open_page: Opener) -> None:
    page = open_page()
    faster(page)
    secret = "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: password\n"
    post(page, "commands/apply", manifest=CONTROLLER + secret)
    card = page.locator('#workloads [data-kind="ReplicationController"]')
    expect(card).to_have_attribute("data-ready", "2")
    expect(card.locator(".chart path").first).to_be_attached()
    group = page.get_by_role("group", name="stored, no controller: 1")
    group.get_by_role("button", name="Secret password").click()
    expect(page.get_by_role("complementary", name="Inspector")).to_contain_text("stored, no controller")
    expect(page.get_by_role("tab", name="describe")).to_have_count(0)
    quiet(page)
    expect(pods(page)).to_have_count(5)


# --------------------------------------------------------------------------------------------- narrow and large


@pytest.mark.parametrize("size", ["projector", "desk"])
def test_the_schedulers_tables_are_whole(open_page: Opener, size: str) -> None:
    page = open_page(size=size)
    faster(page)
    post(page, "commands/scale", kind="Deployment", namespace="default", name="web", replicas="4")
    expect(pods(page)).to_have_count(4)
    page.locator("#mini-default-scheduler").click()
    for phase in ("observe", "diff"):
        page.locator(f'#loop-default-scheduler [data-fold="{phase}"]').click()
        tables = scheduler_tables(page)
        assert tables
        assert all(whole <= shown for whole, shown in tables)


def test_a_large_cluster_is_walked_by_keyboard(open_page: Opener) -> None:
    page = open_page()
    post(page, "commands/latencies", preset="zero")
    post(page, "commands/scale", kind="Deployment", namespace="default", name="web", replicas="520")
    post(page, "quiet")
    canvas = page.locator("#cells canvas")
    expect(canvas).to_have_attribute("aria-label", re.compile(r"^520 pods"))
    quiet(page)
    now = page.locator("#cell-now")
    expect(now).to_contain_text("Arrow keys")
    page.keyboard.press("j")
    expect(canvas).to_be_focused()
    expect(now).to_contain_text("web-")
    seen = [now.inner_text()]
    for key in ("ArrowRight", "ArrowDown", "End"):
        page.keyboard.press(key)
        expect(now).not_to_have_text(seen[-1])
        seen.append(now.inner_text())
    assert len(set(seen)) == 4
    assert seen[-1].endswith("node-3 · running and ready")
    name = seen[-1].split(" · ")[0]
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name="Inspector").get_by_role("heading", name=name)).to_be_focused()
    page.keyboard.press("Escape")
    expect(canvas).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("#answer")).to_contain_text(f"kubectl delete pod {name}")
