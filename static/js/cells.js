// Too many pods for cards: a square for each on a canvas, grouped by node and zone. A click opens the pod; arrow keys walk
// from square to square and Enter opens; what is chosen or pointed at, and the numbers, are said in text. One node can be
// enlarged, with the names of its pods.
import {arrange, enlarge, place} from "./cellgrid.js"
import {byId, write} from "./dom.js"
import {open} from "./inspector.js"
import {data, say, watch} from "./state.js"

/** @import {Block, Grid, Group} from "./cellgrid.js" */
/** @import {Cell, NodeCell} from "./types.js" */
/** @typedef {{x: number, y: number, id: string}} Spot */

/** @type {Object<string, string>} */
const COLOURS = {
  ready: "--ready", unready: "--diff", wait: "--ink-3", new: "--act", dying: "--bad", bad: "--bad", done: "--line-2",
  ink: "--ink", faint: "--ink-3", line: "--line-2",
}
const byNumber = new Intl.Collator(undefined, {numeric: true})
const HOLLOW = new Set(["wait", "new"])
/** @type {Map<string, [string, string]>} namespace/name -> [node, tone] */
const pods = new Map()
/** @type {Map<string, {zone: string, isReady: boolean, words: string}>} */
let nodes = new Map()
/** @type {Spot[]} */
let spots = []
/** @type {Grid} */
let grid = arrange([], 0, 0)
/** The chosen pod and the one pointed at, namespace/name; the node that is enlarged. */
let [chosen, pointed, large] = ["", "", ""]
let due = 0

export function startCells() {
  watch((_, fresh) => {
    if (fresh) {
      pods.clear()
      for (const [id, node, tone] of data.cells ?? []) pods.set(id, [node, tone])
      know(data.cell_nodes)
      listen(canvasNow())
    }
    if (pods.size) draw()
  })
  addEventListener("resize", draw)
}

/** @returns {?HTMLCanvasElement} */
const canvasNow = () => document.querySelector("#cells canvas")

/** @param {{set: Cell[], gone: string[], nodes: ?NodeCell[]}} change */
export function change({set, gone, nodes: known}) {
  for (const [id, node, tone] of set) pods.set(id, [node, tone])
  for (const id of gone) pods.delete(id)
  know(known)
  draw()
}

/** @param {?NodeCell[]} known */
function know(known) {
  if (known) nodes = new Map(known.map(([name, zone, isReady, words]) => [name, {zone, isReady, words}]))
}

/** @param {?HTMLCanvasElement} canvas */
function listen(canvas) {
  if (!canvas) return
  canvas.addEventListener("click", click)
  canvas.addEventListener("keydown", walk)
  canvas.addEventListener("focus", () => (pods.has(chosen) ? draw() : choose(spots[0])))
  canvas.addEventListener("blur", draw)
  canvas.addEventListener("mousemove", (event) => pointAt(event))
  canvas.addEventListener("mouseleave", () => pointAt(null))
  chooser().addEventListener("change", () => show(chooser().value))
}

/** @returns {HTMLSelectElement} */
const chooser = () => byId("cell-node")

/**
 * The chosen pod if the canvas has the focus, else the first ready one, in the form of an element of the board.
 * @param {string} prefix
 */
export function chosenCell(prefix) {
  const likely = [...pods].filter(([id, [, tone]]) => tone !== "dying" && id.split("/")[1].startsWith(prefix))
  const here = !prefix && pods.has(chosen) && document.activeElement?.matches("#cells canvas")
  const id = here ? chosen : (likely.find(([, [, tone]]) => tone === "ready") ?? likely[0])?.[0]
  if (!id) return null
  const [namespace, name] = id.split("/")
  return {dataset: {kind: "Pod", namespace, name}}
}

/** Goes on to the next pod. @returns {boolean} whether there are cells */
export function nextCell() {
  const canvas = canvasNow()
  if (!canvas) return false
  const here = spots.findIndex((spot) => spot.id === chosen)
  choose(spots[(here + 1) % spots.length])
  canvas.focus()
  return true
}

/** One node, or "" for all. @param {string} node */
function show(node) {
  large = node
  byId("cells").scrollTop = 0
  draw()
}

/** @param {KeyboardEvent} event */
function walk(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const index = spots.findIndex((spot) => spot.id === chosen)
  /** @type {Spot|undefined} */
  const here = spots[index]
  if (event.key === "Enter" && here) open(`Pod/${here.id}`, canvasNow())
  else if (event.key === "ArrowRight") choose(spots[Math.min(index + 1, spots.length - 1)])
  else if (event.key === "ArrowLeft") choose(spots[Math.max(index - 1, 0)])
  else if (event.key === "ArrowDown") choose(below(here, 1))
  else if (event.key === "ArrowUp") choose(below(here, -1))
  else if (event.key === "Home") choose(spots[0])
  else if (event.key === "End") choose(spots.at(-1))
  else if (event.key === "z") show(large ? "" : pods.get(chosen)?.[0] ?? "")
  else if (event.key === "Escape" && large) show("")
  else return
  event.preventDefault()
  event.stopPropagation()
}

