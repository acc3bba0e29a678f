// Two rooms side by side, in step (templates/beside.html): one walks along the moments of both, in the order of virtual time
// since they parted. What each shows there the server draws, from its past; here it is put in place without a jump.
import {morph} from "./morph.js"

const {base, rooms, axis, words} = document.body.dataset
const [SAY, ROOMS] = [JSON.parse(words), JSON.parse(rooms)]
const [scale, thumb, play, speed, since, on] = ["scale", "thumb", "play", "speed", "since", "on"].map((id) => document.getElementById(id))
const MARKS = {gaze: "gazed", about: "differs", deed: "done-now"}
const SIDES = ["a", "b"]
const [AHEAD, KEPT, SHORTEST_MS, POLL_MS, PATIENCE, MOST_DEEDS] = [3, 60, 700, 400, 150, 4]
const lang = document.documentElement.lang

/**
 * @typedef {[number, number, number, number, number, number]} Stop ms since the parting, step of A and of B, what each
 *   told last, ms that its sentences stand
 */
/** @type {{until: number, stops: Stop[], sides: {now: number, until: number, busy: boolean, told: [number, string][], deeds: [number, string, boolean][]}[]}} */
let found = JSON.parse(axis)
/** Where we are: a stop, or a time between two. */
let [place, shownMs, wanted, timer] = [0, 0, null, 0]
let isPlaying = false
/** @type {Map<string, Promise<string>>} moments never change */
const drawn = new Map()

// ------------------------------------------------------------------------------------------------- time

/** Virtual time, as app/web/present/clock.py writes it. */
function virtual(ms) {
  const tenths = Math.floor(ms / 100)
  const [hours, minutes, seconds] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60, Math.floor(tenths / 10) % 60]
  const two = (n) => String(n).padStart(2, "0")
  return `${hours ? `${hours}:` : ""}${two(minutes)}:${two(seconds)}.${tenths % 10}`
}

/** [ms, 0 to 1] of every stop: a gap is as long as its logarithm, for what matters are changes, not seconds. */
function points() {
  let way = 0
  const all = found.stops.map(([ms], i) => {
    if (i) way += Math.log2(1 + (ms - found.stops[i - 1][0]) / 100)
    return [ms, way]
  })
  return all.map(([ms, at]) => [ms, way ? at / way : 0])
}

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
    scale.querySelector(`[data-side="${SIDES[i]}"]`).replaceChildren(...told, ...deeds, end)
    list(i, side.deeds)
  })
  follow(line)
}

function tick(kind, ms, line, title = "") {
  const element = document.createElement("i")
  element.className = kind
  if (title) element.title = title
  element.style.left = `${(100 * placeOf(ms, line)).toFixed(2)}%`
  return element
}

/** What was done on one side since they parted, the newest; each leads to its moment. */
function list(i, deeds) {
  const home = document.getElementById(`done-${SIDES[i]}`)
  const rows = deeds.slice(-MOST_DEEDS).map(([ms, text, inBoth]) => {
    const [row, button] = ["li", "button"].map((tag) => document.createElement(tag))
    Object.assign(button, {type: "button", className: "link", textContent: text, title: `+${virtual(ms)} ${text}`})
    button.dataset.to = String(ms)
    row.append(button)
    if (inBoth) row.append(Object.assign(document.createElement("small"), {textContent: SAY.in_both}))
    return row
  })
  if (deeds.length > MOST_DEEDS) rows.unshift(Object.assign(document.createElement("li"), {textContent: `+${deeds.length - MOST_DEEDS}`}))
  if (!rows.length) rows.push(Object.assign(document.createElement("li"), {className: "none", textContent: SAY.nothing}))
  home.replaceChildren(...rows)
}

function follow(line = points()) {
  thumb.style.left = `${(100 * placeOf(shownMs, line)).toFixed(2)}%`
  since.textContent = `+${virtual(shownMs)}`
  const last = found.stops.length - 1
  const values = {valuemin: 0, valuemax: last, valuenow: place, valuetext: `+${virtual(shownMs)}, ${SAY.moment.replace("{n}", place).replace("{all}", last)}`}
  for (const [name, value] of Object.entries(values)) thumb.setAttribute(`aria-${name}`, String(value))
  document.querySelector("[data-go=back]").disabled = place <= 0
  document.querySelector("[data-go=forward]").disabled = place >= last
}

// ------------------------------------------------------------------------------------------------- a moment

const queryOf = ([ms, a, b, toldA, toldB]) => `at=${ms}&a=${a}&b=${b}&told_a=${toldA}&told_b=${toldB}`

/** @param {string} query @returns {Promise<string>} */
function fetched(query) {
  if (!drawn.has(query)) {
    const answer = fetch(`${base}/at?lang=${lang}&${query}`, {headers: {Accept: "text/html"}}).then((got) => (got.ok ? got.text() : Promise.reject(got)))
    answer.catch(() => drawn.delete(query))
    drawn.set(query, answer)
    if (drawn.size > KEPT) drawn.delete(drawn.keys().next().value)
  }
  return drawn.get(query)
}

