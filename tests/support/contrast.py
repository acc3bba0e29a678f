"""Text too faint to be read: contrast as WCAG 2 defines it, against the worst of what is painted behind a text."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

AA = 4.5  # WCAG 2.2, success criterion 1.4.3
_LOOK = (Path(__file__).parent / "contrast.js").read_text()


def faint(page: Page, selector: str, least: float = AA) -> list[str]:
    """A line for each text in what the selector names whose contrast is less than `least`."""
    found: list[str] = page.evaluate(_LOOK, [selector, least])
    return found
