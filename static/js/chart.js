// Desired against ready over time, one small chart per workload. Idle stretches are narrow: the steps are the story.
import {momentOf, virtual} from "./clock.js"
import {all, one, svgOf, write} from "./dom.js"
import {data, say, state, watch} from "./state.js"

/** @import {Point, Series} from "./types.js" */

const [WIDTH, HEIGHT, IDLE_MS, LEAST_MS, KEPT] = [600, 60, 4000, 24000, 240]
/** @type {Series} desired, ready */
let series = {}

export function startChart() {
  watch((state, fresh) => {
    if (fresh) series = {...data.chart}
    for (const [id, points] of Object.entries(state.replicas)) for (const point of points) push(id, point)
    draw()
  })
  document.addEventListener("loopscope:past", draw)
}

/** What is known of a workload, oldest first: [virtual ms, desired, ready]. @param {string} [id] */
export const seriesOf = (id = "") => series[id] ?? []

/** @param {string} id @param {Point} point */
function push(id, point) {
  const points = (series[id] ??= [])
  const last = points.at(-1)
  if (!last || last[1] !== point[1] || last[2] !== point[2]) points.push(point)
  if (points.length > KEPT) points.splice(0, points.length - KEPT)
}

function draw() {
  for (const figure of all(".workload > .charted")) {
    const until = momentOf(figure, state.now)
    const card = figure.parentElement
    const points = seriesOf(card?.id.replace(/^then-/, "")).filter(([at]) => at <= until)
    if (card && points.length) picture(figure, card, points, until)
  }
}

/**
 * @param {HTMLElement} figure a drawing and what stands at its axes: the most, the first moment @param {HTMLElement} card
 * @param {Point[]} points at least one @param {number} until virtual ms
 */
function picture(figure, card, points, until) {
  const svg = one("svg", figure)
  const times = places([...points.map((point) => point[0]), until])
  const most = Math.max(1, ...points.map((point) => Math.max(point[1], point[2])))
  /** @param {number} count */
  const y = (count) => (HEIGHT - 4 - (count / most) * (HEIGHT - 8)).toFixed(1)
  /** @param {1|2} column */
  const line = (column) => `${points.map((point, i) => `${i ? "H" : "M"}${times[i]}${i ? "V" : " "}${y(point[column])}`).join("")}H${WIDTH}`
  const short = points.map((point, i) => (point[2] < point[1] ? `M${times[i]} ${y(point[1])}H${times[i + 1]}V${y(point[2])}H${times[i]}z` : "")).join("")
  const grid = `M0 ${y(0)}H${WIDTH}M0 ${y(most)}H${WIDTH}`
  set(svg, [["grid", grid], ["short", short], ["desired", line(1)], ["ready", line(2)]])
  write(one(".most", figure), String(most))
  write(one(".from", figure), virtual(points[0][0]))
  if (until !== state.now) write(one(".until", figure), virtual(until))
  figure.style.setProperty("--from", `${((100 * times[0]) / WIDTH).toFixed(1)}%`)
  const [, desired, ready] = points[points.length - 1]
  svg.setAttribute("aria-label", say("chart", {name: card.dataset.name ?? "", desired, ready}))
}

/** Where each moment stands, 0 to WIDTH, waits of more than IDLE_MS cut short. @param {number[]} moments virtual ms */
function places(moments) {
  const way = [0]
  for (let i = 1; i < moments.length; i++) way.push(way[i - 1] + Math.min(IDLE_MS, Math.max(0, moments[i] - moments[i - 1])))
  const last = way[way.length - 1]
  const total = Math.max(LEAST_MS, last)
  return way.map((at) => Number((WIDTH - ((last - at) / total) * WIDTH).toFixed(1)))
}

/** @param {Element} svg @param {[className: string, d: string][]} paths */
function set(svg, paths) {
  paths.forEach(([name, d], index) => {
    let path = svg.children[index]
    if (!path) svg.append(path = svgOf("path", {class: name}))
    if (path.getAttribute("d") !== d) path.setAttribute("d", d)
  })
}
