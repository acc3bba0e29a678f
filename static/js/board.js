// The board: objects enter, move and leave without shifting others; density; the tally.
import {all, byId, hit, make, write} from "./dom.js"
import {chosenCell, readyCells} from "./manypods.js"
import {morph} from "./morph.js"
import {sheet} from "./sheets.js"
import {say, state, watch} from "./state.js"
import {drawWires} from "./wires.js"

export const CALM_MS = 420
/** @type {Object<string, number>} by density */
const SLACK_REM = {cards: 0, rows: 0.4, tiles: 0.6}
let due = 0
let isDressed = false

export function startBoard() {
  watch(() => {
    settle()
    dress()
  })
  document.addEventListener("click", (event) => {
    const more = hit(event, "#more-workloads, #more-waiting")
    if (!more) return
    more.setAttribute("aria-expanded", String(more.getAttribute("aria-expanded") === "false"))
    settle()
  })
  new ResizeObserver(() => settle()).observe(byId("actual-section"))
  document.addEventListener("scroll", ({target}) => { if (target instanceof Element && target.id === "nodes") drawWires() }, true)
}

/** Cards of custom objects bring their style, once there is one. */
function dress() {
  if (isDressed || !document.querySelector("#customs > .custom")) return
  isDressed = true
  sheet("custom").then(settle)
}

/** Puts an object where it belongs. @param {?HTMLElement} present @param {HTMLElement} next */
export function place(present, next) {
  const home = document.getElementById(next.dataset.place ?? "")
  if (!home) {
    present?.remove()
    return
  }
  if (present && present.nodeName !== next.nodeName) { // a chip that became a card, or the other way
    present.remove()
    present = null
  }
  if (present && present.parentElement === home) {
    present.classList.remove("leaving")
    morph(present, next)
    return
  }
  if (!present) {
    next.classList.add("arriving")
    enter(home, next)
    setTimeout(() => next.classList.remove("arriving"), CALM_MS)
    return
  }
  const before = present.getBoundingClientRect()
  vacate(present)
  morph(present, next)
  enter(home, present)
  fly(present, before)
}

/** Fades, then goes; leaves its place empty while others stand behind it. @param {HTMLElement} element */
export function leave(element) {
  if (!element.dataset.place) {
    element.remove()
    return
  }
  element.classList.add("leaving")
  element.removeAttribute("id")
  setTimeout(() => {
    vacate(element)
    element.remove()
    settle()
  }, CALM_MS)
}

/** A free place is taken before a new one is made. @param {HTMLElement} home @param {HTMLElement} element */
function enter(home, element) {
  const free = home.querySelector(":scope > .ghost")
  if (free) free.replaceWith(element)
  else home.append(element)
}

/** @param {HTMLElement} element */
function vacate(element) {
  if (!element.matches(".pod") || !element.nextElementSibling || element.parentElement?.id === "tray-pods") return
  const ghost = make("li", {className: "ghost"})
  ghost.style.height = `${element.offsetHeight}px`
  element.before(ghost)
}

/** To where it is now. @param {HTMLElement} element @param {DOMRect} from */
export function fly(element, from) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return
  const to = element.getBoundingClientRect()
  const way = `translate(${from.left - to.left}px, ${from.top - to.top}px)`
  element.animate([{transform: way}, {transform: "none"}], {duration: CALM_MS, easing: "ease-in-out"}).finished.then(settle, () => {})
}

/** After a batch of changes: once per paint. */
export function settle() {
  if (due) return
  due = requestAnimationFrame(() => {
    due = 0
    trim()
    density()
    tally()
    empty()
    crowd("workloads", ".workload")
    crowd("waiting", ".pod")
    drawWires()
  })
}

/** Empty places at the end of a list are of no use to anyone. */
function trim() {
  for (const list of all("#nodes .pods")) {
    while (list.lastElementChild?.matches(".ghost")) list.lastElementChild.remove()
  }
}

/** Cards while they fit, then lines, then squares. Growing again needs some room, lest it flickers. */
function density() {
  const [board, nodes] = [byId("board"), document.getElementById("nodes")]
  if (!nodes) return
  const counts = all(".pods", nodes).map((list) => list.childElementCount)
  const most = Math.max(0, ...counts)
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize)
  const phone = matchMedia("(max-width: 900px)").matches
  const rows = nodes.dataset.many === undefined ? Math.ceil(counts.length / Math.max(1, columns(nodes))) : 3
  const room = phone ? 6 * 5.8 * rem : nodes.clientHeight / Math.max(1, rows) - 4.6 * rem
  const slack = SLACK_REM[board.dataset.density ?? ""] ?? 0
  /** @param {number} height rem of each */
  const fits = (height) => most * height * rem <= room - slack * rem
  const few = nodes.dataset.many === undefined ? 2 : 0
  const wanted = most <= few || fits(5.75) ? "cards" : most <= few + 1 || fits(1.62) ? "rows" : "tiles"
  if (board.dataset.density !== wanted) board.dataset.density = wanted
}

/** @param {Element} grid */
function columns(grid) {
  return getComputedStyle(grid).gridTemplateColumns.split(" ").length
}

function tally() {
  const cards = () => document.querySelectorAll('#board [data-kind="Pod"][data-ready="true"]:not(.leaving)').length
  const text = `${state.mode === "cells" ? readyCells() : cards()}/${state.pods} Ready`
  write(byId("tally"), text)
  byId("stored-title").dataset.count = String(document.querySelectorAll("#stored .chip:not(.leaving)").length)
}

/** How many of a list are out of sight: "+12" shows them. @param {"workloads"|"waiting"} what @param {string} each */
function crowd(what, each) {
  const more = document.getElementById(`more-${what}`)
  if (!more) return
  const list = byId(more.getAttribute("aria-controls") ?? "")
  const isOpen = more.getAttribute("aria-expanded") === "true"
  const end = list.getBoundingClientRect().bottom
  const cards = all(`:scope > ${each}`, list)
  const beyond = new Set(cards.filter((card) => card.getBoundingClientRect().bottom > end + 4))
  for (const card of cards) card.classList.toggle("beyond", !isOpen && beyond.has(card))
  more.hidden = !isOpen && !(beyond.size && list.scrollTop === 0)
  const text = isOpen ? say("fewer") : `+${beyond.size}`
  write(more, text)
  more.setAttribute("aria-label", isOpen ? text : say(`more_${what}`, {n: beyond.size}))
}

/** Says what is missing where a list is empty. */
function empty() {
  for (const list of all("#services, #workloads")) {
    const note = list.querySelector(":scope > .nothing")
    const some = list.querySelector(":scope > [data-kind]")
    if (some && note) note.remove()
    if (some || note) continue
    list.append(make("p", {className: "nothing", textContent: list.dataset.none ?? ""}))
  }
}

/**
 * The Pod (an element, or its likeness in a large cluster) that a key or a suggestion is about: the chosen one, else the
 * first that runs. @returns {?{dataset: DOMStringMap}}
 */
export function chosenPod(prefix = "") {
  if (state.mode === "cells") return chosenCell(prefix)
  /** @type {?HTMLElement} */
  const near = document.activeElement?.closest(".pod") ?? null
  if (near && !prefix) return near
  const pods = all('#board .pod[id]:not([data-tone="dying"])')
  const fits = pods.filter((pod) => pod.dataset.name?.startsWith(prefix))
  return fits.find((pod) => pod.dataset.ready === "true") ?? fits[0] ?? null
}
