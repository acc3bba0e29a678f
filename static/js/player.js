// @ts-nocheck: came from another branch, not typed yet
// A story that plays without a server: a page of its own (app/web/story) that has every moment in it. From moment to moment
// only what looks different is changed, where it stands; who enters or leaves moves no one else.
import {settle} from "./board.js"
import {startChart} from "./chart.js"
import {startClock, virtual} from "./clock.js"
import {startMarks} from "./marks.js"
import {morph} from "./morph.js"
import {burden, places, sayServed} from "./served.js"
import {data, frameCame, say, state} from "./state.js"
import {showStrips} from "./strips.js"

const [GONE, LEAST_S, CALM_MS, MANY_NODES] = [-1, 0.9, 420, 6]
const THEMES = ["auto", "light", "dark"]
/** @typedef {[number, number, number?]} Entry from which moment on, the number of a text or GONE, the seat in its list */
/** @type {{tags: string[], texts: number[][], elements: Object<string, Entry[]>, moments: Object[], rows: Object<string, any[]>}} */
const {tags, texts, elements, moments, rows, cpu, acts} = data.story
const byId = (id) => document.getElementById(id)
const [slider, play, speed, theme] = ["moment", "play", "speed", "theme"].map(byId)
const root = document.documentElement
/** @type {Map<string, Entry|undefined>} what of each element is on the page */
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
  const coming = []
  for (const [id, entries] of Object.entries(elements)) {
    const entry = entries.findLast(([since]) => since <= moment)
    if (entry === shown.get(id)) continue
    shown.set(id, entry)
    if (entry && entry[1] !== GONE) coming.push([parsed(entry[1]), entry[2]])
    else leave(byId(id), isNext)
  }
  // Pods last: the machine that one goes to is there by then.
  coming.sort(([one], [other]) => Number(one.matches(".pod")) - Number(other.matches(".pod")))
  for (const [next, seat] of coming) put(byId(next.id), next, seat)
  for (const list of document.querySelectorAll("#nodes .pods")) ghosts(list)
  tell(moments[moment])
}

/** @param {number} text @returns {HTMLElement} */
function parsed(text) {
  const template = document.createElement("template")
  template.innerHTML = texts[text].map((tag) => tags[tag]).join("<")
  return template.content.firstElementChild
}

/** @param {?HTMLElement} present @param {HTMLElement} next @param {number} [seat] none: it is always there */
function put(present, next, seat) {
  if (seat === undefined) return morph(present, next)
  const home = byId(next.dataset.place)
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

function sit(home, element) {
  const {seat} = element.dataset
  const free = home.querySelector(`:scope > :is(.ghost, .leaving)[data-seat="${seat}"]`)
  if (free) free.replaceWith(element)
  else home.insertBefore(element, [...home.children].find((one) => Number(one.dataset.seat) > Number(seat)) ?? null)
}

/** @param {?HTMLElement} element @param {boolean} gently */
function leave(element, gently) {
  if (!element) return
  const home = element.parentElement
  element.removeAttribute("id")
  element.classList.add("leaving")
  const go = () => {
    element.remove()
    if (home.matches("#nodes .pods")) ghosts(home)
    settle()
  }
  if (gently) setTimeout(go, CALM_MS)
  else go()
}

/** Free seats before those that are taken are kept free. @param {HTMLElement} list */
function ghosts(list) {
  for (const ghost of list.querySelectorAll(":scope > .ghost")) ghost.remove()
  const taken = new Map([...list.children].map((one) => [Number(one.dataset.seat), one]))
  for (let seat = Math.max(-1, ...taken.keys()) - 1; seat >= 0; seat--) {
    if (taken.has(seat)) continue
    const ghost = Object.assign(document.createElement("li"), {className: "ghost"})
    ghost.dataset.seat = String(seat)
    ghost.style.height = `${list.firstElementChild.offsetHeight}px`
    sit(list, ghost)
  }
}

function fly(element, from) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return
  const to = element.getBoundingClientRect()
  const way = `translate(${from.left - to.left}px, ${from.top - to.top}px)`
  element.animate([{transform: way}, {transform: "none"}], {duration: CALM_MS, easing: "ease-in-out"}).finished.then(settle, () => {})
}

