// A story that plays without a server: a page of its own (app/web/story) that has every moment in it. From moment to moment
// only what looks different is changed, where it stands; who enters or leaves moves no one else.
import {CALM_MS, fly, settle} from "./board.js"
import {startChart} from "./chart.js"
import {startClock, virtual} from "./clock.js"
import {all, byId, hit, make, one, parsed} from "./dom.js"
import {startMarks} from "./marks.js"
import {morph} from "./morph.js"
import {burden, places, sayServed} from "./served.js"
import {data, frameCame, say, state} from "./state.js"
import {showStrips} from "./strips.js"

/** @import {Data, Played, Point, Reeled, Story, Traffic} from "./types.js" */

const [GONE, LEAST_S, MANY_NODES] = [-1, 0.9, 6]
/** Their signs. @type {Object<string, string>} */
const THEMES = {auto: "◐", light: "☼", dark: "☾"}
const {tags, texts, elements, moments, rows, cpu, acts} = /** @type {Data & {story: Story}} */ (data).story
/** @type {HTMLInputElement} */
const slider = byId("moment")
/** @type {HTMLSelectElement} */
const speed = byId("speed")
const [play, theme] = [byId("play"), byId("theme")]
const root = document.documentElement
/** @type {Map<string, Reeled|undefined>} what of each element is on the page */
const shown = new Map()
let here = -1
let playing = 0

startClock()
startMarks()
startChart()
ticks()
play.addEventListener("click", toggle)
theme.addEventListener("click", nextTheme)
slider.addEventListener("input", () => goTo(Number(slider.value)))
document.addEventListener("click", click)
document.addEventListener("keydown", key)
byId("in-words").addEventListener("toggle", () => document.querySelector("#words [aria-current]")?.scrollIntoView({block: "nearest"}))
new ResizeObserver(() => settle()).observe(byId("actual-section"))
sayTheme()
show(0)

// ------------------------------------------------------------------------------------------- one moment

/** @param {number} moment */
function show(moment) {
  const isNext = moment === here + 1
  here = moment
  /** @type {[HTMLElement, number|undefined][]} */
  const coming = []
  for (const [id, entries] of Object.entries(elements)) {
    const entry = entries.findLast(([since]) => since <= moment)
    if (entry === shown.get(id)) continue
    shown.set(id, entry)
    if (entry && entry[1] !== GONE) coming.push([drawn(entry[1]), entry[2]])
    else leave(document.getElementById(id), isNext)
  }
  // Pods last: the machine that one goes to is there by then.
  coming.sort(([first], [other]) => Number(first.matches(".pod")) - Number(other.matches(".pod")))
  for (const [next, seat] of coming) put(document.getElementById(next.id), next, seat)
  for (const list of all("#nodes .pods")) ghosts(list)
  tell(moments[moment])
}

/** @param {number} text */
function drawn(text) {
  const html = texts[text].map((tag) => tags[tag]).join("<")
  return /** @type {HTMLElement} */ (parsed(html).firstElementChild)
}

/** @param {?HTMLElement} present @param {HTMLElement} next @param {number} [seat] none: it is always there */
function put(present, next, seat) {
  if (seat === undefined) return morph(byId(next.id), next)
  const home = document.getElementById(next.dataset.place ?? "")
  next.dataset.seat = String(seat)
  if (present && present.nodeName !== next.nodeName) {
    present.remove()
    present = null
  }
  if (!home) return present?.remove()
  if (present?.parentElement === home) return morph(present, next)
  if (!present) {
    next.classList.add("arriving")
    setTimeout(() => next.classList.remove("arriving"), CALM_MS)
    return sit(home, next)
  }
  const from = present.getBoundingClientRect()
  morph(present, next)
  sit(home, present)
  return fly(present, from)
}

