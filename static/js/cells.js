// Beyond 500 pods: a square per pod on a canvas, grouped by node. A click opens the pod; arrow keys walk from square to
// square and Enter opens; what is chosen, and the numbers, are said in text.
import {open} from "./inspector.js"
import {data, say, watch} from "./state.js"

const COLOURS = {ready: "--ready", unready: "--diff", wait: "--ink-3", new: "--act", dying: "--bad", bad: "--bad", done: "--line-2"}
// px: squares, the name of a node; pods: by which the room for a node grows
const [LARGEST, SMALLEST, LABEL, ROUND] = [14, 3, 54, 10]
const HOLLOW = new Set(["wait", "new"])
/** @type {Map<string, [string, string]>} namespace/name -> [node, tone] */
const pods = new Map()
/** @type {{x: number, y: number, id: string}[]} */
let spots = []
let size = 8
/** The chosen pod, namespace/name. */
let chosen = ""
let due = 0

export function startCells() {
  watch((_, fresh) => {
    if (fresh) {
      pods.clear()
      for (const [id, node, tone] of data.cells ?? []) pods.set(id, [node, tone])
      listen(document.querySelector("#cells canvas"))
    }
    if (pods.size) draw()
  })
  addEventListener("resize", draw)
}

/** @param {{set: [string, string, string][], gone: string[]}} change */
export function change({set, gone}) {
  for (const [id, node, tone] of set) pods.set(id, [node, tone])
  for (const id of gone) pods.delete(id)
  draw()
}

function listen(canvas) {
  if (!canvas) return
  canvas.addEventListener("click", click)
  canvas.addEventListener("keydown", walk)
  canvas.addEventListener("focus", () => (pods.has(chosen) ? draw() : choose(spots[0])))
  canvas.addEventListener("blur", draw)
}

/** The chosen pod if the canvas has the focus, else the first ready one, in the form of an element of the board. */
export function chosenCell(prefix) {
  const fits = ([id]) => id.split("/")[1].startsWith(prefix)
  const likely = [...pods].filter(([, [, tone]]) => tone !== "dying").filter(fits)
  const here = !prefix && pods.has(chosen) && document.activeElement?.matches("#cells canvas")
  const id = here ? chosen : (likely.find(([, [, tone]]) => tone === "ready") ?? likely[0])?.[0]
  if (!id) return null
  const [namespace, name] = id.split("/")
  return {dataset: {kind: "Pod", namespace, name}}
}

/** Goes on to the next pod. @returns {boolean} whether there are cells */
export function nextCell() {
  const canvas = document.querySelector("#cells canvas")
  if (!canvas) return false
  const here = spots.findIndex((spot) => spot.id === chosen)
  choose(spots[(here + 1) % spots.length])
  canvas.focus()
  return true
}

function walk(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const here = spots.find((spot) => spot.id === chosen)
  const index = spots.indexOf(here)
  if (event.key === "Enter" && here) open(`Pod/${here.id}`, event.target)
  else if (event.key === "ArrowRight") choose(spots[Math.min(index + 1, spots.length - 1)])
  else if (event.key === "ArrowLeft") choose(spots[Math.max(index - 1, 0)])
  else if (event.key === "ArrowDown") choose(below(here, 1))
  else if (event.key === "ArrowUp") choose(below(here, -1))
  else if (event.key === "Home") choose(spots[0])
  else if (event.key === "End") choose(spots.at(-1))
  else return
  event.preventDefault()
}

/** The nearest square in the next line down (1) or up (-1). */
function below(here, way) {
  if (!here) return spots[0]
  const lines = spots.filter((spot) => (spot.y - here.y) * way > 0)
  const y = way * Math.min(...lines.map((spot) => spot.y * way))
  const line = lines.filter((spot) => spot.y === y)
  return line.reduce((best, spot) => (Math.abs(spot.x - here.x) < Math.abs(best.x - here.x) ? spot : best), line[0] ?? here)
}

function choose(spot) {
  if (!spot) return
  chosen = spot.id
  const home = document.getElementById("cells")
  if (spot.y < home.scrollTop) home.scrollTop = spot.y - size
  else if (spot.y + size > home.scrollTop + home.clientHeight) home.scrollTop = spot.y + 2 * size - home.clientHeight
  draw()
}

