// What the page knows of the room beyond the DOM, and who wants to hear when it changes.

/** @typedef {{mode: string, speed: number, paused: boolean}} Pace */
/** @typedef {{from: number, to: number, wall: number}} Waiting */
/**
 * @typedef {[number, number, string, string, number, boolean, string, string, string]} Row number, at_ms, lane, phase,
 *   cause, ok, key, what was done, the same in a few words
 */
/**
 * @typedef {Object} State
 * @property {number} frame @property {number} epoch @property {number} now virtual ms since the room began
 * @property {boolean} retold the past was another version's
 * @property {boolean} quiet @property {Pace} pace @property {string} latencies @property {string} scenario
 * @property {number} viewers @property {?Waiting} waiting @property {number} applied @property {number} pods
 * @property {"cards"|"cells"} mode @property {Object<string, [string, number, number]>} actors
 * @property {Object<string, ?Object>} traffic by namespace/name of the Service, of those that changed
 * @property {Row[]} steps @property {Object<string, [number, number, number][]>} replicas at_ms, desired, ready
 */

const body = document.body
/** `whyNot`: why this page may not change the room; "" if it may. */
export const room = {
  id: body.dataset.room, base: body.dataset.base, lang: document.documentElement.lang,
  role: body.dataset.role, whyNot: body.dataset.whyNot ?? "",
}

/** @type {State} */
export let state = read(document.getElementById("frame"))
/** @type {any} */
export let data = read(document.getElementById("data"))

/** @type {Set<(state: State, fresh: boolean) => void>} */
const listeners = new Set()

/** Calls back now and after every frame; `fresh` when everything was replaced by a snapshot. */
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
  state = read(document.getElementById("frame"))
  data = read(document.getElementById("data"))
  for (const listener of listeners) listener(state, true)
}

/** A text of the catalogue. @param {string} name @param {Object<string, any>} [values] */
export function say(name, values = {}) {
  return (data.words[name] ?? name).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "")
}

/** @param {?Element} element */
function read(element) {
  return element ? JSON.parse(element.textContent) : {}
}