/** What modules of the room's page draw of it: marks, charts, ages. */
function tell(moment) {
  const {at, act, pods, traffic = {}} = moment
  byId("nodes").toggleAttribute("data-many", document.querySelectorAll("#nodes > .node").length > MANY_NODES)
  byId("board").hidden = Boolean(moment.crowded)
  byId("crowded").hidden = !moment.crowded
  const loads = Object.entries(traffic).map(([key, {known, ...view}]) => [key, {...view, rows: rows[key].slice(0, known)}])
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
  for (const line of document.querySelectorAll("#words [data-to]")) {
    if (Number(line.dataset.to) === here) line.setAttribute("aria-current", "step")
    else line.removeAttribute("aria-current")
  }
}

function served(loads) {
  for (const card of document.querySelectorAll("#services .service")) {
    const panel = card.querySelector(":scope > .traffic")
    const view = loads.get(`${card.dataset.namespace}/${card.dataset.name}`)
    if (!panel.firstChild) panel.append(...places())
    panel.toggleAttribute("data-off", !view)
    sayServed(panel, view)
  }
  burden(loads)
}

// ------------------------------------------------------------------------------------------- from one to the next

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
  play.lastElementChild.textContent = say(playing ? "pause" : "play")
  play.firstElementChild.textContent = playing ? "❚❚" : "▶"
}

/** The act before, or after. @param {number} way */
function toAct(way) {
  const places = moments.map(({role}, place) => (role === "you" || role.startsWith("@") ? place : -1)).filter((place) => place >= 0)
  goTo(way < 0 ? places.findLast((place) => place < here) ?? 0 : places.find((place) => place > here) ?? moments.length - 1)
}

function ticks() {
  const last = Math.max(1, moments.length - 1)
  const drawn = moments.map(({role, phase, said, at}, place) => {
    const tick = document.createElement("i")
    tick.className = role === "you" ? "you" : phase
    tick.title = `${virtual(at)} ${said}`
    tick.style.left = `${((100 * place) / last).toFixed(2)}%`
    return tick
  })
  byId("ticks").append(...drawn)
}

// ------------------------------------------------------------------------------------------- buttons and keys

function click(event) {
  closeMenus((menu) => menu.contains(event.target))
  const {go, to, fold} = event.target.closest("[data-go], [data-to], [data-fold]")?.dataset ?? {}
  if (go) goTo(here + Number(go))
  if (to) goTo(Number(to))
  if (fold) unfold(fold)
  const more = event.target.closest("#more-workloads, #more-waiting")
  if (!more) return
  more.setAttribute("aria-expanded", String(more.getAttribute("aria-expanded") === "false"))
  settle()
}

/** @param {(menu: HTMLDetailsElement) => boolean} kept */
function closeMenus(kept) {
  const open = [...document.querySelectorAll("details.menu[open]")].filter((menu) => !kept(menu))
  for (const menu of open) menu.open = false
  return open
}

function unfold(phase) {
  const section = byId("loop-section")
  if (section.dataset.unfolded === phase) delete section.dataset.unfolded
  else section.dataset.unfolded = phase
}

function key(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
  const on = event.target.closest?.("button, summary, select")
  if (on && (event.key === " " || event.key === "Enter" || on.matches("select"))) return
  const work = {
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
    Escape: () => closeMenus(() => false)[0]?.querySelector("summary").focus(),
    d: nextTheme,
  }[event.key.length === 1 ? event.key.toLowerCase() : event.key]
  if (!work) return
  event.preventDefault()
  work()
}

function faster(by) {
  speed.selectedIndex = Math.min(speed.options.length - 1, Math.max(0, speed.selectedIndex + by))
}

function nextTheme() {
  const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "auto") + 1) % THEMES.length]
  if (next === "auto") delete root.dataset.theme
  else root.dataset.theme = next
  sayTheme()
}

function sayTheme() {
  const name = root.dataset.theme ?? "auto"
  theme.title = say(`theme_${name}`)
  theme.setAttribute("aria-label", theme.title)
  theme.firstElementChild.textContent = {auto: "◐", light: "☼", dark: "☾"}[name]
}
