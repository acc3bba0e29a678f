// Who is on call has a pager, if he wants it to sound: when somebody is called, and again as long as he does not act.
import {all, byId, hit} from "./dom.js"
import {state, watch} from "./state.js"

const AGAIN_MS = 10_000
const [BEEPS, BEEP_S, PITCH_HZ, VOLUME] = [3, 0.12, 1480, 0.15]
/** @type {?AudioContext} there is one as long as the pager is on */
let pager = null
let again = 0
let heard = 0

const strip = () => byId("on-call")

export function startOnCall() {
  document.addEventListener("click", (event) => {
    if (hit(event, "#pager")) toggle()
  })
  watch(look)
}

/** Does the first thing that somebody is called for. */
export const actByHand = () => all("#on-call [data-do='by-hand']")[0]?.click()

function toggle() {
  if (pager) pager.close()
  pager = pager ? null : new AudioContext()
  if (pager) beep()
  look()
}

function look() {
  document.getElementById("pager")?.setAttribute("aria-pressed", String(pager !== null))
  const call = Number(strip().dataset.call)
  if (!state.called || state.pace.paused) {
    clearInterval(again)
    again = 0
  } else if (!again || call !== heard) {
    clearInterval(again)
    again = setInterval(beep, AGAIN_MS)
    beep()
  }
  heard = call
}

function beep() {
  if (!pager) return
  for (let number = 0; number < BEEPS; number++) {
    const [tone, gain] = [pager.createOscillator(), pager.createGain()]
    const from = pager.currentTime + 2 * number * BEEP_S
    tone.type = "square"
    tone.frequency.value = PITCH_HZ
    gain.gain.value = VOLUME
    tone.connect(gain).connect(pager.destination)
    tone.start(from)
    tone.stop(from + BEEP_S)
  }
}
