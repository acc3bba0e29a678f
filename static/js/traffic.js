// Traffic: on each Service card a slider and what came of the last second; dots on their way from the load balancer to
// pods; what each pod has to do. Numbers and dots are what the generator worked out: the dots are a few of the requests.
import {post} from "./commands.js"
import {room, say, watch} from "./state.js"

const NS = "http://www.w3.org/2000/svg"
const PATTERNS = ["steady", "ramp", "spike"]
const PATHS = ["node-port", "direct"]
const MOST = 500
const TRAVEL_MS = 620
const MOST_DOTS = 120
/** Shape first, colour second. */
const SHAPES = {
  Ok: "M-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0z",
  ConnectionRefused: "M-3 -3 3 3M-3 3 3 -3",
  ConnectionReset: "M-4 1 -1 -3 1 3 4 -1",
  NoEndpoint: "M-3.5 0H3.5M-4 -3.5V3.5",
  Timeout: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
  Overload: "M-3.2 -3.2H3.2V3.2H-3.2z",
}

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
    if (fresh || Object.keys(traffic ?? {}).length) burden()
    for (const key of Object.keys(traffic ?? {})) if (!fresh) send(key)
  })
}

const keyOf = (card) => `${card.dataset.namespace}/${card.dataset.name}`

/** @param {HTMLElement} card */
function draw(card) {
  const panel = card.querySelector(":scope > .traffic")
  if (!panel) return
  const view = loads.get(keyOf(card))
  if (!panel.firstChild) {
    panel.append(...controls(card.dataset.name))
    if (room.whyNot) for (const one of panel.querySelectorAll("input, select")) Object.assign(one, {disabled: true, title: room.whyNot})
  }
  panel.toggleAttribute("data-off", !view)
  const [slider, pattern, path] = panel.querySelectorAll("input, select")
  if (document.activeElement !== slider) {
    slider.value = String(view?.rps ?? 0)
    sayWanted(slider)
  }
  if (view && document.activeElement !== pattern) pattern.value = view.pattern
  if (view && document.activeElement !== path) path.value = view.path
  tell(panel.querySelector(".served"), served(view))
  tell(panel.querySelector(".told"), more(view))
}

function controls(name) {
  const ask = document.createElement("span")
  ask.className = "ask"
  const slider = Object.assign(document.createElement("input"), {type: "range", min: "0", max: String(MOST), step: "10"})
  slider.setAttribute("aria-label", say("traffic", {name}))
  const wanted = document.createElement("output")
  wanted.className = "num"
  ask.append(slider, wanted)
  const [served, line, told] = ["served num", "line", "told num"].map((name) => {
    const element = document.createElement("span")
    element.className = name
    return element
  })
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

/** The last second: what share was served; how long that took, and the failures in words. */
function served(view) {
  const [, sent, failed] = last(view) ?? []
  if (sent === undefined) return []
  const percent = sent ? Math.floor((sent - sum(failed)) * 1000 / sent) / 10 : 100
  return [part(percent === 100 ? "good" : "some", "served", {n: `${percent}%`})]
}

function more(view) {
  const [, sent, failed, p50, p99] = last(view) ?? []
  if (sent === undefined) return []
  const took = sent > sum(failed) ? [text(`p50 ${p50} ms · p99 ${p99} ms`)] : []
  return [...took, ...Object.entries(failed).map(([reason, n]) => lost(reason, n)), ...busiest(view)]
}

/** The newest second: see present/traffic.py. */
const last = (view) => view?.rows?.at(-1)
const sum = (failed) => Object.values(failed).reduce((so, n) => so + n, 0)

function tell(line, parts) {
  const same = parts.length === line.childElementCount && parts.every((each, index) => each.isEqualNode(line.children[index]))
  if (!same) line.replaceChildren(...parts)
}

function part(tone, name, values) {
  const element = document.createElement("span")
  element.className = tone
  const [before, after] = say(name, {n: "\u0000"}).split("\u0000")
  const number = document.createElement("b")
  number.textContent = values.n
  element.append(before, number, after)
  return element
}

function text(words) {
  const element = document.createElement("span")
  element.textContent = words
  return element
}

function lost(reason, n) {
  const element = document.createElement("span")
  element.className = "lost"
  const sign = document.createElementNS(NS, "svg")
  sign.setAttribute("viewBox", "-5 -5 10 10")
  sign.setAttribute("aria-hidden", "true")
  sign.append(mark(reason))
  element.append(sign, `${n} ${say(reason)}`)
  return element
}

function mark(outcome) {
  const shape = document.createElementNS(NS, "path")
  shape.setAttribute("d", SHAPES[outcome] ?? SHAPES.ConnectionRefused)
  shape.setAttribute("class", `mark ${outcome}`)
  return shape
}

/** On each pod, as bars and in words: how busy its workers are, and how many requests wait in its queue. */
function burden() {
  /** @type {Map<string, [number, number, number]>} percent busy, requests that wait, percent of the queue */
  const known = new Map()
  for (const [key, view] of loads) {
    const namespace = key.slice(0, key.indexOf("/"))
    for (const [name, now] of Object.entries(view.pods ?? {})) {
      const before = known.get(`${namespace}/${name}`) ?? [0, 0, 0]
      known.set(`${namespace}/${name}`, now.map((value, index) => Math.max(value, before[index])))
    }
  }
  for (const pod of document.querySelectorAll("#board .pod[id]")) {
    const now = known.get(`${pod.dataset.namespace}/${pod.dataset.name}`)
    const [percent, , full] = now ?? [0, 0, 0]
    pod.style.setProperty("--busy", `${percent}%`)
    pod.style.setProperty("--queue", `${full}%`)
    tell(pod.querySelector(".burden"), now ? named(now) : [])
  }
}

/** "busy 46 %", "queue 3": each in its colour and with what it means. */
function named([percent, queued], first = "busy") {
  return [["busy", first, percent], ["queue", "queued", queued]].map(([kind, name, n]) => {
    const element = text(say(name, {n}))
    element.className = kind
    element.title = say(`${kind}_title`)
    return element
  })
}

/** Of all its pods the one with the most to do. */
function busiest(view) {
  const pods = Object.values(view.pods ?? {}).sort((one, other) => other[1] - one[1] || other[0] - one[0])
  return pods.length ? named(pods[0], "busiest") : []
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
