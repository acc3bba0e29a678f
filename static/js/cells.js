// Beyond 500 pods: a square per pod on a canvas, grouped by node. A click opens the pod; the numbers are said in text.
import {open} from "./inspector.js"
import {data, say, watch} from "./state.js"

const COLOURS = {ready: "--ready", unready: "--diff", wait: "--ink-3", new: "--act", dying: "--bad", bad: "--bad", done: "--line-2"}
const HOLLOW = new Set(["wait", "new"])
/** @type {Map<string, [string, string]>} namespace/name -> [node, tone] */
const pods = new Map()
/** @type {{x: number, y: number, id: string}[]} */
let spots = []
let size = 8
let due = 0

export function startCells() {
  watch((_, fresh) => {
    if (fresh) {
      pods.clear()
      for (const [id, node, tone] of data.cells ?? []) pods.set(id, [node, tone])
      document.querySelector("#cells canvas")?.addEventListener("click", click)
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
  size = Math.max(5, Math.min(14, Math.floor(Math.sqrt((width * height * 0.5) / Math.max(1, pods.size)))))
  const blocks = layout(groups, width)
  const scale = devicePixelRatio || 1
  const tall = Math.max(height - 4, (blocks.at(-1)?.bottom ?? 0) + 4)
  canvas.width = width * scale
  canvas.height = tall * scale
  canvas.style.width = `${width}px`
  canvas.style.height = `${tall}px`
  const pen = canvas.getContext("2d")
  pen.scale(scale, scale)
  fill(pen, blocks)
  const ready = [...pods.values()].filter(([, tone]) => tone === "ready").length
  canvas.setAttribute("aria-label", say("cells", {n: pods.size, ready}))
}

function grouped() {
  const groups = new Map()
  for (const [id, [node, tone]] of pods) {
    if (!groups.has(node)) groups.set(node, [])
    groups.get(node).push([id, tone])
  }
  return [...groups].sort(([a], [b]) => a.localeCompare(b, undefined, {numeric: true}))
}

function layout(groups, width) {
  const most = Math.max(1, ...groups.map(([, list]) => list.length))
  const across = Math.max(8, Math.ceil(Math.sqrt(most * 1.8)))
  const [block, row] = [across * size + 12, Math.ceil(most / across) * size + 26]
  const columns = Math.max(1, Math.floor(width / block))
  return groups.map(([node, list], index) => {
    const [x, y] = [(index % columns) * block, Math.floor(index / columns) * row]
    return {node, list, x, y, across, bottom: y + row}
  })
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

function click(event) {
  const [x, y] = [event.offsetX, event.offsetY]
  const spot = spots.find((one) => x >= one.x && x < one.x + size && y >= one.y && y < one.y + size)
  if (spot) open(`Pod/${spot.id}`)
}
