"""Words: the catalogue of one language, and how the loops of a cluster speak of themselves. Handed to every function
here that writes a sentence.

`present` knows nothing of Flask: whoever renders (pages, live) passes the gettext functions of the viewer's language,
and `room` adds the voices of the cluster that is drawn. An instance is named `_` where it is used, so that babel finds
the sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.api.control_plane import first_of
from app.api.messages import N_ as N_
from app.api.messages import SILENT, Plural, Voice


@dataclass(frozen=True, slots=True)
class Words:
    lang: str = "en"
    gettext: Callable[[str], str] = str
    ngettext: Callable[[str, str, int], str] = lambda one, more, n: one if n == 1 else more
    voices: Mapping[str, Voice] = field(default_factory=dict)  # of loops, by role

    def __call__(self, text: str, **values: Any) -> str:
        """The sentence in this language; `%(name)s` in it is replaced by `values`."""
        sentence = self.gettext(text) if text else ""
        return sentence % values if values else sentence

    def many(self, one: str, more: str, n: int, /, **values: Any) -> str:
        """The sentence for `n` things; `%(n)s` is the number."""
        return self.ngettext(one, more, n) % {"n": n, **values}

    def say(self, text: str | Plural, n: int = 0, /, **values: Any) -> str:
        """A sentence that may come in two forms; `n` decides which."""
        return self.many(*text, n, **values) if isinstance(text, Plural) else self(text, **values)

    def among(self, voices: Mapping[str, Voice]) -> Words:
        """The words of this language where these loops are."""
        return replace(self, voices=voices)

    def voice(self, role: str) -> Voice:
        return self.voices.get(first_of(role), SILENT)


ENGLISH = Words()
