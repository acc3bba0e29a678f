// A lane per actor, a glyph per step, oldest left. Steps stand side by side in their order; long waits are a dashed line.
import {isAwake} from "./awake.js"
import {span, virtual} from "./clock.js"
import {pick} from "./loops.js"
import {isPast, showStep} from "./past.js"
import {beside, measureAnew} from "./lanewords.js"
import {data, say, watch} from "./state.js"

const NS = "http://www.w3.org/2000/svg"
// px: between marks, and after the newest for its words; steps
const [SLOT, PAUSE, GAP, WORDS, LONG_MS, MOST, KEPT] = [11, 4, 54, 150, 5000, 700, 450]
const SHAPES = {
  observe: ["circle", {r: 3.6}],
  diff: ["path", {d: "M0-5 5 0 0 5-5 0z"}],
  same: ["path", {d: "M0-4.4 4.4 0 0 4.4-4.4 0z"}],
  act: ["rect", {x: -4, y: -4, width: 8, height: 8}],
  you: ["path", {d: "M0-5.6 5.4 4.4h-10.8z"}],
  fail: ["path", {d: "M-4-4 4 4M4-4-4 4"}],
}

const svg = document.getElementById("lanes-svg")
const scroll = document.getElementById("lane-scroll")
const causes = document.getElementById("causes")
/** @type {Map<number, {row: import("./state.js").Row, x: number, y: number, element: SVGGElement, words?: SVGTextElement}>} */
const glyphs = new Map()
let rows = []
let end = 0
let chosen = 0
let arrows = false
let drawing = 0
let unfolded = false
/** @type {Set<number>} steps that were told; the others are faint */
const told = new Set()
let cursor = 0
let lanePx = 0
/** @type {number[]} where waits begin that are left out: their lengths stand in the first lane */
const gaps = []
/** @type {[string, string][]} the lanes that are drawn */
let lanes = []

export function startTimeline() {
  watch((state, fresh) => {
    for (const {step} of [...(state.path ?? []), ...(state.told ? [state.told] : [])]) tell(step)
    if (fresh) cursor = state.told?.step ?? 0
    if (fresh || wanted().join() !== lanes.map(([lane]) => lane).join()) rebuild(fresh ? data.steps : [...rows, ...state.steps])
    else add(state.steps)
    lights(state)
    words()
    for (const name of document.querySelectorAll("#lane-names [data-lane]")) wait(name, state.waits[name.dataset.lane])
  })
  svg.addEventListener("click", (event) => choose(numberOf(event.target), true))
  svg.addEventListener("keydown", move)
  causes.addEventListener("click", () => toggleCauses())
  for (const name of ["loopscope:past", "loopscope:now"]) document.addEventListener(name, () => mark(isPast()))
  document.getElementById("lane-names").addEventListener("click", (event) => {
    const lane = event.target.closest("[data-lane]")?.dataset.lane
    if (lane && lane !== "you" && !lane.startsWith("@")) pick(lane)
    if (event.target.closest("[data-fold-lanes]")) unfold()
  })
  new ResizeObserver(() => rebuild(rows)).observe(scroll)
  addEventListener("resize", () => rebuild(rows))
}

export function toggleCauses() {
  arrows = !arrows
  causes.setAttribute("aria-pressed", String(arrows))
  causes.classList.toggle("primary", arrows)
  drawArrows()
}

/** The newest step takes the focus, so that arrow keys work from there. */
export function focusTimeline() {
  const last = glyphs.get(chosen) ?? glyphs.get(rows.at(-1)?.[0])
  last?.element.focus()
}

/** @param {import("./state.js").Row[]} all */
function rebuild(all) {
  measureLanes()
  rows = all.slice(-KEPT)
  glyphs.clear()
  svg.replaceChildren()
  gaps.length = 0
  end = 10
  lanes = data.lanes.filter(([lane]) => wanted().includes(lane))
  names()
  measureAnew()
  let previous = null
  for (const row of rows) previous = glyph(row, previous)
  finish()
}

/** @param {import("./state.js").Row[]} more */
function add(more) {
  if (!more.length) return
  measureLanes()
  if (rows.length + more.length > MOST) return rebuild([...rows, ...more])
  let previous = rows.at(-1) ?? null
  for (const row of more) previous = glyph(row, previous)
  rows.push(...more)
  finish()
}

/** The lanes to draw. @returns {string[]} */
const wanted = () => data.lanes.map(([lane]) => lane).filter((lane) => unfolded || isAwake(lane))

function unfold() {
  unfolded = !unfolded
  rebuild(rows)
  document.querySelector("[data-fold-lanes]")?.focus()
}