/** @param {HTMLElement} home @param {HTMLElement} element */
function sit(home, element) {
  const {seat} = element.dataset
  const free = home.querySelector(`:scope > :is(.ghost, .leaving)[data-seat="${seat}"]`)
  if (free) free.replaceWith(element)
  else home.insertBefore(element, within(home).find((other) => Number(other.dataset.seat) > Number(seat)) ?? null)
}

/** @param {HTMLElement} list */
function within(list) {
  return all(":scope > *", list)
}

/** @param {?HTMLElement} element @param {boolean} gently */
function leave(element, gently) {
  if (!element) return
  const home = element.parentElement
  element.removeAttribute("id")
  element.classList.add("leaving")
  const go = () => {
    element.remove()
    if (home?.matches("#nodes .pods")) ghosts(home)
    settle()
  }
  if (gently) setTimeout(go, CALM_MS)
  else go()
}

/** Free seats before those that are taken are kept free. @param {HTMLElement} list */
function ghosts(list) {
  for (const ghost of all(":scope > .ghost", list)) ghost.remove()
  const seated = within(list)
  const taken = seated.map(({dataset}) => Number(dataset.seat))
  for (let seat = Math.max(-1, ...taken) - 1; seat >= 0; seat--) {
    if (taken.includes(seat)) continue
    const ghost = make("li", {className: "ghost"})
    ghost.dataset.seat = String(seat)
    ghost.style.height = `${seated[0].offsetHeight}px`
    sit(list, ghost)
  }
}

/** What modules of the room's page draw of it: marks, charts, ages. @param {Played} moment */
function tell(moment) {
  const {at, act, pods, traffic = {}} = moment
  byId("nodes").toggleAttribute("data-many", all("#nodes > .node").length > MANY_NODES)
  byId("board").hidden = Boolean(moment.crowded)
  byId("crowded").hidden = !moment.crowded
  /** @type {[string, Traffic][]} */
  const loads = Object.entries(traffic).map(([key, {known, ...view}]) => [key, {...view, rows: rows[key].slice(0, known)}])
  /** @type {[string, Point[]][]} */
  const until = Object.entries(cpu).map(([id, points]) => [id, points.filter(([then]) => then <= at)])
  frameCame({
    ...state,
    now: at,
    told: moment,
    act,
    pods,
    traffic: Object.fromEntries(loads),
    cpu: Object.fromEntries(until.filter(([, points]) => points.length)),
    acts: acts.filter(([then]) => then <= at),
  })
  showStrips(state, true)
  served(new Map(loads))
  settle()
  const [number, time] = [here + 1, virtual(at)]
  slider.value = String(here)
  slider.setAttribute("aria-valuetext", say("moment_at", {n: number, all: moments.length, time}))
  byId("where").textContent = `${number}/${moments.length}`
  for (const line of all("#words [data-to]")) {
    if (Number(line.dataset.to) === here) line.setAttribute("aria-current", "step")
    else line.removeAttribute("aria-current")
  }
}

/** @param {Map<string, Traffic>} loads by namespace/name of the Service */
function served(loads) {
  for (const card of all("#services .service")) {
    const panel = one(":scope > .traffic", card)
    const view = loads.get(`${card.dataset.namespace}/${card.dataset.name}`)
    if (!panel.firstChild) panel.append(...places())
    panel.toggleAttribute("data-off", !view)
    sayServed(panel, view)
  }
  burden(loads)
}

// ------------------------------------------------------------------------------------------- from one to the next

/** @param {number} moment */
function goTo(moment) {
  stop()
  const wanted = Math.min(moments.length - 1, Math.max(0, moment))
  if (wanted !== here) show(wanted)
}

function toggle() {
  if (playing) return stop()
  if (here === moments.length - 1) show(0)
  playing = 1
  sayPlaying()
  return stand()
}

/** As long as its sentence takes to read. */
function stand() {
  playing = setTimeout(() => {
    if (here < moments.length - 1) show(here + 1)
    if (here < moments.length - 1) stand()
    else stop()
  }, (1000 * Math.max(LEAST_S, moments[here].stands)) / Number(speed.value))
}

