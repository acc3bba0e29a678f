// Wires from each Service down to the pods behind it, as its EndpointSlices say. Drawn from the DOM, never stored.
import {all, svgOf} from "./dom.js"
import {curve, doorOf, levelOf, startOf} from "./gutter.js"

/** @import {Frame} from "./gutter.js" */
/** @typedef {[pod: Element, state: string]} Endpoint */

/** @type {Object<string, string>} */
const STATES = {r: "ready", t: "terminating", u: "unready"}
const SHOWN_SERVICES = 4
const GUTTER = 40
const SECOND_ROW = 60

export function drawWires() {
  const svg = document.getElementById("wires")
  const nodes = document.getElementById("nodes")
  if (!svg || !nodes) return
  const frame = {origin: svg.getBoundingClientRect(), window: nodes.getBoundingClientRect()}
  /** @type {SVGElement[]} */
  const shapes = []
  const services = all("#services .service").slice(0, SHOWN_SERVICES)
  for (const [index, service] of services.entries()) {
    for (const [home, pods] of byNode(service)) shapes.push(...wire(service, home, pods, frame, index))
  }
  svg.replaceChildren(...shapes)
}

/** The endpoints of a Service, grouped by the node they are on. @param {HTMLElement} service */
function byNode(service) {
  /** @type {Map<Element, Endpoint[]>} */
  const groups = new Map()
  for (const entry of (service.dataset.endpoints ?? "").split(" ").filter(Boolean)) {
    const pod = document.getElementById(entry.slice(2))
    const home = pod?.closest(".node")
    if (pod && home) groups.set(home, [...(groups.get(home) ?? []), [pod, STATES[entry[0]] ?? "unready"]])
  }
  return groups
}

/**
 * One curve to the node, then along its gutter, with a dot at each pod.
 * @param {Element} service @param {Element} home @param {Endpoint[]} pods @param {Frame} frame @param {number} index
 */
function wire(service, home, pods, frame, index) {
  const {origin, window} = frame
  const node = home.getBoundingClientRect()
  if (node.bottom < window.top || node.top > window.bottom) return []
  const [start, door] = [startOf(service, frame), doorOf(home, frame, index)]
  const tone = pods.some(([, state]) => state === "ready") ? "ready" : pods[0][1]
  /** @type {SVGElement[]} */
  const branches = []
  let last = door.y
  for (const [pod, state] of pods) {
    const box = pod.getBoundingClientRect()
    const y = levelOf(box, frame)
    // Only what stands beside the gutter and in sight: in a row of squares the first stands for the others.
    if (y < door.y || y > window.bottom - origin.top || box.left - node.left > GUTTER) continue
    last = Math.max(last, y)
    const d = `M${door.x} ${y}H${box.left - origin.left}`
    branches.push(svgOf("path", {d, class: state}), svgOf("circle", {cx: door.x, cy: y, r: 2.8, class: state}))
  }
  // Nodes of lower rows have others in the way: there the wire begins at the node.
  const isLower = node.top > window.top + SECOND_ROW
  const way = isLower ? `M${door.x} ${door.y}` : `M${start.x} ${start.y}${curve(start, door)}`
  return [svgOf("path", {d: `${way}V${last}`, class: tone}), ...branches]
}
