// Traffic: on each Service card a slider and what came of the last second; dots on their way from the load balancer to
// pods; what each pod has to do. Numbers and dots are what the generator worked out: the dots are a few of the requests.
import {post} from "./commands.js"
import {burden, mark, places, sayServed} from "./served.js"
import {say, watch} from "./state.js"

const NS = "http://www.w3.org/2000/svg"
const PATTERNS = ["steady", "ramp", "spike"]
const PATHS = ["node-port", "direct"]
const MOST = 500
const TRAVEL_MS = 620
const MOST_DOTS = 120

/** @type {Map<string, Object>} by namespace/name of the Service */
const loads = new Map()
/** The strip charts; null: nobody has used a Service yet. */
let charts = null
/** @type {Map<string, number>} the window whose dots have been shown */
const shown = new Map()

export function startTraffic() {
  const services = () => document.getElementById("services")
  document.addEventListener("input", (event) => { if (event.target.matches(".traffic [type=range]")) sayWanted(event.target) })
  document.addEventListener("change", (event) => { if (event.target.closest(".traffic")) ask(event.target.closest(".service")) })
  watch((state, fresh) => {
    const {traffic} = state
    if (Object.keys(traffic ?? {}).length) charts ??= import("./strips.js")
    charts?.then(({showStrips}) => showStrips(state, fresh))
    if (fresh) loads.clear()
    for (const [key, view] of Object.entries(traffic ?? {})) {
      if (view) loads.set(key, view.rows?.length ? view : {...view, rows: loads.get(key)?.rows})
      else loads.delete(key)
    }
    for (const card of services()?.querySelectorAll(".service") ?? []) draw(card)
    if (fresh || Object.keys(traffic ?? {}).length) burden(loads)
    for (const key of Object.keys(traffic ?? {})) if (!fresh) send(key)
  })
}

const keyOf = (card) => `${card.dataset.namespace}/${card.dataset.name}`

/** @param {HTMLElement} card */
function draw(card) {
  const panel = card.querySelector(":scope > .traffic")
  if (!panel) return
  const view = loads.get(keyOf(card))
  if (!panel.firstChild) panel.append(...controls(card.dataset.name))
  panel.toggleAttribute("data-off", !view)
  const [slider, pattern, path] = panel.querySelectorAll("input, select")
  if (document.activeElement !== slider) {
    slider.value = String(view?.rps ?? 0)
    sayWanted(slider)
  }
  if (view && document.activeElement !== pattern) pattern.value = view.pattern
  if (view && document.activeElement !== path) path.value = view.path
  sayServed(panel, view)
}

function controls(name) {
  const ask = document.createElement("span")
  ask.className = "ask"
  const slider = Object.assign(document.createElement("input"), {type: "range", min: "0", max: String(MOST), step: "10"})
  slider.setAttribute("aria-label", say("traffic", {name}))
  const wanted = document.createElement("output")
  wanted.className = "num"
  ask.append(slider, wanted)
  const [served, line, told] = places()
  return [served, line, ask, choice("traffic_pattern", PATTERNS), choice("traffic_path", PATHS), told]
}

function choice(name, values) {
  const select = document.createElement("select")
  select.setAttribute("aria-label", say(name))
  select.append(...values.map((value) => new Option(say(value), value)))
  return select
}

function sayWanted(slider) {
  const n = Number(slider.value)
  const text = n ? say("rps", {n}) : say("no_traffic")
  slider.setAttribute("aria-valuetext", text)
  const output = slider.nextElementSibling
  if (output.textContent !== text) output.textContent = text
}

/** One command for whichever of the three was moved. */
function ask(card) {
  const [slider, pattern, path] = card.querySelectorAll(".traffic input, .traffic select")
  const {kind, namespace, name} = card.dataset
  post("commands/traffic", {kind, namespace, name, rps: slider.value, pattern: pattern.value, path: path.value})
}

// ---------------------------------------------------------------------------------------------- dots

