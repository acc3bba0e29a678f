// A lane per actor, a glyph per step, oldest left. Steps stand side by side in their order; long waits are a dashed line.
import {isAwake} from "./awake.js"
import {span, virtual} from "./clock.js"
import {all, byId, hit, make, svgOf} from "./dom.js"
import {pick} from "./loops.js"
import {isPast, showStep} from "./past.js"
import {beside, measureAnew} from "./lanewords.js"
import {data, say, watch} from "./state.js"

/** @import {Row, State} from "./types.js" */
/** @typedef {{row: Row, x: number, y: number, element: SVGGElement, words?: SVGTextElement}} Glyph */

// px: between marks, and after the newest for its words; steps
const [SLOT, PAUSE, GAP, WORDS, LONG_MS, MOST, KEPT] = [11, 4, 54, 150, 5000, 700, 450]
/** @type {Object<string, [tag: "circle"|"path"|"rect", attributes: Object<string, string|number>]>} */
const SHAPES = {
  observe: ["circle", {r: 3.6}],
  diff: ["path", {d: "M0-5 5 0 0 5-5 0z"}],
  same: ["path", {d: "M0-4.4 4.4 0 0 4.4-4.4 0z"}],
  act: ["rect", {x: -4, y: -4, width: 8, height: 8}],
  you: ["path", {d: "M0-5.6 5.4 4.4h-10.8z"}],
  fail: ["path", {d: "M-4-4 4 4M4-4-4 4"}],
}

