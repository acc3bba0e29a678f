"""Times that tick in the browser read as those that the server writes."""

from __future__ import annotations

from app.web.present import clock
from tests.browser.conftest import Opener

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
EDGES = (
    0,
    SECOND,
    10 * SECOND,
    2 * MINUTE,
    10 * MINUTE,
    HOUR,
    3 * HOUR,
    8 * HOUR,
    2 * DAY,
    8 * DAY,
    730 * DAY,
    2920 * DAY,
)
SPANS = sorted({max(0, edge + more) for edge in EDGES for more in (-SECOND, -1, 0, 1, 1_240, 61_500, 3_900_000)})


def test_ages_spans_and_clocks_are_the_servers(open_page: Opener) -> None:
    shown = open_page().evaluate(
        """async (all) => {
          const main = document.querySelector('script[type="module"]').src
          const {age, span, virtual} = await import(main.replace("main.js", "clock.js"))
          return all.map((ms) => [age(ms), span(ms), virtual(ms)])
        }""",
        SPANS,
    )
    assert shown == [[clock.age(ms), clock.duration(ms), clock.virtual(ms)] for ms in SPANS]
