// The caption says what is told. A step of the past has the word until one goes back to now; what is told meanwhile waits.
import {byId} from "./dom.js"
import {copyOf, morph} from "./morph.js"

/** @type {?Element} what is told now, while a step of the past has the word */
let waiting = null

/** @param {HTMLElement} next */
export function say(next) {
  if (waiting) waiting = next
  else morph(present(), next)
}

/** A step of the past speaks until `now`. @param {HTMLElement} then */
export function past(then) {
  waiting ??= copyOf(present())
  morph(present(), copyOf(then))
}

/** The present speaks again. */
export function now() {
  if (waiting) morph(present(), waiting)
  waiting = null
}

/** A snapshot brought a caption of its own. */
export function forget() {
  waiting = null
}

/** Says it again, to whoever listens or looks. */
export function again() {
  const caption = present()
  caption.setAttribute("tabindex", "-1")
  caption.replaceChildren(...[...caption.childNodes].map((node) => node.cloneNode(true)))
  caption.focus()
}

const present = () => byId("caption")