/** @type {SVGSVGElement} */
const svg = byId("lanes-svg")
const scroll = byId("lane-scroll")
const causes = byId("causes")
/** @type {Map<number, Glyph>} */
const glyphs = new Map()
/** @type {Row[]} */
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
    for (const name of laneNames()) wait(name, state.waits[laneOf(name)])
  })
  svg.addEventListener("click", (event) => choose(numberOf(event), true))
  svg.addEventListener("keydown", move)
  causes.addEventListener("click", () => toggleCauses())
  for (const name of ["loopscope:past", "loopscope:now"]) document.addEventListener(name, () => mark(isPast()))
  byId("lane-names").addEventListener("click", (event) => {
    const lane = hit(event, "[data-lane]")?.dataset.lane
    if (lane && lane !== "you" && !lane.startsWith("@")) pick(lane)
    if (hit(event, "[data-fold-lanes]")) unfold()
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
  const last = glyphs.get(chosen) ?? newest()
  last?.element.focus()
}

const newest = () => glyphs.get(rows.at(-1)?.[0] ?? 0)
const laneNames = () => all("#lane-names [data-lane]")
/** @param {HTMLElement|SVGElement} element */
const laneOf = (element) => element.dataset.lane ?? ""

/** @param {Row[]} known */
function rebuild(known) {
  measureLanes()
  rows = known.slice(-KEPT)
  glyphs.clear()
  svg.replaceChildren()
  gaps.length = 0
  end = 10
  lanes = data.lanes.filter(([lane]) => wanted().includes(lane))
  names()
  measureAnew()
  rows.forEach((row, index) => { glyph(row, rows[index - 1]) })
  finish()
}

/** @param {Row[]} more */
function add(more) {
  if (!more.length) return
  measureLanes()
  if (rows.length + more.length > MOST) {
    rebuild([...rows, ...more])
    return
  }
  for (const row of more) {
    glyph(row, rows.at(-1))
    rows.push(row)
  }
  finish()
}

/** The lanes to draw. @returns {string[]} */
const wanted = () => data.lanes.map(([lane]) => lane).filter((lane) => unfolded || isAwake(lane))

function unfold() {
  unfolded = !unfolded
  rebuild(rows)
  all("[data-fold-lanes]")[0]?.focus()
}

/** Names of the lanes, and a rule for each. */
function names() {
  byId("lane-names").replaceChildren(...lanes.map(([lane, title]) => {
    const button = make("button", {type: "button", textContent: title, title: lane})
    button.dataset.lane = lane
    return button
  }), ...(foldable() ? [folder()] : []))
  for (const index of lanes.keys()) svg.append(svgOf("line", {class: "rule", x1: 0, x2: 100000, y1: height(index), y2: height(index)}))
  svg.append(svgOf("g", {id: "arrows"}), svgOf("line", {id: "cursor", y1: 0, y2: 0}))
}

/** At the lane of a slow loop: that it waits, and until when. @param {HTMLElement} name @param {string|undefined} text */
function wait(name, text) {
  name.classList.toggle("waits", Boolean(text))
  const title = text ?? laneOf(name)
  if (name.title !== title) name.title = title
}

const foldable = () => data.lanes.some(([lane]) => !isAwake(lane))

/** "+9 quiet": the lanes that are folded. Their steps are drawn on its line. */
function folder() {
  const title = data.lanes.filter(([lane]) => !isAwake(lane)).map(([, name]) => name).join(", ")
  const button = make("button", {type: "button", className: "folder", title})
  button.dataset.foldLanes = ""
  button.setAttribute("aria-expanded", String(unfolded))
  button.textContent = unfolded ? say("fold_lanes") : say("quiet_loops", {n: data.lanes.length - lanes.length})
  return button
}

/** Asked once for many glyphs: each answer after a change makes the browser work out all styles anew. */
const measureLanes = () => { lanePx = parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.96 }
/** The middle of a lane. @param {number} index */
const height = (index) => (index + 0.5) * lanePx

/** @param {Row} row @param {Row|undefined} previous */
function glyph(row, previous) {
  const [number, at, lane, phase, , ok] = row
  const found = lanes.findIndex(([name]) => name === lane)
  const index = found < 0 ? lanes.length : found
  if (previous && at - previous[1] > LONG_MS) gap(at - previous[1])
  else if (previous && (previous[2] !== lane || previous[6] !== row[6])) end += PAUSE
  const [x, y] = [end + SLOT / 2, height(index)]
  // A link to its step, no button: what stands in its name are words like "apply", and buttons are found by theirs.
  const element = svgOf("g", {
    transform: `translate(${x} ${y})`, role: "link", tabindex: -1, "aria-label": label(row),
    class: told.has(number) || lane === "you" ? "g" : "g faint", "data-lane": lane, "data-n": number,
  })
  const kind = ok ? phase : phase === "you" ? "you" : "fail"
  const [tag, attributes] = SHAPES[kind] ?? SHAPES.act
  element.append(
    titled(label(row)),
    svgOf("rect", {class: "hit", x: -SLOT / 2, y: -lanePx / 2, width: SLOT, height: lanePx, rx: 3}),
    svgOf(tag, {...attributes, class: kind}),
  )
  svg.append(element)
  glyphs.set(number, {row, x, y, element})
  end += SLOT
}

/** @param {string} text */
function titled(text) {
  const title = svgOf("title")
  title.textContent = text
  return title
}

/** @param {number} ms */
function gap(ms) {
  gaps.push(end)
  const x = end + GAP / 2
  const line = svgOf("line", {class: "gapline", x1: x, x2: x, y1: lanePx, y2: lanePx * lanes.length})
  const text = svgOf("text", {x, y: lanePx * 0.75, "text-anchor": "middle"})
  text.textContent = `+${span(ms)}`
  line.append(titled(say("gap", {gap: span(ms)})))
  svg.append(line, text)
  end += GAP
}

/** @param {Row} row */
function label([, at, lane, phase, , ok, key, said]) {
  const title = data.lanes.find(([name]) => name === lane)?.[1] ?? lane
  const text = say("step", {lane: title, phase: say(phase), time: virtual(at), key}).replace(/,\s*$/, "")
  return [ok ? text : `${text} (${say("error")})`, said].filter(Boolean).join("\n")
}

function finish() {
  const stuck = scroll.scrollLeft + scroll.clientWidth > scroll.scrollWidth - 60
  const width = Math.max(end + Math.min(WORDS, scroll.clientWidth * 0.3), scroll.clientWidth)
  svg.setAttribute("width", String(width))
  svg.setAttribute("height", String(Math.ceil(lanePx * (lanes.length + Number(foldable())))))
  if (stuck || !chosen) scroll.scrollLeft = scroll.scrollWidth
  const last = newest()
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
  /** @typedef {{last: Glyph, few: string[]}} Run */
  /** @type {Map<number, Run>} the newest run of marks of each lane */
  const runs = new Map()
  /** @param {Run} run @param {number} next where the next mark of the lane is */
  const write = ({last, few}, next) => {
    const until = Math.min(next, gaps.find((x) => x > last.x && last.y < lanePx) ?? next)
    beside(last, few.length > 1 ? `${few[0]} +${few.length - 1}` : few[0], until - last.x - SLOT)
  }
  for (const mark of glyphs.values()) {
    const run = runs.get(mark.y)
    const same = run && mark.x - run.last.x === SLOT ? run : undefined
    if (same) beside(same.last, "", 0)
    else if (run) write(run, mark.x)
    const few = wordsOf(mark.row)
    runs.set(mark.y, {last: mark, few: [...(same?.few ?? []), ...(few ? [few] : [])]})
  }
  for (const run of runs.values()) write(run, Number(svg.getAttribute("width")))
}

/** @param {Row} row */
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
  for (const button of laneNames()) button.classList.toggle("told", laneOf(button) === found.row[2])
}

