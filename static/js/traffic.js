// Traffic: on each Service card a slider and what came of the last second; dots on their way from the load balancer to
// pods; what each pod has to do. Numbers and dots are what the generator worked out: the dots are a few of the requests.
import {named, post} from "./commands.js"
import {all, byId, hit, make, one, svgOf, write} from "./dom.js"
import {curve, doorOf, levelOf, startOf} from "./gutter.js"
import {burden, last, mark, places, sayServed} from "./served.js"
import {room, say, watch} from "./state.js"

/** @import {Traffic} from "./types.js" */
/** @import {Frame} from "./gutter.js" */

const PATTERNS = ["steady", "ramp", "spike"]
const PATHS = ["node-port", "direct"]
const MOST = 500
const TRAVEL_MS = 620
const MOST_DOTS = 120

/** @type {Map<string, Traffic>} by namespace/name of the Service */
const loads = new Map()
/** @type {?Promise<typeof import("./strips.js")>} null: nobody has used a Service yet */
let charts = null
/** @type {Map<string, number>} the window whose dots have been shown */
const shown = new Map()

export function startTraffic() {
  document.addEventListener("input", (event) => {
    /** @type {?HTMLInputElement} */
    const slider = hit(event, ".traffic [type=range]")
    if (slider) sayWanted(slider)
  })
  document.addEventListener("change", (event) => {
    const card = hit(event, ".traffic") && hit(event, ".service")
    if (card) ask(card)
  })
  watch((state, fresh) => {
    const changed = Object.entries(state.traffic)
    if (changed.length) charts ??= import("./strips.js")
    charts?.then(({showStrips}) => showStrips(state, fresh))
    if (fresh) loads.clear()
    for (const [key, view] of changed) {
      if (view) loads.set(key, view.rows?.length ? view : {...view, rows: loads.get(key)?.rows})
      else loads.delete(key)
    }
    for (const card of services()) draw(card)
    if (fresh || changed.length) burden(loads)
    for (const [key] of changed) if (!fresh) send(key)
  })
}

const services = () => all("#services .service")

/** @param {HTMLElement} card */
const keyOf = (card) => `${card.dataset.namespace}/${card.dataset.name}`

/** @param {HTMLElement} card */
function draw(card) {
  const [panel] = all(":scope > .traffic", card)
  if (!panel) return
  const view = loads.get(keyOf(card))
  if (!panel.firstChild) {
    panel.append(...controls(card.dataset.name ?? ""))
    if (room.whyNot) for (const each of all("input, select", panel)) Object.assign(each, {disabled: true, title: room.whyNot})
  }
  panel.toggleAttribute("data-off", !view)
  const {slider, pattern, path} = asked(panel)
  if (document.activeElement !== slider) {
    slider.value = String(view?.rps ?? 0)
    sayWanted(slider)
  }
  if (view && document.activeElement !== pattern) pattern.value = view.pattern
  if (view && document.activeElement !== path) path.value = view.path
  sayServed(panel, view)
}

/** @param {string} name of the Service */
function controls(name) {
  const ask = make("span", {className: "ask"})
  const slider = make("input", {type: "range", min: "0", max: String(MOST), step: "10"})
  slider.setAttribute("aria-label", say("traffic", {name}))
  const wanted = make("output")
  wanted.className = "num"
  ask.append(slider, wanted)
  const [served, line, told] = places()
  return [served, line, ask, choice("traffic_pattern", PATTERNS), choice("traffic_path", PATHS), told]
}

/** What one can move. @param {HTMLElement} panel */
function asked(panel) {
  /** @type {HTMLInputElement} */
  const slider = one("input", panel)
  /** @type {HTMLSelectElement[]} */
  const [pattern, path] = all("select", panel)
  return {slider, pattern, path}
}

/** @param {string} name @param {string[]} values */
function choice(name, values) {
  const select = make("select")
  select.setAttribute("aria-label", say(name))
  select.append(...values.map((value) => new Option(say(value), value)))
  return select
}

/** @param {HTMLInputElement} slider */
function sayWanted(slider) {
  const n = Number(slider.value)
  const text = n ? say("rps", {n}) : say("no_traffic")
  slider.setAttribute("aria-valuetext", text)
  if (slider.nextElementSibling) write(slider.nextElementSibling, text)
}

/** One command for whichever of the three was moved. @param {HTMLElement} card */
function ask(card) {
  const {slider, pattern, path} = asked(one(".traffic", card))
  post("commands/traffic", {...named(card), rps: slider.value, pattern: pattern.value, path: path.value})
}

// ---------------------------------------------------------------------------------------------- dots

/** Sends the window's sampled requests on their way, spread over the second as they came. @param {string} key */
function send(key) {
  const view = loads.get(key)
  const at = last(view)?.[0]
  if (!view || at === undefined || shown.get(key) === at) return
  shown.set(key, at)
  const layer = overlay()
  if (!layer || matchMedia("(prefers-reduced-motion: reduce), (max-width: 900px)").matches || document.hidden) return
  const [namespace, name] = [key.slice(0, key.indexOf("/")), key.slice(key.indexOf("/") + 1)]
  const service = document.getElementById(`o-Service-${namespace}-${name}`)
  if (!service) return
  const {samples = [], names = []} = view
  for (const [delay, node, pod, outcome] of samples) {
    if (layer.childElementCount >= MOST_DOTS) return
    const target = document.getElementById(`o-Pod-${namespace}-${names[pod]}`)
    const way = route(service, names[node], target, view.path)
    if (way) fly(layer, way, outcome, delay)
  }
}

function overlay() {
  const [board] = all("#board:not([data-mode=cells])")
  const present = document.getElementById("dots")
  if (!board || present) return board && present
  const layer = svgOf("svg", {id: "dots", "aria-hidden": "true"})
  board.append(layer)
  return layer
}

/**
 * Along the wire to the machine it comes to, down its gutter, and to the pod, there or on another machine.
 * @param {HTMLElement} service @param {string} node @param {?Element} pod @param {string} path
 */
function route(service, node, pod, path) {
  const [nodes] = all("#nodes")
  if (!nodes) return null
  /** @type {Frame} */
  const frame = {origin: byId("board").getBoundingClientRect(), window: nodes.getBoundingClientRect()}
  const index = services().indexOf(service)
  const entry = nodes.querySelector(`.node[data-name="${CSS.escape(node)}"]`)
  const home = pod?.closest(".node")
  const through = path === "node-port" ? entry : home ?? entry
  let at = startOf(service, frame)
  let way = `M${at.x} ${at.y}`
  if (!through) return `${way}v14` // it got nowhere
  for (const machine of home && home !== through ? [through, home] : [through]) {
    const door = doorOf(machine, frame, index)
    way += curve(at, door)
    at = door
  }
  if (!pod || !home) return way
  const box = pod.getBoundingClientRect()
  if (box.top > frame.window.bottom || box.bottom < frame.window.top) return way
  return `${way}V${levelOf(box, frame)}H${box.left - frame.origin.left + Math.min(10, box.width / 2)}`
}

/** @param {Element} layer @param {string} way @param {string} outcome @param {number} delay ms */
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
