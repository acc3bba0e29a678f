// The caption gives a sentence time to be read: for a moment, lesser news wait behind greater ones.
import {morph} from "./morph.js"
import {state} from "./state.js"

const HOLD_MS = 1100
const HOLD_TROUBLE_MS = 2600
const TROUBLE = "3"
let shownAt = 0
let waiting = null
let timer = 0
/** @type {?Element} what was said when a step of the past took the word */
let live = null

/** A step of the past speaks until `now`; what happens meanwhile waits. @param {HTMLElement} then */
export function past(then) {
  const present = document.getElementById("caption")
  live ??= present.cloneNode(true)
  const next = then.cloneNode(true)
  next.id = present.id
  next.className = ""
  next.hidden = false
  morph(present, next)
}

/** The present speaks again. */
export function now() {
  if (!live) return
  waiting ??= live
  live = null
  show()
}

/** A snapshot brought a caption of its own. */
export function forget() {
  live = waiting = null
}

/** @param {HTMLElement} next */
export function say(next) {
  const present = document.getElementById("caption")
  const lesser = Number(next.dataset.weight ?? 0) < Number(present.dataset.weight ?? 0)
  const hold = present.dataset.weight === TROUBLE ? HOLD_TROUBLE_MS : HOLD_MS
  const left = shownAt + hold - performance.now()
  clearTimeout(timer)
  waiting = next
  if (live) return
  if (lesser && left > 0 && !state.pace.paused) timer = setTimeout(show, left)
  else show()
}

function show() {
  const present = document.getElementById("caption")
  if (!waiting || !present || live) return
  morph(present, waiting)
  waiting = null
  shownAt = performance.now()
  document.dispatchEvent(new CustomEvent("loopscope:said"))
}