/** Lanes beside the thread are dimmed; the names of those that fail say so. @param {State} state */
function lights({thread, mistakes}) {
  for (const element of all("#lane-names [data-lane], #lanes-svg .g")) {
    element.classList.toggle("dimmed", thread !== null && !thread.lanes.includes(laneOf(element)))
  }
  for (const button of laneNames()) {
    button.classList.toggle("fails", laneOf(button) in mistakes)
    button.title = mistakes[laneOf(button)] ?? laneOf(button)
  }
}

/** @param {Element} element */
function roving(element) {
  svg.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1")
  element.setAttribute("tabindex", "0")
}

/** @param {Event} event */
const numberOf = (event) => Number(hit(event, ".g")?.dataset.n ?? 0)

/** @param {number} number @param {boolean} open */
function choose(number, open) {
  const found = glyphs.get(number)
  if (!found) return
  mark(number)
  roving(found.element)
  if (open) showStep(number)
}

/** @param {number} number */
function mark(number) {
  glyphs.get(chosen)?.element.classList.remove("chosen")
  chosen = number
  glyphs.get(chosen)?.element.classList.add("chosen")
  drawArrows()
  point()
}

/** Left and right in order of time, up and down to the nearest step of another lane. @param {KeyboardEvent} event */
function move(event) {
  const here = glyphs.get(numberOf(event))
  if (!here) return
  const index = rows.indexOf(here.row)
  /** @type {Object<string, () => Row|undefined>} */
  const ways = {
    ArrowLeft: () => rows[index - 1],
    ArrowRight: () => rows[index + 1],
    Home: () => rows[0],
    End: () => rows.at(-1),
    ArrowUp: () => nearest(here, -1),
    ArrowDown: () => nearest(here, 1),
    Enter: () => here.row,
    " ": () => here.row,
  }
  const way = ways[event.key]
  if (!way) return
  event.preventDefault()
  event.stopPropagation()
  const number = way()?.[0] ?? 0
  const element = glyphs.get(number)?.element
  if (!element) return
  roving(element)
  element.focus()
  element.scrollIntoView({block: "nearest", inline: "nearest"})
  if (event.key === "Enter" || event.key === " ") choose(number, true)
}

/** @param {Glyph} here @param {1|-1} direction @returns {Row|undefined} */
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
    /** @type {SVGElement[]} */
    const pieces = []
    if (arrows) {
      for (const to of glyphs.values()) {
        const from = causeOf(to)
        if (from && from.row[2] !== to.row[2]) pieces.push(arrow(from, to, false))
      }
    }
    let to = glyphs.get(chosen)
    for (let from = to && causeOf(to); from && to; to = from, from = causeOf(to)) pieces.push(arrow(from, to, true))
    layer.replaceChildren(...pieces)
  })
}

/** @param {Glyph} glyph */
const causeOf = ({row}) => glyphs.get(row[4])

/** @param {Glyph} from @param {Glyph} to @param {boolean} strong */
function arrow(from, to, strong) {
  const middle = (from.x + to.x) / 2
  const d = from.y === to.y ? `M${from.x} ${from.y}H${to.x}` : `M${from.x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.x - 5} ${to.y}`
  return svgOf("path", {d, class: strong ? "cause strong" : "cause"})
}

