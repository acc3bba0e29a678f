// A page without a browser, for modules that touch one. Made before they are imported: they ask for its elements at once.
import {JSDOM} from "jsdom"

const NAMES = ["Element", "HTMLElement", "FormData", "HTMLInputElement", "HTMLTextAreaElement", "Node", "Event", "CustomEvent", "KeyboardEvent", "DOMException", "Option"]

/** @param {string} body @param {{frame?: object, data?: object}} [room] what the server would send with it */
export function page(body, {frame = {}, data = {words: {}}} = {}) {
  const json = (id, value) => `<script type="application/json" id="${id}">${JSON.stringify(value)}</script>`
  const {window} = new JSDOM(
    `<!doctype html><html lang="en"><body data-room="r" data-base="/rooms/r">${body}${json("frame", frame)}${json("data", data)}</body></html>`,
    {url: "http://loopscope.test/rooms/r", pretendToBeVisual: true},
  )
  for (const name of NAMES) globalThis[name] = window[name]
  Object.assign(globalThis, {
    window,
    document: window.document,
    location: window.location,
    matchMedia: () => ({matches: false, addEventListener() {}}),
    addEventListener: window.addEventListener.bind(window),
    requestAnimationFrame: window.requestAnimationFrame.bind(window),
    getComputedStyle: window.getComputedStyle.bind(window),
    ResizeObserver: class { observe() {} },
  })
  return window.document
}
