"""The pictures of a lesson on one sheet, so that somebody can look at a whole lesson at a glance."""

from __future__ import annotations

import base64
import html
from pathlib import Path

from playwright.sync_api import Browser, Page

QUALITY = 70
WIDTH = 1920
PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 12px; font: 14px sans-serif; background: #888 }}
main {{ display: flex; flex-wrap: wrap; gap: 12px }}
figure {{ margin: 0; width: {width}px }} img {{ width: 100%; display: block }} figcaption {{ padding: 2px 0 }}
</style><h1>{title}</h1><main>{figures}</main>"""


class Sheet:
    def __init__(self, page: Page, title: str) -> None:
        self._page, self._title = page, title
        self._pictures: list[tuple[str, bytes]] = []

    def see(self, what: str) -> None:
        picture = self._page.screenshot(type="jpeg", quality=QUALITY, animations="disabled")
        self._pictures.append((what, picture))

    def save(self, browser: Browser, path: Path) -> None:
        size = self._page.viewport_size or {"width": 1280, "height": 720}
        width = 300 if size["width"] < size["height"] else 620
        figures = "".join(_figure(what, picture) for what, picture in self._pictures)
        page = browser.new_page(viewport={"width": WIDTH, "height": 400})
        page.set_content(PAGE.format(title=html.escape(self._title), figures=figures, width=width))
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path, full_page=True, type="jpeg", quality=QUALITY)
        page.close()


def _figure(what: str, picture: bytes) -> str:
    source = f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
    return f'<figure><figcaption>{html.escape(what)}</figcaption><img src="{source}"></figure>'