/** While one moment is on its way only the newest of those wanted meanwhile is remembered. */
async function show(query, ms, at) {
  const isBusy = wanted !== null
  wanted = {query, ms, at}
  if (isBusy) return
  while (wanted) {
    const next = wanted
    const html = await fetched(next.query).catch(() => null)
    if (html) put(html, next)
    else since.textContent = SAY.lost
    if (wanted === next) wanted = null
  }
}

function put(html, {ms, at}) {
  const template = document.createElement("template")
  template.innerHTML = html
  for (const kept of template.content.querySelectorAll("[data-keep]")) kept.removeAttribute("data-keep")
  ;[place, shownMs] = [at, ms]
  dress(template.content)
  for (const next of template.content.children) morph(document.getElementById(next.id), next)
  follow()
  found.stops.slice(place + 1, place + 1 + AHEAD).forEach((stop) => fetched(queryOf(stop)).catch(() => {}))
}

/** The same density on both sides; what is told is pointed at. @param {ParentNode} home */
function dress(home) {
  const most = Math.max(0, ...[...home.querySelectorAll(".then .nodes .pods")].map((list) => list.childElementCount))
  for (const board of home.querySelectorAll(".then .board")) board.dataset.density = most <= 2 ? "cards" : most <= 5 ? "rows" : "tiles"
  for (const side of home.querySelectorAll(".then")) {
    const it = JSON.parse(side.dataset.pointers)
    for (const [name, kind] of it ? Object.entries(MARKS) : []) {
      for (const id of it[name]) side.querySelector(`#${CSS.escape(`${side.id.at(-1)}-${id}`)}`)?.classList.add(kind)
    }
  }
}

function go(at) {
  const next = Math.min(found.stops.length - 1, Math.max(0, at))
  show(queryOf(found.stops[next]), found.stops[next][0], next)
}

/** A time that is no stop. */
function goTo(ms) {
  const at = found.stops.findLastIndex(([each]) => each <= ms)
  if (found.stops[at][0] === ms) return go(found.stops.findIndex(([each]) => each === ms))
  show(`at=${ms}`, ms, at)
}

// ------------------------------------------------------------------------------------------------- walking

function setPlaying(is) {
  isPlaying = is
  clearTimeout(timer)
  play.firstElementChild.textContent = is ? "❚❚" : "▶"
  play.querySelector(".word").textContent = is ? SAY.pause : SAY.play
  if (is) onward()
}

/** Each sentence stands as long as it takes to read. */
function onward() {
  const last = found.stops.length - 1
  if (place >= last) return extend().then((is) => (is ? onward() : setPlaying(false)))
  timer = setTimeout(async () => {
    await show(queryOf(found.stops[place + 1]), found.stops[place + 1][0], place + 1)
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
  await Promise.all(ROOMS.map((id) => quiet(id, 0)))
  await rest()
  const latest = Math.max(...found.sides.map(({until}) => until))
  await Promise.all(ROOMS.filter((_, i) => found.sides[i].until < latest).map((id) => quiet(id, latest)))
  await rest()
  on.disabled = false
  on.textContent = SAY.go_on
}

function quiet(id, atLeast) {
  const headers = {"X-CSRF-Token": document.querySelector('meta[name="csrf-token"]').content}
  return fetch(`/rooms/${id}/quiet`, {method: "POST", headers, body: new URLSearchParams({at_least: String(atLeast)})}).catch(() => {})
}

async function rest() {
  for (let i = 0; i < PATIENCE; i++) {
    await new Promise((done) => setTimeout(done, POLL_MS))
    await extend()
    if (!found.sides.some(({busy}) => busy)) return
  }
}

async function forward() {
  if (place >= found.stops.length - 1) await extend()
  go(place + 1)
}

const deeds = () => found.sides.flatMap((side) => side.deeds.map(([ms]) => ms)).sort((one, other) => one - other)
const KEYS = {
  " ": () => setPlaying(!isPlaying),
  ArrowRight: forward,
  ArrowUp: forward,
  ArrowLeft: () => go(place - 1),
  ArrowDown: () => go(place - 1),
  PageUp: () => goTo(deeds().findLast((ms) => ms < shownMs) ?? 0),
  PageDown: () => goTo(deeds().find((ms) => ms > shownMs) ?? found.until),
  Home: () => go(0),
  End: () => go(found.stops.length - 1),
  g: () => on.click(),
}

function dragged(event) {
  const box = scale.getBoundingClientRect()
  const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
  const line = points().map(([, at], i) => [Math.abs(at - share), i])
  go(line.sort((one, other) => one[0] - other[0])[0][1])
}

function start() {
  delete document.documentElement.dataset.present
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("select, input") || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === " " && event.target.closest("button, a")) return
    const work = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (!work || (event.target.closest("#between-section") && /^(Arrow(Up|Down)|Page|Home|End)/.test(event.key))) return
    event.preventDefault()
    if (event.key !== " ") setPlaying(false)
    work()
  })
  document.addEventListener("click", (event) => {
    const [to, step] = [event.target.closest("[data-to]"), event.target.closest("[data-go]")]
    if (!to && !step) return
    setPlaying(false)
    if (to) goTo(Number(to.dataset.to))
    else if (step.dataset.go === "back") go(place - 1)
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
  document.body.dataset.ready = "true"
}

start()
