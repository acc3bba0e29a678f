// What is told, pointed at on the board: read things are outlined, want and have stand at the workload as boxes, and a line
// goes from the loop to what it wrote. And the thread: what descends from a person's act is bright, the rest is dimmed.
// All of it is named by the server, from recorded reads and writes; nothing is moved.
import {all, byId, hit, make, svgOf} from "./dom.js"
import {state, watch} from "./state.js"

/** @import {Pointers} from "./types.js" */

/** @type {{[name in "gaze"|"about"|"deed"]: string}} */
const KINDS = {gaze: "gazed", about: "differs", deed: "done-now"}
const SETTLED_MS = 460 // a card that moved stands by then
const MOST_BOXES = 6 // more do not fit; the numbers tell
const LOOKING_MS = 6000 // after somebody scrolled
const [MOST_LINES, PHONE] = [12, "(max-width: 900px)"]

/** @type {?Pointers} what is told */
let told = null
/** @type {?Pointers} what a step of the past is about; it has the word */
let past = null
let prefix = ""
/** @type {Element[]} */
let marked = []
/** @type {Element[]} */
let bright = []
let timer = 0
let touched = -Infinity

export function startMarks() {
  watch((state, fresh) => {
    const news = state.told
    if (news || fresh) told = news
    mark()
    thread()
    if (news) settle()
    if (news && !past) intoView()
  })
  // Whoever presses something wants to see what comes of it.
  document.addEventListener("click", (event) => { if (hit(event, "button")) touched = -Infinity }, true)
  addEventListener("resize", drawLines)
  for (const type of ["wheel", "touchmove"]) addEventListener(type, () => { touched = performance.now() }, {passive: true})
  document.addEventListener("scroll", drawLines, true)
}

/** A step of the past, on a board whose ids begin with `before`; null: what is told now. @param {?Pointers} pointers */
export function point(pointers, before = "") {
  past = pointers
  prefix = before
  mark()
  thread()
  settle()
}

/** The same once more, for whoever looked away. */
export function again() {
  for (const element of marked) element.classList.remove(...Object.values(KINDS))
  void document.body.offsetWidth
  mark()
}

const shown = () => past ?? told
/** Those of them that are on the board. @param {string[]} ids */
const found = (ids) => ids.map((id) => document.getElementById(prefix + id)).filter((element) => element !== null)

function mark() {
  for (const element of marked) element.classList.remove(...Object.values(KINDS))
  document.querySelector(".want-have")?.remove()
  marked = []
  const it = shown()
  if (!it) return drawLines()
  for (const name of /** @type {(keyof typeof KINDS)[]} */ (Object.keys(KINDS))) {
    for (const element of found(it[name])) {
      element.classList.add(KINDS[name])
      marked.push(element)
    }
  }
  if (it.slots) boxes(it.about, it.slots)
  drawLines()
}

/**
 * Full, missing and crossed boxes at the card of the workload.
 * @param {string[]} about @param {[have: number, missing: number, extra: number]} slots
 */
function boxes(about, [have, missing, extra]) {
  const card = found(about).find((element) => element.matches(".workload"))
  if (!card || have + missing + extra > MOST_BOXES) return
  const line = make("span", {className: "slots want-have"})
  line.setAttribute("aria-hidden", "true")
  for (let i = 0; i < have; i++) line.append(make("i", {className: "slot"}))
  for (let i = 0; i < missing; i++) line.append(make("i", {className: "slot gone"}))
  for (let i = 0; i < extra; i++) line.append(make("i", {className: "slot extra", textContent: "✕"}))
  card.append(line)
}

function settle() {
  clearTimeout(timer)
  timer = setTimeout(drawLines, SETTLED_MS)
}

/** What was just done is in view, unless a person is looking elsewhere. */
function intoView() {
  if (performance.now() - touched < LOOKING_MS) return
  found(shown()?.deed ?? []).find((element) => element.offsetParent)?.scrollIntoView({block: "nearest"})
}

/** From the ring of the loop to what it wrote. */
function drawLines() {
  const svg = byId("deeds")
  const it = shown()
  const [ring] = all(past ? "#past .ring" : "#told .ring")
  const targets = found(it?.deed ?? []).flatMap(inSight).filter((element) => element.offsetParent).slice(0, MOST_LINES)
  const isDrawn = it?.phase === "act" && ring?.offsetParent && !matchMedia(PHONE).matches
  const [wanted, step] = [isDrawn ? targets : [], String(it?.step ?? 0)]
  // Lines that stand already are moved, not drawn anew.
  if (svg.dataset.step !== step || svg.childElementCount !== wanted.length) svg.replaceChildren(...wanted.map(line))
  svg.dataset.step = step
  for (const [index, target] of wanted.entries()) stretch(svg.children[index], ring, target)
}

/** Of a card out of sight, the button that shows the rest of its list. @param {HTMLElement} element */
const inSight = (element) => (element.matches(".beyond") ? all(`[aria-controls="${element.parentElement?.id}"]`) : [element])

function line() {
  const group = svgOf("g")
  group.append(svgOf("path", {pathLength: 1}), svgOf("circle", {r: 5}))
  return group
}

/** From beside the ring to the left edge of the target. @param {Element} group @param {Element} ring @param {Element} target */
function stretch(group, ring, target) {
  const [from, to] = [(ring.querySelector(".centre") ?? ring).getBoundingClientRect(), target.getBoundingClientRect()]
  const home = byId("loop-section").getBoundingClientRect()
  const label = ring.querySelector(".names .diff")?.getBoundingClientRect()
  const [x0, y0] = [Math.min(Math.max(from.right, label?.right ?? 0) + 8, home.right - 14), from.top + from.height / 2]
  const [x1, y1] = [to.left, to.top + Math.min(to.height / 2, 18)]
  const middle = (x0 + x1) / 2
  const [path, end] = group.children
  path.setAttribute("d", `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}`)
  end.setAttribute("cx", String(x1))
  end.setAttribute("cy", String(y1))
}

function thread() {
  for (const element of bright) element.classList.remove("bright")
  bright = []
  const lit = past ? null : state.thread
  document.body.classList.toggle("threaded", Boolean(lit))
  if (!lit) return
  const minis = lit.lanes.flatMap((lane) => document.getElementById(`mini-${lane}`) ?? [])
  bright = [...found(lit.ids), ...minis]
  for (const element of bright) element.classList.add("bright")
}
