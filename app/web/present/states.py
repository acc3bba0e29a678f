"""What a Difference wants or has where the API has no value for it: `a sign of life`, `not yet`. Loops write it in
English, as what it is is data; here it is said in a language."""

from __future__ import annotations

from typing import Any

from app.web.present.values import brief
from app.web.present.words import N_, Words

STATES = frozenset(
    (
        N_("%(n)s s of silence"), N_("%(n)s tolerate it for now"), N_("a job"), N_("a kill"), N_("a look"),
        N_("a node"), N_("a node that exists"), N_("a sign of life"), N_("a while ago"), N_("all heard"),
        N_("an account"), N_("an address"), N_("another node"), N_("as it is"), N_("as seen"), N_("as wanted"),
        N_("before"), N_("configured"), N_("created"), N_("differs"), N_("done"), N_("edited"), N_("enough"),
        N_("failing"), N_("finished"), N_("found"), N_("gone"), N_("handled"), N_("image pulled"), N_("in sync"),
        N_("known"), N_("looked at"), N_("measured"), N_("metrics"), N_("mounted"), N_("no member"), N_("none"),
        N_("none yet"), N_("not due"), N_("not paused"), N_("not ready"), N_("not there"), N_("not yet"), N_("now"),
        N_("older"), N_("one"), N_("otherwise"), N_("over"), N_("paused"), N_("planned"), N_("published"),
        N_("ready"), N_("renewed"), N_("running"), N_("served"), N_("settled"), N_("some silent"), N_("spread"),
        N_("stopped"), N_("terminating"), N_("the next second"), N_("this one"), N_("to do"), N_("to go"),
        N_("too little %(n)s"), N_("unknown"), N_("within its limit"), N_("worked out"), N_("written"),
    )
)  # fmt: skip


def state(value: Any, _: Words) -> str:
    """`value` in a few words, of the language where it is one of these."""
    words = brief(value)
    if not isinstance(value, str):
        return words
    if words in STATES:
        return _(words)
    for n, text in _counted(words):
        if text in STATES:
            return _(text, n=n)
    return words


def _counted(words: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """What counts something: the number, or whatever varies, and the text around it."""
    first, _space, rest = words.partition(" ")
    start, _space, last = words.rpartition(" ")
    return (first, f"%(n)s {rest}"), (last, f"{start} %(n)s")