/** The nearest square in the next line down (1) or up (-1). @param {Spot|undefined} here @param {1|-1} way */
function below(here, way) {
  if (!here) return spots[0]
  const lines = spots.filter((spot) => (spot.y - here.y) * way > 0)
  const y = way * Math.min(...lines.map((spot) => spot.y * way))
  const line = lines.filter((spot) => spot.y === y)
  return line.reduce((best, spot) => (Math.abs(spot.x - here.x) < Math.abs(best.x - here.x) ? spot : best), line[0] ?? here)
}

/** @param {Spot|undefined} spot */
function choose(spot) {
  if (!spot) return
  chosen = spot.id
  pointed = ""
  const [home, tall] = [byId("cells"), grid.size.height]
  if (spot.y < home.scrollTop) home.scrollTop = spot.y - tall
  else if (spot.y + tall > home.scrollTop + home.clientHeight) home.scrollTop = spot.y + 2 * tall - home.clientHeight
  draw()
}

/** @param {MouseEvent} event */
const spotAt = ({offsetX: x, offsetY: y}) =>
  spots.find((one) => x >= one.x && x < one.x + grid.size.width && y >= one.y && y < one.y + grid.size.height)

/** @param {MouseEvent} event */
const blockAt = ({offsetX: x, offsetY: y}) => grid.blocks.findLast((block) => block.group.name && x >= block.x && y >= block.y && y < block.bottom)

/** @param {MouseEvent} event */
function click(event) {
  const spot = spotAt(event)
  if (spot) {
    choose(spot)
    open(`Pod/${spot.id}`, canvasNow())
  } else {
    show(large ? "" : blockAt(event)?.group.name ?? "")
  }
}

/** @param {?MouseEvent} event */
function pointAt(event) {
  const next = (event && (spotAt(event)?.id ?? blockAt(event)?.group.name)) ?? ""
  if (next === pointed) return
  pointed = next
  draw()
}

/** Says which pod or node is pointed at, else which pod is chosen, and how it is. */
function tell() {
  const id = pods.has(pointed) || nodes.has(pointed) ? pointed : chosen
  const [node, tone] = pods.get(id) ?? []
  const [namespace, name] = id.split("/")
  const text = tone
    ? [namespace === "default" ? name : id, node, say(`tone_${tone}`)].filter(Boolean).join(" · ")
    : nodes.has(id) ? nodeText(id) : say("cells_keys")
  write(byId("cell-now"), text)
}

/** @param {string} name */
function nodeText(name) {
  const {zone, words} = nodes.get(name) ?? {zone: "", words: ""}
  const count = [...pods.values()].filter(([node]) => node === name).length
  return [say("cells_node", {node: name, n: count}), zone, words].filter(Boolean).join(" · ")
}

export const readyCells = () => [...pods.values()].filter(([, tone]) => tone === "ready").length

function draw() {
  if (due) return
  due = requestAnimationFrame(() => {
    due = 0
    paint()
  })
}

function paint() {
  const canvas = canvasNow()
  const pen = canvas?.getContext("2d")
  if (!canvas || !pen) return
  const groups = grouped()
  const {clientWidth: width, clientHeight: height} = byId("cells")
  const alone = groups.find(({name}) => name && name === large)
  grid = alone ? enlarge(alone, width) : arrange(groups, width, height)
  offer(groups, alone?.name ?? "")
  const scale = devicePixelRatio || 1
  const tall = Math.max(height - 4, grid.bottom + 4)
  canvas.width = width * scale
  canvas.height = tall * scale
  canvas.style.width = `${width}px`
  canvas.style.height = `${tall}px`
  pen.scale(scale, scale)
  fill(pen, colours())
  if (document.activeElement === canvas) outline(pen, spots.find((spot) => spot.id === chosen))
  outline(pen, spots.find((spot) => spot.id === pointed))
  canvas.setAttribute("aria-label", say("cells", {n: pods.size, ready: readyCells()}))
  tell()
}

/** Which node can be enlarged. @param {Group[]} groups @param {string} here */
function offer(groups, here) {
  const select = chooser()
  const names = groups.map(({name}) => name).filter(Boolean)
  if (select.options.length !== names.length + 1 || names.some((name, index) => select.options[index + 1].value !== name)) {
    select.replaceChildren(new Option(say("cells_all"), ""), ...names.map((name) => new Option(name, name)))
  }
  select.value = here
}

