// What is told, pointed at on the board: read things are outlined, want and have stand at the workload as boxes, and a line
// goes from the loop to what it wrote. And the thread: what descends from a person's act is bright, the rest is dimmed.
// All of it is named by the server, from recorded reads and writes; nothing is moved.
import {state, watch} from "./state.js"

const NS = "http://www.w3.org/2000/svg"
const KINDS = {gaze: "gazed", about: "differs", deed: "done-now"}
const SETTLED_MS = 460 // a card that moved stands by then
const MOST_BOXES = 6 // more do not fit; the numbers tell
const LOOKING_MS = 6000 // after somebody scrolled
const [MOST_LINES, PHONE] = [12, "(max-width: 900px)"]

/** @type {?Object} what is told */
let told = null
/** @type {?Object} what a step of the past is about; it has the word */
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
  document.addEventListener("click", (event) => { if (event.target.closest("button")) touched = -Infinity }, true)
  addEventListener("resize", drawLines)
  for (const type of ["wheel", "touchmove"]) addEventListener(type, () => { touched = performance.now() }, {passive: true})
  document.addEventListener("scroll", drawLines, true)
}

/** A step of the past, on a board whose ids begin with `before`; null: what is told now. */
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
const find = (id) => document.getElementById(prefix + id)

function mark() {
  for (const element of marked) element.classList.remove(...Object.values(KINDS))
  document.querySelector(".want-have")?.remove()
  marked = []
  const it = shown()
  if (!it) return drawLines()
  for (const [name, kind] of Object.entries(KINDS)) {
    for (const element of it[name].map(find).filter(Boolean)) {
      element.classList.add(kind)
      marked.push(element)
    }
  }
  if (it.slots) boxes(it)
  drawLines()
}

/** Full, missing and crossed boxes at the card of the workload. */
function boxes({about, slots: [have, missing, extra]}) {
  const card = about.map(find).find((element) => element?.matches(".workload"))
  if (!card || have + missing + extra > MOST_BOXES) return
  const line = document.createElement("span")
  line.className = "slots want-have"
  line.setAttribute("aria-hidden", "true")
  for (const [count, kind] of [[have, ""], [missing, " gone"], [extra, " extra"]]) {
    for (let i = 0; i < count; i++) {
      const box = document.createElement("i")
      box.className = `slot${kind}`
      if (kind === " extra") box.textContent = "✕"
      line.append(box)
    }
  }
  card.append(line)
}

function settle() {
  clearTimeout(timer)
  timer = setTimeout(drawLines, SETTLED_MS)
}

/** What was just done is in view, unless a person is looking elsewhere. */
function intoView() {
  if (performance.now() - touched < LOOKING_MS) return
  shown().deed.map(find).find((element) => element?.offsetParent)?.scrollIntoView({block: "nearest"})
}

/** From the ring of the loop to what it wrote. */
function drawLines() {
  const svg = document.getElementById("deeds")
  const it = shown()
  const ring = document.querySelector(past ? "#past .ring" : "#told .ring")
  const targets = it?.deed.map(find).map(inSight).filter((element) => element?.offsetParent).slice(0, MOST_LINES) ?? []
  const isDrawn = targets.length && it.phase === "act" && ring?.offsetParent && !matchMedia(PHONE).matches
  const [wanted, step] = [isDrawn ? targets : [], String(it?.step ?? 0)]
  // Lines that stand already are moved, not drawn anew.
  if (svg.dataset.step !== step || svg.childElementCount !== wanted.length) svg.replaceChildren(...wanted.map(line))
  svg.dataset.step = step
  wanted.forEach((target, index) => stretch(svg.children[index], ring, target))
}

/** Of a pod that waits out of sight, what says that more wait. @param {?Element} element */
const inSight = (element) => (element?.matches(".beyond") ? document.getElementById("more-waiting") : element)

function line() {
  const [group, path, end] = ["g", "path", "circle"].map((name) => document.createElementNS(NS, name))
  path.setAttribute("pathLength", "1")
  end.setAttribute("r", "5")
  group.append(path, end)
  return group
}

/** From beside the ring to the left edge of the target. */
function stretch(group, ring, target) {
  const [from, to] = [(ring.querySelector(".centre") ?? ring).getBoundingClientRect(), target.getBoundingClientRect()]
  const home = document.getElementById("loop-section").getBoundingClientRect()
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
  const minis = lit.lanes.map((lane) => document.getElementById(`mini-${lane}`))
  bright = [...lit.ids.map(find), ...minis].filter(Boolean)
  for (const element of bright) element.classList.add("bright")
}