/** Names of the lanes, and a rule for each. */
function names() {
  const list = document.getElementById("lane-names")
  list.replaceChildren(...lanes.map(([lane, title]) => {
    const button = document.createElement("button")
    button.type = "button"
    button.dataset.lane = lane
    button.textContent = title
    button.title = lane
    return button
  }), ...(foldable() ? [folder()] : []))
  lanes.forEach((_, index) => {
    const rule = make("line", {x1: 0, x2: 100000, y1: height(index), y2: height(index)})
    rule.setAttribute("class", "rule")
    svg.append(rule)
  })
  const arrowsLayer = make("g", {})
  arrowsLayer.id = "arrows"
  const line = make("line", {y1: 0, y2: 0})
  line.id = "cursor"
  svg.append(arrowsLayer, line)
}

/** At the lane of a slow loop: that it waits, and until when. */
function wait(name, text) {
  name.classList.toggle("waits", Boolean(text))
  const title = text ?? name.dataset.lane
  if (name.title !== title) name.title = title
}

const foldable = () => data.lanes.some(([lane]) => !isAwake(lane))

/** "+9 quiet": the lanes that are folded. Their steps are drawn on its line. */
function folder() {
  const button = document.createElement("button")
  Object.assign(button, {type: "button", className: "folder", title: data.lanes.filter(([lane]) => !isAwake(lane)).map(([, title]) => title).join(", ")})
  button.dataset.foldLanes = ""
  button.setAttribute("aria-expanded", String(unfolded))
  button.textContent = unfolded ? say("fold_lanes") : say("quiet_loops", {n: data.lanes.length - lanes.length})
  return button
}

/** Asked once for many glyphs: each answer after a change makes the browser work out all styles anew. */
const measureLanes = () => { lanePx = parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.96 }
const laneHeight = () => lanePx
const height = (index) => (index + 0.5) * laneHeight()

function glyph(row, previous) {
  const [number, at, lane, phase, , ok] = row
  const found = lanes.findIndex(([name]) => name === lane)
  const index = found < 0 ? lanes.length : found
  if (previous && at - previous[1] > LONG_MS) gap(at - previous[1])
  else if (previous && (previous[2] !== lane || previous[6] !== row[6])) end += PAUSE
  const [x, y] = [end + SLOT / 2, height(index)]
  // A link to its step, no button: what stands in its name are words like "apply", and buttons are found by theirs.
  const element = make("g", {transform: `translate(${x} ${y})`, role: "link", tabindex: -1})
  element.setAttribute("class", told.has(number) || lane === "you" ? "g" : "g faint")
  element.dataset.lane = lane
  element.dataset.n = String(number)
  element.setAttribute("aria-label", label(row))
  const hit = make("rect", {x: -SLOT / 2, y: -laneHeight() / 2, width: SLOT, height: laneHeight(), rx: 3})
  hit.setAttribute("class", "hit")
  const kind = ok ? phase : phase === "you" ? "you" : "fail"
  const [tag, attributes] = SHAPES[kind] ?? SHAPES.act
  const shape = make(tag, attributes)
  shape.setAttribute("class", kind)
  const title = make("title", {})
  title.textContent = label(row)
  element.append(title, hit, shape)
  svg.append(element)
  glyphs.set(number, {row, x, y, element})
  end += SLOT
  return row
}

function gap(ms) {
  gaps.push(end)
  const line = make("line", {x1: end + GAP / 2, x2: end + GAP / 2, y1: laneHeight(), y2: laneHeight() * lanes.length})
  line.setAttribute("class", "gapline")
  const text = make("text", {x: end + GAP / 2, y: laneHeight() * 0.75, "text-anchor": "middle"})
  text.textContent = `+${span(ms)}`
  const title = make("title", {})
  title.textContent = say("gap", {gap: span(ms)})
  line.append(title)
  svg.append(line, text)
  end += GAP
}

function label([, at, lane, phase, , ok, key, said]) {
  const title = data.lanes.find(([name]) => name === lane)?.[1] ?? lane
  const text = say("step", {lane: title, phase: say(phase), time: virtual(at), key}).replace(/,\s*$/, "")
  return [ok ? text : `${text} (${say("error")})`, said].filter(Boolean).join("\n")
}

function finish() {
  const stuck = scroll.scrollLeft + scroll.clientWidth > scroll.scrollWidth - 60
  const width = Math.max(end + Math.min(WORDS, scroll.clientWidth * 0.3), scroll.clientWidth)
  svg.setAttribute("width", String(width))
  svg.setAttribute("height", String(Math.ceil(laneHeight() * (lanes.length + Number(foldable())))))
  if (stuck || !chosen) scroll.scrollLeft = scroll.scrollWidth
  const last = glyphs.get(rows.at(-1)?.[0])
  if (last && !chosen) roving(last.element)
  if (arrows || chosen) drawArrows()
  point()
}

/** That step is told: it is no longer faint, and the cursor goes there. @param {number} number */
function tell(number) {
  told.add(number)
  cursor = number
  glyphs.get(number)?.element.classList.remove("faint")
  point()
}

