// Questions: a form to a route that only answers. The page's token goes with it.
import {one} from "./dom.js"
import {room} from "./state.js"

/** @type {HTMLMetaElement} */
const token = one('meta[name="csrf-token"]')

/**
 * @param {string} route below the room @param {Object<string, string>} values @param {AbortSignal} [signal]
 * @param {Object<string, string>} [headers]
 */
export const ask = (route, values, signal, headers = {Accept: "application/json"}) =>
  fetch(`${room.base}/${route}?lang=${room.lang}`, {
    method: "POST", body: new URLSearchParams(values), headers: {"X-CSRF-Token": token.content, ...headers}, signal,
  })

/** Whether another question took its place. @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError"
