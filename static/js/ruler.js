// The ruler: from the room's beginning to now. Dragged, or moved with keys, the page shows that moment. What matters are
// changes, not seconds: between two acts of people it is as long as the logarithm of the steps there.
import {virtual} from "./clock.js"
import {all, byId} from "./dom.js"
import {backToNow, isPast, pastAt, showStep} from "./past.js"
import {sheet} from "./sheets.js"
import {room, say, watch} from "./state.js"
import {path} from "./story.js"

const [SNAP_PX, LATER_MS] = [7, 400]
/** @typedef {[step: number, share: number]} Point share: 0 to 1 */

const place = byId("ruler")
const [scale, thumb] = ["div", "i"].map((tag) => document.createElement(tag))
/** @type {[number, number, string, boolean][]} step, virtual ms, what was done, whether it broke something */
let marks = []
let [newest, act, later] = [1, -1, 0]
let dragging = false
/** The step that is wanted next while one is fetched; 0: none. */
let wanted = 0
let fetching = false

export async function startRuler() {
  await sheet("ruler")
  const changes = Object.assign(document.createElement("button"), {type: "button", className: "pill", textContent: say("changes")})
  changes.dataset.changes = ""
  changes.title = say("changes_about")
  scale.className = "scale"
  Object.assign(thumb, {className: "thumb", tabIndex: 0})
  thumb.setAttribute("role", "slider")
  thumb.setAttribute("aria-label", say("ruler"))
  scale.append(thumb)
  byId("causes").before(changes)
  place.replaceChildren(scale)
  watch((now, fresh) => {
    newest = Math.max(fresh ? 1 : newest, now.steps.at(-1)?.[0] ?? 0, now.told?.step ?? 0)
    if (fresh || now.act !== act) soon()
    act = now.act
    draw()
  })
  for (const name of ["loopscope:past", "loopscope:now"]) document.addEventListener(name, draw)
  scale.addEventListener("pointerdown", (event) => {
    if (event.button) return
    dragging = true
    scale.setPointerCapture(event.pointerId)
    thumb.focus()
    goTo(event)
  })
  scale.addEventListener("pointermove", (event) => { if (dragging) goTo(event) })
  for (const name of ["pointerup", "pointercancel"]) scale.addEventListener(name, () => { dragging = false })
  thumb.addEventListener("keydown", move)
}

function soon() {
  clearTimeout(later)
  later = setTimeout(fetchMarks, LATER_MS)
}

async function fetchMarks() {
  const answer = await fetch(`${room.base}/ruler?lang=${room.lang}`).catch(() => null)
  if (!answer?.ok) return
  const found = await answer.json()
  marks = found.marks
  newest = found.count
  draw()
}

// ------------------------------------------------------------------------------------------------- where

/** Of the beginning, of each act, and of now. @returns {Point[]} */
function axis() {
  const steps = [...new Set([1, ...marks.map(([step]) => step), newest])].filter((step) => step <= newest)
  const way = [0]
  for (let i = 1; i < steps.length; i++) way.push(way[i - 1] + Math.log2(1 + steps[i] - steps[i - 1]))
  const whole = way.at(-1) || 1
  return steps.map((step, i) => [step, way[i] / whole])
}

/** @param {number} step @returns {number} 0 to 1 */
function placeOf(step, points = axis()) {
  const after = points.findIndex(([at]) => at >= step)
  if (after <= 0) return after ? 1 : points[0][1]
  const [[from, start], [to, end]] = [points[after - 1], points[after]]
  return start + ((step - from) / (to - from)) * (end - start)
}

/** @param {number} share 0 to 1 */
function stepAt(share, points = axis()) {
  const after = Math.max(1, points.findIndex(([, at]) => at >= share))
  if (!points[after]) return newest
  const [[from, start], [to, end]] = [points[after - 1], points[after]]
  return Math.round(from + ((share - start) / (end - start || 1)) * (to - from))
}

// ------------------------------------------------------------------------------------------------- what is seen

function draw() {
  const points = axis()
  const ticks = marks.map((mark) => {
    const [step, at, , isFault] = mark
    const tick = document.createElement("i")
    tick.className = isFault ? "act fault" : "act"
    tick.title = `${virtual(at)} ${named(mark)}`
    return stand(tick, step, points)
  })
  const moments = path().filter(({role}) => role !== "you").map(({step, phase}) => {
    const tick = document.createElement("i")
    tick.className = `moment ${phase}`
    return stand(tick, step, points)
  })
  const here = isPast() || newest
  stand(thumb, here, points)
  for (const old of all(":scope > i:not(.thumb)", scale)) old.remove()
  thumb.before(...moments, ...ticks)
  const mark = marks.find(([step]) => step === here)
  const told = mark && isPast() ? `: ${named(mark)}` : ""
  const valuetext = isPast() ? say("ruler_at", {n: here, time: virtual(pastAt())}) + told : say("now")
  const values = {valuemin: 1, valuemax: newest, valuenow: here, valuetext}
  for (const [name, value] of Object.entries(values)) thumb.setAttribute(`aria-${name}`, String(value))
}

/** What was done there; of a fault it is said that it is one. @param {[number, number, string, boolean]} mark */
const named = ([, , text, isFault]) => (isFault ? say("fault", {what: text}) : text)

/** @param {HTMLElement} element @param {number} step @param {Point[]} points */
function stand(element, step, points) {
  element.style.setProperty("left", `${(100 * placeOf(step, points)).toFixed(2)}%`)
  return element
}

// ------------------------------------------------------------------------------------------------- moving

/** @param {PointerEvent} event */
function goTo(event) {
  const box = scale.getBoundingClientRect()
  const points = axis()
  const x = Math.min(box.width, Math.max(0, event.clientX - box.left))
  if (x > box.width - SNAP_PX) return show(newest)
  const near = [...marks, ...path().map(({step}) => [step])]
    .map(([step]) => [step, Math.abs(placeOf(step, points) * box.width - x)])
    .sort((one, other) => one[1] - other[1])[0]
  show(near && near[1] <= SNAP_PX ? near[0] : stepAt(x / box.width, points))
}

/** While a moment is fetched only the newest of those wanted meanwhile is remembered. @param {number} step */
async function show(step) {
  wanted = step
  if (fetching) return
  fetching = true
  while (wanted) {
    const next = wanted
    wanted = 0
    if (next >= newest) backToNow()
    else await showStep(next)
  }
  fetching = false
}

/** @param {KeyboardEvent} event */
function move(event) {
  const here = isPast() || newest
  const acts = marks.filter((mark) => mark[3] || !event.shiftKey).map(([step]) => step)
  /** @type {Object<string, () => unknown>} */
  const ways = {
    ArrowLeft: () => showStep(here - 1),
    ArrowDown: () => showStep(here - 1),
    ArrowRight: () => onward(here),
    ArrowUp: () => onward(here),
    PageUp: () => show(acts.findLast((step) => step < here) ?? 1),
    PageDown: () => show(acts.find((step) => step > here) ?? newest),
    Home: () => showStep(1, true),
    End: backToNow,
  }
  const work = ways[event.key]
  if (!work) return
  event.preventDefault()
  event.stopPropagation()
  work()
}

/** The next moment, which may be now. @param {number} here */
async function onward(here) {
  if (here + 1 >= newest || !(await showStep(here + 1, true)) || isPast() >= newest) backToNow()
}
