// What the page knows of the room beyond the DOM, and who wants to hear when it changes.
import {byId} from "./dom.js"

/** @import {Data, State} from "./types.js" */

const body = document.body
/** `whyNot`: why this page may not change the room; "" if it may. */
export const room = {
  id: body.dataset.room ?? "", base: body.dataset.base ?? "", lang: document.documentElement.lang,
  role: body.dataset.role ?? "", whyNot: body.dataset.whyNot ?? "",
}

/** @type {State} */
export let state = read("frame")
/** @type {Data} */
export let data = read("data")

/** @type {Set<(state: State, fresh: boolean) => void>} */
const listeners = new Set()

/**
 * Calls back now and after every frame; `fresh` when everything was replaced by a snapshot.
 * @param {(state: State, fresh: boolean) => void} listener
 */
export function watch(listener) {
  listeners.add(listener)
  listener(state, true)
}

/** A frame arrived. @param {State} next */
export function frameCame(next) {
  state = next
  for (const listener of listeners) listener(state, false)
}

/** A snapshot replaced everything. */
export function snapshotCame() {
  state = read("frame")
  data = read("data")
  for (const listener of listeners) listener(state, true)
}

/** A text of the catalogue. @param {string} name @param {Object<string, string|number>} [values] */
export function say(name, values = {}) {
  return (data.words[name] ?? name).replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""))
}

/** @param {string} id */
function read(id) {
  return JSON.parse(byId(id).textContent)
}