/** What was done stands behind the marks of its reconcile, if it was told and there is room before the next of the lane. */
function words() {
  /** @type {Map<number, {last: Object, few: string[]}>} the newest run of marks of each lane */
  const runs = new Map()
  const write = ({last, few}, next) => {
    const until = Math.min(next, gaps.find((x) => x > last.x && last.y < laneHeight()) ?? next)
    beside(last, few.length > 1 ? `${few[0]} +${few.length - 1}` : few[0], until - last.x - SLOT)
  }
  for (const mark of glyphs.values()) {
    const run = runs.get(mark.y)
    const goesOn = run && mark.x - run.last.x === SLOT
    if (goesOn) beside(run.last, "", 0)
    else if (run) write(run, mark.x)
    const few = wordsOf(mark.row)
    runs.set(mark.y, {last: mark, few: [...(goesOn ? run.few : []), ...(few ? [few] : [])]})
  }
  for (const run of runs.values()) write(run, Number(svg.getAttribute("width")))
}

const wordsOf = ([number, , lane, , , , , , few]) => (told.has(number) || lane === "you" ? few : "")

/** The cursor stands at the step that is told. */
function point() {
  const found = glyphs.get(isPast() || cursor)
  const line = document.getElementById("cursor")
  if (!line) return
  line.setAttribute("visibility", found ? "visible" : "hidden")
  if (!found) return
  line.setAttribute("transform", `translate(${found.x} 0)`)
  line.setAttribute("y2", svg.getAttribute("height") ?? "0")
  for (const button of document.querySelectorAll("#lane-names [data-lane]")) button.classList.toggle("told", button.dataset.lane === found.row[2])
}

/** Lanes beside the thread are dimmed; the names of those that fail say so. */
function lights({thread, mistakes}) {
  for (const element of document.querySelectorAll("#lane-names [data-lane], #lanes-svg .g")) {
    element.classList.toggle("dimmed", Boolean(thread) && !thread.lanes.includes(element.dataset.lane))
  }
  for (const button of document.querySelectorAll("#lane-names [data-lane]")) {
    button.classList.toggle("fails", button.dataset.lane in mistakes)
    button.title = mistakes[button.dataset.lane] ?? button.dataset.lane
  }
}

function roving(element) {
  svg.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1")
  element.setAttribute("tabindex", "0")
}

const numberOf = (target) => Number(target.closest?.(".g")?.dataset.n ?? 0)

function choose(number, open) {
  const found = glyphs.get(number)
  if (!found) return
  mark(number)
  roving(found.element)
  if (open) showStep(number)
}

function mark(number) {
  glyphs.get(chosen)?.element.classList.remove("chosen")
  chosen = number
  glyphs.get(chosen)?.element.classList.add("chosen")
  drawArrows()
  point()
}

/** Left and right in order of time, up and down to the nearest step of another lane. */
function move(event) {
  const here = glyphs.get(numberOf(event.target))
  if (!here) return
  const index = rows.indexOf(here.row)
  const target = {
    ArrowLeft: () => rows[index - 1],
    ArrowRight: () => rows[index + 1],
    Home: () => rows[0],
    End: () => rows.at(-1),
    ArrowUp: () => nearest(here, -1),
    ArrowDown: () => nearest(here, 1),
    Enter: () => here.row,
    " ": () => here.row,
  }[event.key]
  if (!target) return
  event.preventDefault()
  event.stopPropagation()
  const row = target()
  if (!row) return
  const next = glyphs.get(row[0])
  roving(next.element)
  next.element.focus()
  next.element.scrollIntoView({block: "nearest", inline: "nearest"})
  if (event.key === "Enter" || event.key === " ") choose(row[0], true)
}

function nearest(here, direction) {
  const others = [...glyphs.values()].filter((other) => Math.sign(Math.round(other.y - here.y)) === direction)
  const lane = direction * Math.min(...others.map((other) => direction * other.y))
  return others.filter((other) => other.y === lane).sort((a, b) => Math.abs(a.x - here.x) - Math.abs(b.x - here.x))[0]?.row
}

/** From each cause to its effect where that crosses lanes; of the chosen step the whole chain. */
function drawArrows() {
  if (drawing) return
  drawing = requestAnimationFrame(() => {
    drawing = 0
    const layer = document.getElementById("arrows")
    if (!layer) return
    const pieces = []
    if (arrows) {
      for (const {row} of glyphs.values()) if (glyphs.get(row[4])?.row[2] !== row[2]) pieces.push(arrow(row, false))
    }
    for (let row = glyphs.get(chosen)?.row; row; row = glyphs.get(row[4])?.row) pieces.push(arrow(row, true))
    layer.replaceChildren(...pieces.filter(Boolean))
  })
}

function arrow(row, strong) {
  const [from, to] = [glyphs.get(row[4]), glyphs.get(row[0])]
  if (!from || !to) return null
  const middle = (from.x + to.x) / 2
  const d = from.y === to.y ? `M${from.x} ${from.y}H${to.x}` : `M${from.x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.x - 5} ${to.y}`
  const element = make("path", {d})
  element.setAttribute("class", strong ? "cause strong" : "cause")
  return element
}

function make(tag, attributes) {
  const element = document.createElementNS(NS, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  return element
}

