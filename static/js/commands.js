// What a person does: everything is a POST, its answer has a place of its own, its effect comes back through the socket.
import {startCopying} from "./copying.js"
import {byId, hit, make, one, write} from "./dom.js"
import {data, room, say, state, watch} from "./state.js"

/** @import {Sent, State, Values} from "./types.js" */

// A page to look on has none of these, and does not start this module.
const answer = /** @type {HTMLElement} */ (document.getElementById("answer"))
const speed = /** @type {HTMLInputElement} */ (document.getElementById("speed"))
const latencies = /** @type {HTMLSelectElement} */ (document.getElementById("latencies"))
const READING_MS = 90 // a character
let fading = 0

export function startCommands() {
  document.addEventListener("click", (event) => {
    const button = hit(event, "[data-command], #all-at-once")
    if (!button) return
    if (button.dataset.command) onObject(button, button.closest(".pod, .custom"))
    if (button.id === "all-at-once") toggleInto("mode")
  })
  startCopying(tell)
  speed.addEventListener("change", () => post("pace", {speed: toSpeed(speed.value)}))
  speed.addEventListener("input", () => shownSpeed(toSpeed(speed.value)))
  latencies.addEventListener("change", () => post("commands/latencies", {preset: latencies.value}))
  answer.addEventListener("htmx:beforeSwap", quietly)
  answer.addEventListener("htmx:afterSwap", fade)
  fade() // what the page came with
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (!room.whyNot || /** @type {CustomEvent} */ (event).detail.requestConfig.verb === "get") return
    event.preventDefault()
    tell(room.whyNot, false)
  })
  document.body.addEventListener("htmx:sendError", () => tell(say("offline"), false))
  watch(controls)
}

/** @param {string} path below the room @param {Values} values */
export function post(path, values = {}) {
  const sent = window.htmx.ajax("POST", `${room.base}/${path}`, {target: "#answer", swap: "innerHTML", values})
  return sent.catch(() => {}) // htmx:sendError has told it
}

/** A button on the card of an object, with what else it says. @param {HTMLElement} button @param {?HTMLElement} card */
function onObject(button, card) {
  if (card) post(`commands/${button.dataset.command}`, {...named(card), ...JSON.parse(button.dataset.fields ?? "{}")})
}

/** @param {"delete"|"crash"} command @param {?{dataset: DOMStringMap}} pod */
export function onPod(command, pod) {
  if (pod) post(`commands/${command}`, named(pod))
}

/** What a card is of. @param {{dataset: DOMStringMap}} card */
export const named = ({dataset: {kind = "", namespace = "", name = ""}}) => ({kind, namespace, name})

/** @param {"pause"|"mode"|"latencies"} name */
export function toggleInto(name) {
  if (name === "pause") post("pace", {paused: String(!state.pace.paused)})
  if (name === "mode") post("pace", {mode: state.pace.mode === "story" ? "clock" : "story"})
  if (name === "latencies") {
    const options = [...latencies.options].map((option) => option.value)
    post("commands/latencies", {preset: options[(options.indexOf(state.latencies) + 1) % options.length]})
  }
}

/** One notch of the slider: a tenth of a decade. @param {number} notches */
export function faster(notches) {
  const value = Math.max(-10, Math.min(20, Math.round(Math.log10(state.pace.speed) * 10) + notches))
  post("pace", {speed: toSpeed(value)})
}

/** Says something of our own where answers are shown. @param {string} text @param {boolean} good */
export function tell(text, good) {
  const box = make("div", {className: good ? "answer" : "answer bad"})
  box.dataset.bad = String(!good)
  box.append(make("p", {textContent: text}))
  answer.replaceChildren(box)
  fade()
}

/** How time runs is plain to see; only a refusal is worth a sentence. @param {Event} event */
function quietly(event) {
  const {detail} = /** @type {CustomEvent<Sent>} */ (event)
  if (detail.xhr.responseText.includes("data-plain")) detail.shouldSwap = false
}

function fade() {
  clearTimeout(fading)
  const box = answer.firstElementChild
  if (!box) return
  fading = setTimeout(() => {
    if (box.matches(":hover, :focus-within")) {
      fade()
      return
    }
    box.classList.add("leaving")
    fading = setTimeout(() => box.remove(), 500)
  }, Math.max(box.matches("[data-bad='true']") ? 15000 : 5000, box.textContent.length * READING_MS))
}

/** @param {number|string} notch */
function toSpeed(notch) {
  const exact = 10 ** (Number(notch) / 10)
  return exact < 1 ? Number(exact.toFixed(2)) : exact < 10 ? Number(exact.toFixed(1)) : Math.round(exact)
}

/** @param {number} value */
const shownSpeed = (value) => {
  byId("speed-now").textContent = `${value}×`
  speed.setAttribute("aria-valuetext", `${value}×`)
}

/** What the room is called, and whether only its owner changes it. @param {State} now */
function titled(now) {
  const title = byId("room-title")
  title.hidden = !now.title
  write(title, now.title)
  document.title = `${now.title || data.scenario.title} · Loopscope`
  if (room.role === "owner") byId("only-look").hidden = !now.protected
}

/** @param {State} now @param {boolean} fresh */
function controls(now, fresh) {
  const {pace} = now
  if (fresh && now.retold && !answer.firstElementChild) tell(say("retold"), true)
  if (room.role === "participant" && now.protected !== Boolean(room.whyNot)) return location.reload() // to other controls
  titled(now)
  document.body.dataset.paused = String(pace.paused)
  document.body.dataset.quiet = String(now.quiet)
  const pause = byId("pause")
  const word = say(pace.paused ? "resume" : "pause")
  pause.setAttribute("hx-vals", JSON.stringify({paused: String(!pace.paused)}))
  pause.setAttribute("aria-label", word)
  pause.classList.toggle("on", pace.paused)
  one("[data-label]", pause).textContent = word
  shownSpeed(pace.speed)
  if (document.activeElement !== speed) speed.value = String(Math.round(Math.log10(pace.speed) * 10))
  byId("all-at-once").setAttribute("aria-checked", String(pace.mode === "clock"))
  if (document.activeElement !== latencies) latencies.value = now.latencies
  byId("watch").textContent = say("watching", {n: now.viewers})
  const rest = byId("rest")
  const mood = now.quiet ? "quiet" : now.restless ? "restless" : pace.paused ? "paused" : now.waits_for ? "waits" : "running"
  write(rest, now.waits_for || say(mood))
  rest.className = `rest ${{quiet: "", restless: "held", paused: "held", waits: "waits", running: "busy"}[mood]}`
}
