// Two rooms side by side, in step (templates/beside.html): one walks along the moments of both, in the order of virtual time
// since they parted. What each shows there the server draws, from its past; here it is put in place without a jump.
import {all, byId, hit, make, one, parsed} from "./dom.js"
import {morph} from "./morph.js"

/**
 * @typedef {[ms: number, a: number, b: number, toldA: number, toldB: number, stands: number]} Stop ms since the parting, the
 *   step of each room, what each told last, ms that the sentences stand
 * @typedef {{now: number, until: number, busy: boolean, told: [number, string][], deeds: [number, string, boolean][],
 *   left_out: number}} Side left_out: earlier moments
 * @typedef {{until: number, stops: Stop[], sides: Side[]}} Axis
 * @typedef {{query: string, ms: number, at: number}} Wanted
 * @typedef {[ms: number, share: number]} Point share: 0 to 1
 */

const {base, rooms, axis, words, whyNot} = /** @type {Record<string, string>} */ (document.body.dataset)
/** @type {[Record<string, string>, string[]]} */
const [SAY, ROOMS] = [JSON.parse(words), JSON.parse(rooms)]
/** @type {string[]} why each room may not be changed; "": it may */
const refusals = JSON.parse(whyNot)
const [scale, thumb, since] = ["scale", "thumb", "since"].map((id) => byId(id))
/** @type {[HTMLButtonElement, HTMLButtonElement]} */
const [play, on] = [byId("play"), byId("on")]
/** @type {HTMLSelectElement} */
const speed = byId("speed")
/** @type {[name: string, kind: string][]} */
const MARKS = [["gaze", "gazed"], ["about", "differs"], ["deed", "done-now"]]
const NAMES = ["a", "b"]
const [AHEAD, KEPT, SHORTEST_MS, POLL_MS, PATIENCE, MOST_DEEDS] = [3, 60, 700, 400, 150, 4]
const lang = document.documentElement.lang

/** @type {Axis} */
let found = JSON.parse(axis)
/** Where we are: a stop, or a time after it. */
let [place, shownMs, timer] = [0, 0, 0]
/** @type {?Wanted} */
let wanted = null
let isPlaying = false
/** @type {Map<string, Promise<string>>} moments never change */
const drawn = new Map()

/** @param {string} text @param {Record<string, string | number>} values */
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name].toLocaleString(lang))
/** @param {string | number} name */
const upper = (name) => String(name).toUpperCase()

// ------------------------------------------------------------------------------------------------- time

/** Virtual time, as app/web/present/clock.py writes it. @param {number} ms */
function virtual(ms) {
  const tenths = Math.floor(ms / 100)
  const [hours, minutes, seconds] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60, Math.floor(tenths / 10) % 60]
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0")
  return `${hours ? `${hours}:` : ""}${two(minutes)}:${two(seconds)}.${tenths % 10}`
}

/** Of every stop: a gap is as long as its logarithm, for what matters are changes, not seconds. @returns {Point[]} */
function points() {
  let way = 0
  const ways = found.stops.map(([ms], i) => (way += i ? Math.log2(1 + (ms - found.stops[i - 1][0]) / 100) : 0))
  return found.stops.map(([ms], i) => [ms, way ? ways[i] / way : 0])
}

/** @param {number} ms @param {Point[]} line @returns {number} 0 to 1 */
function placeOf(ms, line) {
  const after = line.findIndex(([at]) => at >= ms)
  if (after < 0) return 1
  if (after === 0 || line[after][0] === ms) return line[after][1]
  const [[from, start], [to, end]] = [line[after - 1], line[after]]
  return start + ((ms - from) / (to - from)) * (end - start)
}

// ------------------------------------------------------------------------------------------------- the ruler

function draw() {
  const line = points()
  found.sides.forEach((side, i) => {
    const told = side.told.map(([ms, phase]) => tick(`moment ${phase}`, ms, line))
    const deeds = side.deeds.map(([ms, text]) => tick("deed", ms, line, `+${virtual(ms)} ${text}`))
    const end = tick("end", side.now, line, `+${virtual(side.now)}`)
    one(`[data-side="${NAMES[i]}"]`, scale).replaceChildren(...told, ...deeds, end)
    list(i, side.deeds)
  })
  const cut = found.sides.map((side, i) => [NAMES[i], side.told.length, side.left_out]).filter(([, , left]) => left)
  const said = byId("left-out")
  said.hidden = !cut.length
  said.textContent = cut.map(([name, n, left]) => filled(SAY.left_out, {side: upper(name), n, left})).join(" ")
  follow(line)
}

/** @param {string} kind @param {number} ms @param {Point[]} line */
function tick(kind, ms, line, title = "") {
  const element = make("i", {className: kind, title})
  element.style.left = `${(100 * placeOf(ms, line)).toFixed(2)}%`
  return element
}

