"""Which language a visitor reads: `?lang=`, else the cookie, else Accept-Language. And the Words of each.

The catalogues are `app/translations/<lang>/LC_MESSAGES/messages.po`, compiled by `make i18n`; English is in the source.
"""

from __future__ import annotations

import gettext
from functools import cache, lru_cache
from pathlib import Path

from flask import Flask, Response, request

from app.scenarios import LANGUAGES
from app.web.present import Words

COOKIE = "loopscope_lang"
YEAR_S = 31_536_000
_FOLDER = Path(__file__).parent.parent / "translations"


@cache
def words(lang: str) -> Words:
    translations = gettext.translation("messages", _FOLDER, [lang], fallback=True)
    # A frame asks for the same few sentences hundreds of times.
    return Words(lang, lru_cache(maxsize=4096)(translations.gettext), translations.ngettext)


def chosen() -> str:
    """The language of this request."""
    for wish in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return wish
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def here() -> Words:
    """The Words of this request. Named `_` where they are used, so that babel finds the sentences."""
    return words(chosen())


def init_app(app: Flask) -> None:
    @app.after_request
    def remember(response: Response) -> Response:
        lang = request.args.get("lang")
        if lang in LANGUAGES and lang != request.cookies.get(COOKIE) and request.method == "GET":
            response.set_cookie(COOKIE, lang, max_age=YEAR_S, samesite="Lax", secure=request.is_secure)
        return response
