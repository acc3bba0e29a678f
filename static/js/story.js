// The way of a story: one told step back, on to the next, the ending, and all of it once more.
import * as caption from "./caption.js"
import {post, tell} from "./commands.js"
import {all, hit} from "./dom.js"
import {again as pointAgain} from "./marks.js"
import {backToNow, isPast, showStep} from "./past.js"
import {say, watch} from "./state.js"

const LEAST_S = 0.9
/** @import {Moment} from "./types.js" */

/** @type {Moment[]} */
let moments = []
let act = 0
let playing = 0

export function startStory() {
  watch((state, fresh) => {
    if (fresh || state.act !== act) moments = []
    act = state.act
    if (state.path) moments = state.path
    else if (state.told && moments.at(-1)?.step !== state.told.step) moments.push(state.told)
  })
  document.querySelector("[data-back]")?.addEventListener("click", back)
  document.addEventListener("click", (event) => {
    if (hit(event, "[data-once-more]")) onceMore()
    if (hit(event, "[data-next]")) next()
  })
  document.addEventListener("loopscope:now", stop)
  for (const onward of /** @type {HTMLButtonElement[]} */ (all("[data-next]"))) { // of a page that only looks
    for (const name of ["past", "now"]) document.addEventListener(`loopscope:${name}`, () => { onward.disabled = !isPast() })
  }
}

/** What was told since somebody did something, oldest first. */
export const path = () => moments

/** One told step back; its card, and the board as it was. */
export async function back() {
  const here = isPast() || (moments.at(-1)?.step ?? 0)
  const before = moments.findLast(({step}) => step < here)
  stop()
  if (!(await showStep(before?.step ?? isPast() - 1))) tell(say("nothing_before"), true)
}

/** From a moment of the past to the next that was told, after the last to now; from now on to the next to come. */
export async function next() {
  if (!isPast()) return post("moment")
  const after = moments.find(({step}) => step > isPast())
  stop()
  if (!after || after === moments.at(-1) || !(await showStep(after.step))) backToNow()
}

/** Says and points again at what is told. */
export function again() {
  caption.again()
  pointAgain()
}

/** All that was told, as long as each takes to read. */
export async function onceMore() {
  const turn = ++playing
  document.body.classList.add("replaying")
  for (const {step, stands} of [...moments]) {
    const isThere = await showStep(step)
    if (playing !== turn) return
    if (!isThere) break
    await new Promise((done) => setTimeout(done, Math.max(LEAST_S, stands) * 1000))
    if (playing !== turn) return
  }
  backToNow()
}

function stop() {
  playing++
  document.body.classList.remove("replaying")
}