/** @returns {Group[]} zone by zone, node by node; nodes without pods too */
function grouped() {
  /** @type {Map<string, Group>} */
  const groups = new Map([...nodes].map(([name, {zone}]) => [name, {name, zone, pods: []}]))
  for (const [id, [name, tone]] of pods) {
    const group = groups.get(name) ?? {name, zone: "", pods: []}
    group.pods.push([id, tone])
    groups.set(name, group)
  }
  /** @param {Group} group */
  const key = ({zone, name}) => `${zone}\u0000${name}`
  return [...groups.values()].sort((one, other) => byNumber.compare(key(one), key(other)))
}

/** @type {Object<string, string>} */
let known = {}
let knownOf = ""

/** The colours of the theme, worked out once for each. */
function colours() {
  const theme = `${document.documentElement.dataset.theme} ${matchMedia("(prefers-color-scheme: dark)").matches}`
  if (theme === knownOf) return known
  knownOf = theme
  const probe = document.createElement("i")
  document.body.append(probe)
  known = {mono: getComputedStyle(document.documentElement).getPropertyValue("--mono")}
  for (const [tone, name] of Object.entries(COLOURS)) {
    probe.style.color = `var(${name})`
    known[tone] = getComputedStyle(probe).color
  }
  probe.remove()
  return known
}

/** @param {CanvasRenderingContext2D} pen @param {Object<string, string>} colour */
function fill(pen, colour) {
  spots = []
  pen.font = `12px ${colour.mono}`
  for (const {name, y} of grid.zones) {
    const dark = [...nodes.values()].filter(({zone}) => zone === name).every(({isReady}) => !isReady)
    pen.fillStyle = dark ? colour.bad : colour.faint
    pen.fillText(`${dark ? "✕ " : ""}${name || "–"}`, 0, y + 14)
    pen.fillStyle = colour.line
    pen.fillRect(pen.measureText(`✕ ${name}  `).width, y + 10, 4000, 1)
  }
  for (const block of grid.blocks) {
    const node = nodes.get(block.group.name)
    const isDead = node && !node.isReady
    pen.fillStyle = isDead ? colour.bad : node?.words ? colour.unready : colour.faint
    pen.fillText(`${isDead ? "✕ " : node?.words ? "⊘ " : ""}${block.group.name || say("waiting")}`, block.x, block.y + 14)
    if (isDead) frame(pen, block, colour.bad)
    pen.globalAlpha = isDead && !grid.named ? 0.45 : 1
    block.group.pods.forEach(([id, tone], index) => {
      const [x, y] = place(block, index, grid)
      spots.push({x, y, id})
      square(pen, colour, x, y, id, tone)
    })
    pen.globalAlpha = 1
  }
}

/**
 * A pod: full when it runs, hollow while it waits, with a hole when it is in trouble or goes; with its name where there is room.
 * @param {CanvasRenderingContext2D} pen @param {Object<string, string>} colour @param {number} x @param {number} y
 * @param {string} id @param {string} tone
 */
function square(pen, colour, x, y, id, tone) {
  const {width, height} = grid.size
  pen.fillStyle = pen.strokeStyle = colour[tone] ?? colour.bad
  if (grid.named) {
    pen.strokeRect(x + 0.5, y + 0.5, width - 5, height - 5)
    pen.fillRect(x, y, 4, height - 4)
    pen.fillStyle = colour.ink
    pen.fillText(id.slice(-5), x + 10, y + 14)
    return
  }
  if (HOLLOW.has(tone)) pen.strokeRect(x + 0.5, y + 0.5, width - 3, height - 3)
  else pen.fillRect(x, y, width - 2, height - 2)
  if (tone === "dying" || tone === "bad") pen.clearRect(x + width / 2 - 2, y + height / 2 - 2, 2, 2)
}

/** Around the pods of a node that is not ready. @param {CanvasRenderingContext2D} pen @param {Block} block @param {string} colour */
function frame(pen, block, colour) {
  const [, last] = place(block, Math.max(0, block.group.pods.length - 1), grid)
  const across = Math.min(block.across, Math.max(4, block.group.pods.length))
  pen.setLineDash([4, 3])
  pen.strokeStyle = colour
  pen.strokeRect(block.x - 2.5, block.y + 16.5, across * grid.size.width + 3, last + grid.size.height - block.y - 16)
  pen.setLineDash([])
}

/** Where the focus or the pointer is, for the eye. @param {CanvasRenderingContext2D} pen @param {Spot|undefined} spot */
function outline(pen, spot) {
  if (!spot) return
  pen.lineWidth = 2
  pen.strokeStyle = colours().ink
  pen.strokeRect(spot.x - 2, spot.y - 2, grid.size.width + 2, grid.size.height + 2)
  pen.lineWidth = 1
}
