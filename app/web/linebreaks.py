"""How templates are laid out: a line a tag or an attribute, and none of it is sent.

A line break with the indentation around it is for those who read the template. Between two attributes, and in the
middle of a sentence, it is one space; where it touches a tag or Jinja's braces it is nothing. So no stray space comes
between two elements, a pushed frame has no byte too many, and a space that people shall see stands within a line. Used
by `create_app`.
"""

from __future__ import annotations

import re

from jinja2.ext import Extension

_PIECES = re.compile(
    r"(?P<jinja>\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})|(?P<tag><[A-Za-z/!])|(?P<quote>[\"'])|(?P<end>>)|(?P<breaks>\s*\n\s*)",
    re.DOTALL,
)


_ENDS, _BEGINNINGS = (">", "}", ""), ("<", "{", "")  # of a tag, of Jinja, of the template


class LineBreaks(Extension):
    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The source without its layout. The lines keep their numbers, inside comments, for tracebacks."""
        in_tag, quoted = False, ""

        def piece(found: re.Match[str]) -> str:
            nonlocal in_tag, quoted
            text = found[0]
            match found.lastgroup:
                case "tag" if not quoted:
                    in_tag = True
                case "quote" if in_tag:
                    quoted = "" if quoted == text else quoted or text
                case "end" if not quoted:
                    in_tag = False
                case "breaks":
                    before, after = source[: found.start()][-1:], source[found.end() : found.end() + 1]
                    touches = after == ">" if in_tag and not quoted else before in _ENDS or after in _BEGINNINGS
                    return ("" if touches else " ") + "{#" + "\n" * text.count("\n") + "#}"
            return text

        return _PIECES.sub(piece, source)