/** What was done on one side since they parted, the newest; each leads to its moment. @param {number} i @param {Side["deeds"]} deeds */
function list(i, deeds) {
  const rows = deeds.slice(-MOST_DEEDS).map(([ms, text, inBoth]) => {
    const button = make("button", {type: "button", className: "link", textContent: text, title: `+${virtual(ms)} ${text}`})
    button.dataset.to = String(ms)
    const row = make("li")
    row.append(button, ...(inBoth ? [make("small", {textContent: SAY.in_both})] : []))
    return row
  })
  if (deeds.length > MOST_DEEDS) rows.unshift(make("li", {textContent: `+${deeds.length - MOST_DEEDS}`}))
  if (!rows.length) rows.push(make("li", {className: "none", textContent: SAY.nothing}))
  byId(`done-${NAMES[i]}`).replaceChildren(...rows)
}

function follow(line = points()) {
  thumb.style.left = `${(100 * placeOf(shownMs, line)).toFixed(2)}%`
  since.textContent = `+${virtual(shownMs)}`
  const last = found.stops.length - 1
  const text = filled(SAY.moment, {n: place, all: last})
  const values = {valuemin: 0, valuemax: last, valuenow: place, valuetext: `+${virtual(shownMs)}, ${text}`}
  for (const [name, value] of Object.entries(values)) thumb.setAttribute(`aria-${name}`, String(value))
  for (const [name, isEnd] of /** @type {[string, boolean][]} */ ([["back", place <= 0 && shownMs <= 0], ["forward", place >= last]])) {
    const button = /** @type {HTMLButtonElement} */ (one(`[data-go="${name}"]`))
    button.disabled = isEnd
  }
}

// ------------------------------------------------------------------------------------------------- a moment

/** @param {Stop} stop */
const queryOf = ([ms, a, b, toldA, toldB]) => `at=${ms}&a=${a}&b=${b}&told_a=${toldA}&told_b=${toldB}`

/** @param {string} query @returns {Promise<string>} */
function fetched(query) {
  const kept = drawn.get(query)
  if (kept) return kept
  const answer = fetch(`${base}/at?lang=${lang}&${query}`, {headers: {Accept: "text/html"}}).then(textOf)
  answer.catch(() => drawn.delete(query))
  drawn.set(query, answer)
  for (const oldest of drawn.keys()) if (drawn.size > KEPT) drawn.delete(oldest)
  return answer
}

/** @param {Response} answer */
function textOf(answer) {
  if (!answer.ok) throw new Error(String(answer.status))
  return answer.text()
}

/** While one moment is on its way only the newest of those wanted meanwhile is remembered.
 * @param {string} query @param {number} ms @param {number} at */
async function show(query, ms, at) {
  const isBusy = wanted !== null
  wanted = {query, ms, at}
  if (isBusy) return
  while (wanted) {
    /** @type {Wanted} */
    const next = wanted
    const html = await fetched(next.query).catch(() => null)
    if (html) put(html, next)
    else since.textContent = SAY.lost
    if (wanted === next) wanted = null
  }
}

/** @param {string} html @param {Wanted} it */
function put(html, {ms, at}) {
  const content = parsed(html)
  for (const kept of all("[data-keep]", content)) kept.removeAttribute("data-keep")
  place = at
  shownMs = ms
  dress(content)
  for (const next of [...content.children]) morph(byId(next.id), next)
  follow()
  for (const stop of found.stops.slice(place + 1, place + 1 + AHEAD)) fetched(queryOf(stop)).catch(() => {})
}

/** The same density on both sides; what is told is pointed at. @param {ParentNode} home */
function dress(home) {
  const most = Math.max(0, ...all(".then .nodes .pods", home).map((pods) => pods.childElementCount))
  for (const board of all(".then .board", home)) board.dataset.density = most <= 2 ? "cards" : most <= 5 ? "rows" : "tiles"
  for (const side of all(".then", home)) {
    const it = JSON.parse(side.dataset.pointers ?? "null")
    for (const [name, kind] of it ? MARKS : []) {
      for (const id of it[name]) side.querySelector(`#${CSS.escape(`${side.id.at(-1)}-${id}`)}`)?.classList.add(kind)
    }
  }
}

/** @param {number} at a stop */
function go(at) {
  const next = Math.min(found.stops.length - 1, Math.max(0, at))
  return show(queryOf(found.stops[next]), found.stops[next][0], next)
}

/** A time, which may be no stop. What was done in the millisecond of the parting came after it. @param {number} ms */
function goTo(ms) {
  const at = found.stops.findLastIndex(([each]) => each <= ms)
  if (found.stops[at][0] === ms) return go(found.stops.findIndex(([each], i) => i > 0 && each === ms))
  return show(`at=${ms}`, ms, at)
}

// ------------------------------------------------------------------------------------------------- walking

/** @param {boolean} is */
function setPlaying(is) {
  isPlaying = is
  clearTimeout(timer)
  one("[aria-hidden]", play).textContent = is ? "❚❚" : "▶"
  one(".word", play).textContent = is ? SAY.pause : SAY.play
  if (is) onward()
}

