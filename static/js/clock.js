// Virtual time on screen: the clock, ages that tick, and the lens that shows skipped waiting.
import {all, byId, one, write} from "./dom.js"
import {say, state, watch} from "./state.js"

const clock = byId("clock")
const lens = byId("lens")
const LINGER_MS = 1200
let heardAt = performance.now()
let seenAt = -Infinity

export function startClock() {
  watch(() => {
    heardAt = performance.now()
    tick()
  })
  setInterval(tick, 200)
}

/** Virtual ms since the room began, carried on between frames where time runs by the clock. */
export function now() {
  const {pace, waiting} = state
  const passed = performance.now() - heardAt
  if (pace.paused) return state.now
  if (waiting) return waiting.from + Math.min(1, passed / (waiting.wall * 1000)) * (waiting.to - waiting.from)
  if (state.called || (pace.mode === "clock" && !state.quiet)) return state.now + passed * pace.speed
  return state.now
}

/** Brings every clock and age on screen up to date. */
export function tick() {
  const at = now()
  clock.textContent = virtual(Number(all(".board-then")[0]?.dataset.at ?? at))
  look()
  for (const element of all("[data-since]")) write(element, age(momentOf(element, at) - Number(element.dataset.since)))
  for (const element of all("[data-until]")) {
    const left = Math.max(0, Number(element.dataset.until) - momentOf(element, at))
    write(element, element.dataset.grace?.replace("{n}", age(left + 999)) ?? "")
  }
  grow(at)
}

/** What grows from second to second: bars of memory. @param {number} at */
function grow(at) {
  /** @type {HTMLMeterElement[]} */
  const meters = all("[data-grows]")
  for (const element of meters) {
    const [since, start, perSecond] = (element.dataset.grows ?? "").split(" ").map(Number)
    element.value = Math.min(100, start + (perSecond * (momentOf(element, at) - since)) / 1000)
  }
}

/** Of what is drawn as it was, the time was another. @param {Element} element @param {number} at now @returns {number} */
export function momentOf(element, at) {
  /** @type {?HTMLElement} */
  const board = element.closest(".board-then")
  return Number(board?.dataset.at ?? at)
}

/** The lens says what is skipped: `5:00 → 2.1 s`; for a moment after it is over too, so that it can be read. */
function look() {
  const {waiting, pace} = state
  const isOn = Boolean(waiting) && !pace.paused
  if (isOn) seenAt = performance.now()
  lens.hidden = performance.now() - seenAt > LINGER_MS
  lens.classList.toggle("over", !isOn)
  if (!waiting || !isOn) return
  const [gap, wall] = [span(waiting.to - waiting.from), span(Math.max(100, Math.round(waiting.wall * 10) * 100))]
  write(one("span", lens), say("lens_waits"))
  write(one("b", lens), `${gap} → ${wall}`)
  lens.title = say("lens", {gap, wall})
}

/** `00:42.6` @param {number} ms */
export function virtual(ms) {
  const tenths = Math.max(0, Math.floor(ms / 100))
  const [hours, minutes] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60]
  const text = `${pad(minutes)}:${pad(Math.floor(tenths / 10) % 60)}.${tenths % 10}`
  return hours ? `${hours}:${text}` : text
}

/** `250 ms`, `1.2 s`, `5:00` @param {number} ms */
export function span(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, "")} s`
  return `${Math.floor(ms / 60000)}:${pad(Math.floor(ms / 1000) % 60)}`
}

/** As kubectl's AGE column. @param {number} ms */
export function age(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86400)]
  if (seconds < 120) return `${seconds}s`
  if (minutes < 10) return two(minutes, "m", seconds % 60, "s")
  if (minutes < 180) return `${minutes}m`
  if (hours < 8) return two(hours, "h", minutes % 60, "m")
  if (hours < 48) return `${hours}h`
  if (days < 8) return two(days, "d", hours % 24, "h")
  if (days < 2 * 365) return `${days}d`
  return days < 8 * 365 ? two(Math.floor(days / 365), "y", days % 365, "d") : `${Math.floor(days / 365)}y`
}

/** @param {number} big @param {string} unit @param {number} small @param {string} smallUnit */
const two = (big, unit, small, smallUnit) => (small ? `${big}${unit}${small}${smallUnit}` : `${big}${unit}`)
/** @param {number} number */
const pad = (number) => String(number).padStart(2, "0")
