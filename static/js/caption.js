// The caption gives a sentence time to be read: for a moment, lesser news wait behind greater ones.
import {morph} from "./morph.js"
import {state} from "./state.js"

const WEIGHT = {you: 3, act: 2, diff: 1, observe: 0}
const HOLD_MS = 1100
let shownAt = 0
let waiting = null
let timer = 0

/** @param {HTMLElement} next */
export function say(next) {
  const present = document.getElementById("caption")
  const lesser = (WEIGHT[next.dataset.phase] ?? 0) < (WEIGHT[present.dataset.phase] ?? 0)
  const left = shownAt + HOLD_MS - performance.now()
  clearTimeout(timer)
  waiting = next
  if (lesser && left > 0 && !state.pace.paused) timer = setTimeout(show, left)
  else show()
}

function show() {
  const present = document.getElementById("caption")
  if (!waiting || !present) return
  morph(present, waiting)
  waiting = null
  shownAt = performance.now()
  document.dispatchEvent(new CustomEvent("loopscope:said"))
}