/** Sends the window's sampled requests on their way, spread over the second as they came. */
function send(key) {
  const view = loads.get(key)
  const at = view?.rows?.at(-1)?.[0]
  if (at === undefined || shown.get(key) === at) return
  shown.set(key, at)
  const layer = overlay()
  if (!layer || matchMedia("(prefers-reduced-motion: reduce), (max-width: 900px)").matches || document.hidden) return
  const [namespace, name] = [key.slice(0, key.indexOf("/")), key.slice(key.indexOf("/") + 1)]
  const service = document.getElementById(`o-Service-${namespace}-${name}`)
  if (!service) return
  for (const [delay, node, pod, outcome] of view.samples) {
    if (layer.childElementCount >= MOST_DOTS) return
    const target = document.getElementById(`o-Pod-${namespace}-${view.names[pod]}`)
    const way = route(service, view.names[node], target, view.path)
    if (way) fly(layer, way, outcome, delay)
  }
}

function overlay() {
  const board = document.getElementById("board")
  if (!board || board.dataset.mode === "cells") return null
  const present = document.getElementById("dots")
  if (present) return present
  const layer = document.createElementNS(NS, "svg")
  layer.id = "dots"
  layer.setAttribute("aria-hidden", "true")
  board.append(layer)
  return layer
}

/** Along the wire to the machine it comes to, down its gutter, and to the pod, there or on another machine. */
function route(service, node, pod, path) {
  const origin = document.getElementById("board").getBoundingClientRect()
  const nodes = document.getElementById("nodes")?.getBoundingClientRect()
  if (!nodes) return null
  const index = [...document.querySelectorAll("#services .service")].indexOf(service)
  const entry = document.querySelector(`#nodes .node[data-name="${CSS.escape(node)}"]`)
  const home = pod?.closest(".node")
  const through = path === "node-port" ? entry : home ?? entry
  let at = middle(service, origin, "bottom")
  let way = `M${at.x} ${at.y}`
  if (!through) return `${way}v14` // it got nowhere
  for (const machine of home && home !== through ? [through, home] : [through]) {
    const to = gate(machine, origin, nodes, index)
    way += curve(at, to)
    at = to
  }
  if (!pod || !home) return way
  const box = pod.getBoundingClientRect()
  if (box.top > nodes.bottom || box.bottom < nodes.top) return way
  return `${way}V${box.top - origin.top + Math.min(13, box.height / 2)}H${box.left - origin.left + Math.min(10, box.width / 2)}`
}

/** Where the wires of the Service enter a machine: see wires.js. */
function gate(machine, origin, nodes, index) {
  const box = machine.getBoundingClientRect()
  return {x: box.left - origin.left + 5 + Math.max(0, index) * 3, y: Math.max(box.top, nodes.top) - origin.top - 2}
}

function middle(element, origin, edge) {
  const box = element.getBoundingClientRect()
  return {x: box.left + box.width / 2 - origin.left, y: box[edge] - origin.top}
}

function curve(from, to) {
  const half = (from.y + to.y) / 2
  return `C${from.x} ${half + 8} ${to.x} ${half - 8} ${to.x} ${to.y}`
}

function fly(layer, way, outcome, delay) {
  const dot = mark(outcome)
  dot.style.offsetPath = `path("${way}")`
  dot.style.opacity = "0"
  layer.append(dot)
  const good = outcome === "Ok"
  const frames = [
    {offsetDistance: "0%", opacity: 1},
    {offsetDistance: "100%", opacity: 1, offset: 0.75},
    {offsetDistance: "100%", opacity: good ? 0 : 1, offset: good ? 0.85 : 0.95},
    {offsetDistance: "100%", opacity: 0},
  ]
  const moving = dot.animate(frames, {delay, duration: good ? TRAVEL_MS : TRAVEL_MS * 1.6, easing: "ease-in", fill: "none"})
  moving.onfinish = () => dot.remove()
  moving.oncancel = () => dot.remove()
}