/** Says which pod is chosen and how it is. */
function tell() {
  const [node, tone] = pods.get(chosen) ?? []
  const [namespace, name] = chosen.split("/")
  const text = tone ? [namespace === "default" ? name : chosen, node, say(`tone_${tone}`)].filter(Boolean).join(" · ") : say("cells_keys")
  const line = document.getElementById("cell-now")
  if (line.textContent !== text) line.textContent = text
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
  const canvas = document.querySelector("#cells canvas")
  if (!canvas) return
  const groups = grouped()
  const [width, height] = [canvas.parentElement.clientWidth, canvas.parentElement.clientHeight]
  const blocks = fit(groups, width, height)
  const scale = devicePixelRatio || 1
  const tall = Math.max(height - 4, (blocks.at(-1)?.bottom ?? 0) + 4)
  canvas.width = width * scale
  canvas.height = tall * scale
  canvas.style.width = `${width}px`
  canvas.style.height = `${tall}px`
  const pen = canvas.getContext("2d")
  pen.scale(scale, scale)
  fill(pen, blocks)
  if (document.activeElement === canvas) outline(pen, spots.find((spot) => spot.id === chosen))
  canvas.setAttribute("aria-label", say("cells", {n: pods.size, ready: readyCells()}))
  tell()
}

function grouped() {
  const groups = new Map()
  for (const [id, [node, tone]] of pods) {
    if (!groups.has(node)) groups.set(node, [])
    groups.get(node).push([id, tone])
  }
  return [...groups].sort(([a], [b]) => a.localeCompare(b, undefined, {numeric: true}))
}

/** The largest squares with which everything is in sight. Sets `size`. */
function fit(groups, width, height) {
  const most = Math.max(...groups.filter(([node]) => node).map(([, list]) => list.length), 1)
  const places = Math.ceil(most / ROUND) * ROUND // in steps, so that blocks do not move with every pod
  for (size = LARGEST; size >= SMALLEST; size--) {
    const across = Math.ceil(Math.sqrt(places * 1.8))
    for (let wide = Math.max(4, across); wide >= 4; wide--) {
      const blocks = layout(groups, width, places, wide)
      if ((blocks.at(-1)?.bottom ?? 0) <= height - 4) return blocks
    }
  }
  size = SMALLEST
  return layout(groups, width, places, Math.ceil(Math.sqrt(places * 1.8)))
}

/** Pods without a node are a band above; below it a block for each node. */
function layout(groups, width, places, across) {
  const block = Math.max(across * size, LABEL) + 8
  const row = Math.ceil(places / across) * size + 24
  const columns = Math.max(1, Math.floor((width + 8) / block))
  const waiting = groups.find(([node]) => !node)
  const band = Math.max(1, Math.floor(width / size))
  const top = waiting ? Math.ceil(waiting[1].length / band) * size + 24 : 0
  const blocks = groups.filter(([node]) => node).map(([node, list], index) => {
    const [x, y] = [(index % columns) * block, top + Math.floor(index / columns) * row]
    return {node, list, x, y, across, bottom: y + row}
  })
  return waiting ? [{node: "", list: waiting[1], x: 0, y: 0, across: band, bottom: top}, ...blocks] : blocks
}

function fill(pen, blocks) {
  const style = getComputedStyle(document.documentElement)
  const probe = document.createElement("i")
  document.body.append(probe)
  const colour = {}
  for (const [tone, name] of Object.entries(COLOURS)) {
    probe.style.color = `var(${name})`
    colour[tone] = getComputedStyle(probe).color
  }
  probe.style.color = "var(--ink-3)"
  const ink = getComputedStyle(probe).color
  probe.remove()
  spots = []
  pen.font = `12px ${style.getPropertyValue("--mono")}`
  for (const {node, list, x, y, across} of blocks) {
    pen.fillStyle = ink
    pen.fillText(node || say("waiting"), x, y + 12)
    list.forEach(([id, tone], index) => {
      const [cx, cy] = [x + (index % across) * size, y + 18 + Math.floor(index / across) * size]
      spots.push({x: cx, y: cy, id})
      pen.fillStyle = pen.strokeStyle = colour[tone] ?? colour.bad
      if (HOLLOW.has(tone)) pen.strokeRect(cx + 0.5, cy + 0.5, size - 3, size - 3)
      else pen.fillRect(cx, cy, size - 2, size - 2)
      if (tone === "dying" || tone === "bad") pen.clearRect(cx + size / 2 - 2, cy + size / 2 - 2, 2, 2)
    })
  }
}

/** Where the focus is, for the eye. */
function outline(pen, spot) {
  if (!spot) return
  pen.lineWidth = 2
  pen.strokeStyle = getComputedStyle(document.body).color
  pen.strokeRect(spot.x - 2, spot.y - 2, size + 2, size + 2)
}

function click(event) {
  const [x, y] = [event.offsetX, event.offsetY]
  const spot = spots.find((one) => x >= one.x && x < one.x + size && y >= one.y && y < one.y + size)
  if (!spot) return
  choose(spot)
  open(`Pod/${spot.id}`, event.target)
}
