// Wires from each Service down to the pods behind it, as its EndpointSlices say. Drawn from the DOM, never stored.

const NS = "http://www.w3.org/2000/svg"
const STATES = {r: "ready", t: "terminating", u: "unready"}
const SHOWN_SERVICES = 4
const GUTTER = 40
const SECOND_ROW = 60

export function drawWires() {
  const svg = document.getElementById("wires")
  const nodes = document.getElementById("nodes")
  if (!svg || !nodes) return
  const origin = svg.getBoundingClientRect()
  const window = nodes.getBoundingClientRect()
  const shapes = []
  const services = [...document.querySelectorAll("#services .service")].slice(0, SHOWN_SERVICES)
  services.forEach((service, index) => {
    for (const [home, pods] of byNode(service)) shapes.push(...wire(service, home, pods, origin, window, index))
  })
  svg.replaceChildren(...shapes)
}

/** The endpoints of a Service, grouped by the node they are on. */
function byNode(service) {
  const groups = new Map()
  for (const entry of service.dataset.endpoints.split(" ").filter(Boolean)) {
    const pod = document.getElementById(entry.slice(2))
    const home = pod?.closest(".node")
    if (!home) continue
    if (!groups.has(home)) groups.set(home, [])
    groups.get(home).push([pod, STATES[entry[0]] ?? "unready"])
  }
  return groups
}

/** One curve to the node, then along its gutter, with a dot at each pod. */
function wire(service, home, pods, origin, window, index) {
  const [from, node] = [service.getBoundingClientRect(), home.getBoundingClientRect()]
  if (node.bottom < window.top || node.top > window.bottom) return []
  const [x0, y0] = [from.left + from.width / 2 - origin.left, from.bottom - origin.top]
  const x1 = node.left - origin.left + 5 + index * 3
  const y1 = Math.max(node.top, window.top) - origin.top
  const tone = pods.some(([, state]) => state === "ready") ? "ready" : pods[0][1]
  const top = y1 - 2
  const shapes = []
  let last = y1
  for (const [pod, state] of pods) {
    const box = pod.getBoundingClientRect()
    const y = box.top + Math.min(box.height / 2, 13) - origin.top
    // Only what stands beside the gutter and in sight: in a row of squares the first stands for the others.
    if (y < y1 || y > window.bottom - origin.top || box.left - node.left > GUTTER) continue
    last = Math.max(last, y)
    shapes.push(path(`M${x1} ${y}H${box.left - origin.left}`, state), circle(x1, y, state))
  }
  const middle = (y0 + top) / 2
  // Nodes of lower rows have others in the way: there the wire begins at the node.
  const way = node.top > window.top + SECOND_ROW ? `M${x1} ${y1}` : `M${x0} ${y0}C${x0} ${middle + 8} ${x1} ${middle - 8} ${x1} ${top}`
  shapes.unshift(path(`${way}V${last}`, tone))
  return shapes
}

function path(d, state) {
  const element = document.createElementNS(NS, "path")
  element.setAttribute("d", d)
  element.setAttribute("class", state)
  return element
}

function circle(x, y, state) {
  const element = document.createElementNS(NS, "circle")
  element.setAttribute("cx", x)
  element.setAttribute("cy", y)
  element.setAttribute("r", 2.8)
  element.setAttribute("class", state)
  return element
}
