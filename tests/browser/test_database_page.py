"""A database as a service on the page: one line that unfolds, writes by a button, and why another server is primary."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from app.web.present.card import GLYPHS
from tests.browser.conftest import Opener
from tests.support.contrast import faint
from tests.support.geometry import faults
from tests.support.mysql import INSTALL, PASSWORDS, declared
from tests.support.pages import post


def with_a_database(page: Page) -> Page:
    """Its three servers are members of the group."""
    post(page, "pace", mode="clock", speed="60")
    post(page, "commands/apply", manifest=f"{INSTALL}---{PASSWORDS}")
    expect(page.locator('.pod[data-name^="mysql-operator"][data-ready="true"]')).to_be_attached()
    post(page, "commands/apply", manifest=declared())
    expect(page.locator(".custom .facts")).to_contain_text("ONLINE ")
    expect(page.locator('.server[data-tone="ready"]')).to_have_count(3)
    return page


@pytest.mark.parametrize(
    ("size", "lang", "theme"), [("projector", "en", "light"), ("phone", "ja", "dark")], ids=["projector", "phone"]
)
def test_it_unfolds_takes_writes_and_tells_why_another_is_primary(
    open_page: Opener, size: str, lang: str, theme: str
) -> None:
    page = with_a_database(open_page(size=size, lang=lang, theme=theme))
    card = page.locator(".custom")
    expect(card.locator(".server").first).to_contain_text("PRIMARY")
    ten = card.get_by_role("button", name="mycluster").filter(has_text="10")
    ten.click()
    expect(ten).to_have_attribute("aria-pressed", "true")
    summary = card.locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(card.locator('.maker[data-operator] [data-open^="StatefulSet/"]')).to_be_visible()
    post(page, "commands/crash", kind="Pod", namespace="default", name="mycluster-0", container="mysql")
    # Either of the others: the servers draw their uuids.
    expect(card.locator(".decision .chosen")).to_contain_text(re.compile("mycluster-[12]"))
    expect(card.locator(".decision")).to_contain_text("uuid")
    expect(card.locator(".server").filter(has_text="PRIMARY")).to_have_count(1)
    expect(card.locator("details")).to_have_attribute("open", "")
    post(page, "pace", paused="true")
    assert faults(page) == []
    assert faint(page, ".custom") == []
    for tone in GLYPHS:
        card.evaluate(
            "(card, tone) => card.querySelectorAll('[data-tone]').forEach((e) => (e.dataset.tone = tone))", tone
        )
        assert faint(page, ".custom") == [], tone