/** Each sentence stands as long as it takes to read. */
async function onward() {
  if (place >= found.stops.length - 1 && !(await extend())) return setPlaying(false)
  timer = setTimeout(async () => {
    await go(place + 1)
    if (isPlaying) onward()
  }, Math.max(SHORTEST_MS, found.stops[place][5]) / Number(speed.value))
}

/** Where the rooms have come to meanwhile. @returns {Promise<boolean>} whether that is further */
async function extend() {
  const got = await fetch(`${base}/axis?lang=${lang}`).catch(() => null)
  if (!got?.ok) return false
  const before = found.stops.length
  const here = found.stops[place]
  const next = await got.json()
  const isFurther = next.until > found.until || next.stops.length > before
  found = next
  const again = found.stops.findLastIndex((stop) => stop[0] <= shownMs && stop[1] <= here[1] && stop[2] <= here[2])
  place = Math.max(0, again)
  draw()
  return isFurther
}

/** Both run until nothing is left to do, then the one that is behind to where the other is. */
async function goOn() {
  on.disabled = true
  on.textContent = SAY.going
  await Promise.all(NAMES.map((_, i) => quiet(i, 0)))
  await rest()
  const latest = Math.max(...found.sides.map(({until}) => until))
  await Promise.all(NAMES.map((_, i) => found.sides[i].until < latest && quiet(i, latest)))
  await rest()
  on.textContent = SAY.go_on
  sayWhyNot()
}

/** Who may change neither room cannot go on, and reads why. */
function sayWhyNot() {
  const may = NAMES.filter((_, i) => !refusals[i])
  const why = refusals.find(Boolean)
  on.disabled = !may.length
  if (why) on.title = may.length ? filled(SAY.only, {side: upper(may[0]), why}) : why
}

/** A room that refuses is not asked again. @param {number} i which room @param {number} atLeast virtual ms since it began */
async function quiet(i, atLeast) {
  if (refusals[i]) return
  const headers = {"X-CSRF-Token": one('meta[name="csrf-token"]').getAttribute("content") ?? "", Accept: "application/json"}
  const body = new URLSearchParams({at_least: String(atLeast)})
  const answer = await fetch(`/rooms/${ROOMS[i]}/quiet?lang=${lang}`, {method: "POST", headers, body}).catch(() => null)
  if (answer?.status === 403) refusals[i] = (await answer.json()).message
}

async function rest() {
  for (let i = 0; i < PATIENCE; i++) {
    await new Promise((done) => setTimeout(done, POLL_MS))
    await extend()
    if (!found.sides.some(({busy}, i) => busy && !refusals[i])) return
  }
}

/** From a time between two stops to the one before it. */
const back = () => go(shownMs > found.stops[place][0] ? place : place - 1)

async function forward() {
  if (place >= found.stops.length - 1) await extend()
  go(place + 1)
}

/** @returns {number[]} when something was done, on either side */
const deeds = () => found.sides.flatMap((side) => side.deeds.map(([ms]) => ms)).sort((before, after) => before - after)
/** @type {Record<string, () => unknown>} */
const KEYS = {
  " ": () => setPlaying(!isPlaying),
  ArrowRight: forward,
  ArrowUp: forward,
  ArrowLeft: back,
  ArrowDown: back,
  PageUp: () => {
    const ms = deeds().findLast((each) => each < shownMs)
    return ms === undefined ? go(0) : goTo(ms)
  },
  PageDown: () => goTo(deeds().find((ms) => ms > shownMs) ?? found.until),
  Home: () => go(0),
  End: () => go(found.stops.length - 1),
  g: () => on.click(),
}

/** @param {PointerEvent} event */
function dragged(event) {
  const box = scale.getBoundingClientRect()
  const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
  const away = points().map(([, at]) => Math.abs(at - share))
  go(away.indexOf(Math.min(...away)))
}

function start() {
  delete document.documentElement.dataset.present
  document.addEventListener("keydown", (event) => {
    if (hit(event, "select, input") || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === " " && hit(event, "button, a")) return
    const work = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (!work || (hit(event, "#between-section") && /^(Arrow(Up|Down)|Page|Home|End)/.test(event.key))) return
    event.preventDefault()
    if (event.key !== " ") setPlaying(false)
    work()
  })
  document.addEventListener("click", (event) => {
    const [to, step] = [hit(event, "[data-to]"), hit(event, "[data-go]")]
    if (!to && !step) return
    setPlaying(false)
    if (to) goTo(Number(to.dataset.to))
    else if (step?.dataset.go === "back") back()
    else forward()
  })
  play.addEventListener("click", () => setPlaying(!isPlaying))
  on.addEventListener("click", goOn)
  scale.addEventListener("pointerdown", (event) => {
    if (event.button) return
    setPlaying(false)
    scale.setPointerCapture(event.pointerId)
    thumb.focus()
    dragged(event)
  })
  scale.addEventListener("pointermove", (event) => { if (scale.hasPointerCapture(event.pointerId)) dragged(event) })
  addEventListener("focus", () => { if (!isPlaying && !on.disabled) extend() })
  dress(document)
  setPlaying(false)
  draw()
  sayWhyNot()
  document.body.dataset.ready = "true"
}

start()
