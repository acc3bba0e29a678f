"""Words: the catalogue of one language, handed to every function here that writes a sentence.

`present` knows nothing of Flask: whoever renders (pages, live) passes the gettext functions of the viewer's language.
An instance is named `_` where it is used, so that babel finds the sentences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.api.messages import N_ as N_


@dataclass(frozen=True, slots=True)
class Words:
    lang: str = "en"
    gettext: Callable[[str], str] = str
    ngettext: Callable[[str, str, int], str] = lambda one, more, n: one if n == 1 else more

    def __call__(self, text: str, **values: Any) -> str:
        """The sentence in this language; `%(name)s` in it is replaced by `values`."""
        sentence = self.gettext(text) if text else ""
        return sentence % values if values else sentence

    def many(self, one: str, more: str, n: int, **values: Any) -> str:
        """The sentence for `n` things; `%(n)s` is the number."""
        return self.ngettext(one, more, n) % {"n": n, **values}


ENGLISH = Words()
