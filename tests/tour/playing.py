"""One lesson on one page: each step is pressed, and what is told is looked at on the way.

    tour = Tour(page, lesson, "en")
    faults = tour.play(1)        # a list of sentences: nothing is wrong if it is empty

It walks from one told moment to the next as a speaker would, with the key →, and asks of each: do caption and panel
show the same step, does the sentence stand in sight and as long as it takes to read it, is there anything in it that
only programs understand? Then it skips to the ending and asks whether each milestone was reached, and told. At each
press and each ending the page is measured: nothing may be cut off, covered or too small.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Page

from app.scenarios import Scenario
from app.scenarios.script import ScriptStep
from app.web.present import reading_ms
from tests.support.geometry import faults
from tests.support.pages import post
from tests.support.patience import PATIENCE_MS
from tests.support.wording import UID, wrong

FAST = 100  # speed: what is told is read that much faster
CLOCK = 20  # of lessons that go by the clock, in virtual seconds a second
NEXT_MS = 4_000
AGAIN_MS = 50
SETTLE_MS = 500  # until nothing moves
LEAST_S = 0.9
REPEAT = 3  # times as fast
SLACK = 0.98
BARE_UID = re.compile(rf"(?<!pvc-)\b{UID.pattern}")  # Kubernetes names a volume by the uid of its claim

MOMENT = """() => {
  const state = JSON.parse(document.getElementById("frame").textContent)
  const [caption, loop] = ["caption", "loop-section"].map((id) => document.getElementById(id))
  const text = caption.querySelector(".text")
  const box = text.getBoundingClientRect()
  return {
    step: caption.dataset.step, phase: caption.dataset.phase, role: caption.dataset.role,
    panel: loop.innerText,
    repeat: caption.dataset.repeat === "true", text: text.textContent.trim(),
    loopStep: loop.dataset.step, loopRole: loop.dataset.role,
    inSight: box.height > 0 && box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth,
    stands: state.told?.stands, told: String(state.told?.step), quiet: document.body.dataset.quiet === "true",
    names: [...document.querySelectorAll("[data-name]")].map((one) => one.dataset.name),
  }
}"""

Look = Callable[[str], None]


def uncalled_for(complaints: list[str], lesson: Scenario) -> list[str]:
    """What a browser complained of, but for refusals where the lesson wants one."""
    wanted = any(step.expects_refusal for step in lesson.steps)
    return [text for text in complaints if not (wanted and ("status of" in text or "Status Error Code" in text))]


class Tour:
    """`see(what)` is called at each press and at each ending, for a picture."""

    def __init__(self, page: Page, lesson: Scenario, lang: str, see: Look = lambda what: None) -> None:
        self.page, self.lesson, self.lang, self._see = page, lesson, lang, see
        self.moments = 0  # that were told and looked at
        self.milestones = 0  # that were told

    def open(self) -> None:
        """The lesson is chosen in the menu and begins."""
        self.page.locator("#scenario-menu > summary").click()
        entry = self.page.locator(f'#scenario-menu [data-scenario="{self.lesson.id}"]')
        entry.click()
        self.page.locator(f'[data-scenario="{self.lesson.id}"][aria-current="true"]').first.wait_for(state="attached")
        post(self.page, "pace", speed=str(CLOCK if self.lesson.clock else FAST))

    def play(self, moments: int) -> list[str]:
        """Every step in order; of each so many moments are looked at one by one, the others are skipped."""
        self.open()
        self._see("beginning")
        found = [
            f"beginning: {fault}"
            for fault in self._wording("the promise", self.page.locator("#script-promise").inner_text())
        ]
        for index, step in enumerate(self.lesson.steps):
            found += [f"{step.press['en']}: {fault}" for fault in self._step(index, step, moments)]
        if not self.page.locator("#script-ending").is_visible():
            found.append("the lesson's ending never came")
        self._see("ending")
        return found

    # ------------------------------------------------------------------------------------------ one step

    def _step(self, index: int, step: ScriptStep, moments: int) -> Iterator[str]:
        button = self.page.locator(f'[data-script-step="{index}"]')
        post(self.page, "pace", paused="true")  # at this speed it would be over before one looks
        before = self._moment()["step"]
        with self.page.expect_response(lambda response: f"/script/{index}" in response.url) as answered:
            button.click()
        if answered.value.status >= 400 and not step.expects_refusal:
            yield f"refused: {answered.value.text()[:200]}"
        self._until(lambda: self._moment()["step"] != before or self._is_done(index), NEXT_MS)
        self._see(f"{index} pressed")
        yield from self._lies(f"{index} pressed")
        for _ in range(moments):
            yield from self._look()
            if not self._next():
                break
        self.page.keyboard.press("q")
        self._until(lambda: self._is_told(index, step), PATIENCE_MS)
        yield from self._look()
        self._see(f"{index} done")
        yield from self._lies(f"{index} done")
        for milestone in step.milestones:
            shown = self.page.locator(f'[data-milestone="{milestone.id}"]')
            reached, told = (shown.get_attribute(f"data-{what}") == "true" for what in ("reached", "told"))
            self.milestones += told
            if not told:
                yield f"milestone {milestone.id} was {'reached, but not told' if reached else 'not reached'}"
        if button.get_attribute("data-done") != "true":
            yield "the step is not ticked"

    def _next(self) -> bool:
        """On to the next moment; false if there is none."""
        before = self._moment()["step"]
        self.page.keyboard.press("ArrowRight")
        return self._until(lambda: self._moment()["step"] != before, NEXT_MS)

    def _look(self) -> Iterator[str]:
        self._until(self._agrees, PATIENCE_MS)
        now = self._moment()
        if not now["text"] or not now["phase"]:
            yield "nothing is told"
            return
        self.moments += 1
        said = now["text"]
        if now["phase"] != "you" and (now["loopStep"], now["loopRole"]) != (now["step"], now["role"]):
            yield f"{said!r}: the panel shows another step, {now['loopStep']} of {now['loopRole']}"
        if not now["inSight"]:
            yield f"{said!r}: not in sight"
        if now["stands"] is not None and now["told"] == now["step"]:
            needed = max(LEAST_S, reading_ms(said, self.lang) / 1000) / (REPEAT if now["repeat"] else 1)
            if now["stands"] < SLACK * needed:
                yield f"{said!r}: stands {now['stands']} s, and takes {needed:.2f} s to read"
        yield from self._wording("the caption", said, now["names"])
        if BARE_UID.search(now["panel"]):
            yield f"{said!r}: the panel shows a uid"

    def _wording(self, where: str, text: str, names: tuple[str, ...] = ()) -> Iterator[str]:
        for what in wrong(text, self.lang, names):
            yield f"{what} in {where}: {text!r}"

    def _lies(self, when: str) -> Iterator[str]:
        """What is wrong twice is wrong; once it may have been on its way."""
        self.page.wait_for_timeout(SETTLE_MS)
        if not (found := faults(self.page)):
            return
        self.page.wait_for_timeout(SETTLE_MS)
        for fault in sorted({*found} & {*faults(self.page)}):
            yield f"{when}: {fault}"

    # ----------------------------------------------------------------------------------------- the page

    def _moment(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate(MOMENT)
        return found

    def _agrees(self) -> bool:
        """Caption and panel, and whatever was scrolled has come to rest."""
        now = self._moment()
        agree = now["phase"] == "you" or (now["loopStep"], now["loopRole"]) == (now["step"], now["role"])
        return agree and now["inSight"]

    def _is_done(self, index: int) -> bool:
        return self.page.locator(f'[data-script-step="{index}"]').get_attribute("data-done") == "true"

    def _is_told(self, index: int, step: ScriptStep) -> bool:
        told = self.page.locator(f'[data-watch-for="{index}"] [data-milestone][data-told="true"]').count()
        if told < len(step.milestones):
            self._go_on()
        return told == len(step.milestones) and self._is_done(index)

    def _go_on(self) -> None:
        """A room that came to the limit of "until quiet" waits."""
        paused = self.page.evaluate('JSON.parse(document.getElementById("frame").textContent).pace.paused')
        if paused:
            post(self.page, "pace", paused="false")

    def _until(self, holds: Callable[[], bool], patience_ms: int) -> bool:
        for _ in range(patience_ms // AGAIN_MS):
            if holds():
                return True
            self.page.wait_for_timeout(AGAIN_MS)
        return holds()