function stop() {
  clearTimeout(playing)
  playing = 0
  sayPlaying()
}

function sayPlaying() {
  document.body.dataset.paused = String(!playing)
  const [sign, word] = all("span", play)
  sign.textContent = playing ? "❚❚" : "▶"
  word.textContent = say(playing ? "pause" : "play")
}

/** The act before, or after. @param {number} way */
function toAct(way) {
  const places = moments.map(({role}, place) => (role === "you" || role.startsWith("@") ? place : -1)).filter((place) => place >= 0)
  goTo(way < 0 ? places.findLast((place) => place < here) ?? 0 : places.find((place) => place > here) ?? moments.length - 1)
}

function ticks() {
  const last = Math.max(1, moments.length - 1)
  const marks = moments.map(({role, phase, said, at}, place) => {
    const tick = make("i", {className: role === "you" ? "you" : phase, title: `${virtual(at)} ${said}`})
    tick.style.left = `${((100 * place) / last).toFixed(2)}%`
    return tick
  })
  byId("ticks").append(...marks)
}

// ------------------------------------------------------------------------------------------- buttons and keys

/** @param {Event} event */
function click(event) {
  closeMenus((menu) => menu.contains(/** @type {Node} */ (event.target)))
  const pressed = hit(event, "[data-go], [data-to], [data-fold]")?.dataset
  if (pressed?.go) goTo(here + Number(pressed.go))
  if (pressed?.to) goTo(Number(pressed.to))
  if (pressed?.fold) unfold(pressed.fold)
  const more = hit(event, "#more-workloads, #more-waiting")
  if (!more) return
  more.setAttribute("aria-expanded", String(more.getAttribute("aria-expanded") === "false"))
  settle()
}

/** @param {(menu: HTMLDetailsElement) => boolean} kept */
function closeMenus(kept) {
  /** @type {HTMLDetailsElement[]} */
  const menus = all("details.menu[open]")
  const open = menus.filter((menu) => !kept(menu))
  for (const menu of open) menu.open = false
  return open
}

/** @param {string} phase */
function unfold(phase) {
  const section = byId("loop-section")
  if (section.dataset.unfolded === phase) delete section.dataset.unfolded
  else section.dataset.unfolded = phase
}

/** @param {KeyboardEvent} event */
function key(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
  const on = hit(event, "button, summary, select")
  if (on && (event.key === " " || event.key === "Enter" || on.matches("select"))) return
  /** @type {Object<string, (() => void)|undefined>} */
  const keys = {
    " ": toggle,
    ArrowLeft: () => goTo(here - 1),
    ArrowRight: () => goTo(here + 1),
    PageUp: () => toAct(-1),
    PageDown: () => toAct(1),
    Home: () => goTo(0),
    End: () => goTo(moments.length - 1),
    "-": () => faster(-1),
    "+": () => faster(1),
    "=": () => faster(1),
    Escape: () => closeMenus(() => false)[0]?.querySelector("summary")?.focus(),
    d: nextTheme,
  }
  const work = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]
  if (!work) return
  event.preventDefault()
  work()
}

/** @param {number} by */
function faster(by) {
  speed.selectedIndex = Math.min(speed.options.length - 1, Math.max(0, speed.selectedIndex + by))
}

function nextTheme() {
  const names = Object.keys(THEMES)
  const next = names[(names.indexOf(root.dataset.theme ?? "auto") + 1) % names.length]
  if (next === "auto") delete root.dataset.theme
  else root.dataset.theme = next
  sayTheme()
}

function sayTheme() {
  const name = root.dataset.theme ?? "auto"
  theme.title = say(`theme_${name}`)
  theme.setAttribute("aria-label", theme.title)
  one("span", theme).textContent = THEMES[name]
}
