// On the stage the timeline is a strip: from what a person did to now, a chip for each loop that had its turn.
import {isPast, showStep} from "./past.js"
import {data, say, watch} from "./state.js"
import {path} from "./story.js"

const NS = "http://www.w3.org/2000/svg"
const SHAPES = {
  observe: ["circle", {cx: 5, cy: 5, r: 3.6}],
  diff: ["path", {d: "M5 .5 9.5 5 5 9.5 .5 5z"}],
  act: ["rect", {x: 1, y: 1, width: 8, height: 8}],
  you: ["path", {d: "M5 .5 9.8 9.5H.2z"}],
}
const MOST_GLYPHS = 3

const strip = document.getElementById("strip")

export function startStrip() {
  watch(draw)
  addEventListener("resize", draw)
  for (const name of ["loopscope:past", "loopscope:now"]) document.addEventListener(name, draw)
  strip.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-first-step]")
    if (chip) showStep(Number(chip.dataset.firstStep))
  })
}

function draw() {
  if (document.documentElement.dataset.present === undefined) return
  const chips = turns().map(chip)
  const now = document.createElement("li")
  Object.assign(now, {className: "now", textContent: say("now")})
  strip.replaceChildren(...chips, now)
  fit(chips)
}

/** What was told, a list for each turn of a loop. */
function turns() {
  const all = []
  for (const moment of path()) {
    if (all.at(-1)?.[0].role === moment.role) all.at(-1).push(moment)
    else all.push([moment])
  }
  return all
}

function chip(moments) {
  const [item, button, name] = ["li", "button", "span"].map((tag) => document.createElement(tag))
  const {role, step} = moments[0]
  name.textContent = data.lanes.find(([lane]) => lane === role)?.[1] ?? role
  button.type = "button"
  button.dataset.firstStep = String(step)
  button.append(name, ...moments.slice(0, MOST_GLYPHS).map(glyph))
  if (moments.length > MOST_GLYPHS) button.append(` +${moments.length - MOST_GLYPHS}`)
  const here = isPast() || path().at(-1).step
  if (moments.some((moment) => moment.step === here)) item.setAttribute("aria-current", "step")
  item.append(button)
  return item
}

function glyph({phase}) {
  const [tag, attributes] = SHAPES[phase] ?? SHAPES.act
  const [svg, shape] = [document.createElementNS(NS, "svg"), document.createElementNS(NS, tag)]
  svg.setAttribute("viewBox", "0 0 10 10")
  svg.setAttribute("class", phase)
  svg.setAttribute("aria-hidden", "true")
  for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value)
  svg.append(shape)
  return svg
}

/** What the person did stands at the left, the newest turns at the right; what there is no room for is counted between. */
function fit(chips) {
  let out = 0
  while (strip.scrollWidth > strip.clientWidth && out < chips.length - 2) {
    chips[++out].hidden = true
    chips[0].dataset.more = `+${out}`
  }
}
