// On the stage the timeline is a strip: from what a person did to now, a chip for each loop that had its turn.
import {byId, hit, make, svgOf} from "./dom.js"
import {isPast, showStep} from "./past.js"
import {data, say, watch} from "./state.js"
import {path} from "./story.js"

/** @import {Moment} from "./types.js" */

/** @type {Object<string, [tag: "circle"|"path"|"rect", attributes: Object<string, string|number>]>} */
const SHAPES = {
  observe: ["circle", {cx: 5, cy: 5, r: 3.6}],
  diff: ["path", {d: "M5 .5 9.5 5 5 9.5 .5 5z"}],
  act: ["rect", {x: 1, y: 1, width: 8, height: 8}],
  you: ["path", {d: "M5 .5 9.8 9.5H.2z"}],
}
const MOST_GLYPHS = 3

const strip = byId("strip")

export function startStrip() {
  watch(draw)
  addEventListener("resize", draw)
  for (const name of ["loopscope:past", "loopscope:now"]) document.addEventListener(name, draw)
  strip.addEventListener("click", (event) => {
    const chip = hit(event, "[data-first-step]")
    if (chip) showStep(Number(chip.dataset.firstStep))
  })
}

function draw() {
  if (document.documentElement.dataset.present === undefined) return
  const chips = turns().map(chip)
  strip.replaceChildren(...chips, make("li", {className: "now", textContent: say("now")}))
  fit(chips)
}

/** What was told, a list for each turn of a loop. */
function turns() {
  /** @type {Moment[][]} */
  const all = []
  for (const moment of path()) {
    const turn = all.at(-1)
    if (turn?.[0].role === moment.role) turn.push(moment)
    else all.push([moment])
  }
  return all
}

/** @param {Moment[]} moments */
function chip(moments) {
  const {role, step} = moments[0]
  const [item, button] = [make("li"), make("button", {type: "button"})]
  const textContent = data.lanes.find(([lane]) => lane === role)?.[1] ?? role
  button.dataset.firstStep = String(step)
  button.append(make("span", {textContent}), ...moments.slice(0, MOST_GLYPHS).map(glyph))
  if (moments.length > MOST_GLYPHS) button.append(` +${moments.length - MOST_GLYPHS}`)
  const here = isPast() || path().at(-1)?.step
  if (moments.some((moment) => moment.step === here)) item.setAttribute("aria-current", "step")
  item.append(button)
  return item
}

/** @param {Moment} moment */
function glyph({phase}) {
  const svg = svgOf("svg", {viewBox: "0 0 10 10", class: phase, "aria-hidden": "true"})
  svg.append(svgOf(...(SHAPES[phase] ?? SHAPES.act)))
  return svg
}

/** What the person did stands at the left, the newest turns at the right; what there is no room for is counted between. @param {HTMLElement[]} chips */
function fit(chips) {
  let out = 0
  while (strip.scrollWidth > strip.clientWidth && out < chips.length - 2) {
    chips[++out].hidden = true
    chips[0].dataset.more = `+${out}`
  }
}
