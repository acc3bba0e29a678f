"""HTML of the room's page without what needs a server, for a page that plays without one (drawing.py).

What opens the inspector is words; what changes the room is left out, with what stands in it. So no button is there that
does nothing, whatever a template has.
"""

from __future__ import annotations

from html.parser import HTMLParser

KEPT = ("data-fold",)  # attributes of buttons that the player answers
_OPENS = "data-open"
_LEFT_OUT = ("kills", "tools")  # classes of what is around such buttons alone
_TAGS = ("button", "form", "input", "select")
_VOID = ("input", "br", "wbr", "hr", "img", "meta", "link")
_OF_BUTTONS = ("type", "aria-label", "aria-haspopup", "aria-pressed", _OPENS)


def still(html: str) -> str:
    reader = _Still()
    reader.feed(html)
    reader.close()
    return "".join(reader.kept)


class _Still(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.kept: list[str] = []
        self._open: list[str] = []  # what became of the buttons that are open: the tag that ends them
        self._left_out = 0  # elements that are open inside one that is left out, itself too

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._left_out:
            self._left_out += tag not in _VOID
            return
        given = dict(attrs)
        if tag in _TAGS and not (tag == "button" and (_OPENS in given or any(name in given for name in KEPT))):
            self._left_out = int(tag not in _VOID)
        elif any(name in _LEFT_OUT for name in (given.get("class") or "").split()):
            self._left_out = 1
        elif tag == "button":
            self._button(given)
        else:
            self.kept.append(self.get_starttag_text() or "")

    def _button(self, given: dict[str, str | None]) -> None:
        if _OPENS not in given:
            self._open.append("button")
            self.kept.append(self.get_starttag_text() or "")
            return
        self._open.append("span")
        words = "".join(f' {name}="{_quoted(value or "")}"' for name, value in given.items() if name not in _OF_BUTTONS)
        self.kept.append(f"<span{words}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._left_out and tag not in _TAGS:
            self.kept.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self._left_out:
            self._left_out -= 1
        elif tag == "button":
            self.kept.append(f"</{self._open.pop()}>")
        else:
            self.kept.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_entityref(self, name: str) -> None:
        self._keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._keep(f"&#{name};")

    def _keep(self, text: str) -> None:
        if not self._left_out:
            self.kept.append(text)


def _quoted(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
