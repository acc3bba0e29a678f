// Desired against ready over time, one small chart per workload. Idle stretches are narrow: the steps are the story.
import {virtual, write} from "./clock.js"
import {data, say, state, watch} from "./state.js"

const [WIDTH, HEIGHT, IDLE_MS, LEAST_MS, KEPT] = [600, 60, 4000, 24000, 240]
/** @type {Object<string, number[][]>} id -> [virtual ms, desired, ready] */
let series = {}

export function startChart() {
  watch((state, fresh) => {
    if (fresh) series = {...data.chart}
    for (const [id, points] of Object.entries(state.replicas)) for (const point of points) push(id, point)
    draw()
  })
  document.addEventListener("loopscope:past", draw)
}

/** What is known of a workload, oldest first: [virtual ms, desired, ready]. @param {string} id */
export const seriesOf = (id) => series[id] ?? []

function push(id, point) {
  const points = (series[id] ??= [])
  const last = points.at(-1)
  if (!last || last[1] !== point[1] || last[2] !== point[2]) points.push(point)
  if (points.length > KEPT) points.splice(0, points.length - KEPT)
}

function draw() {
  for (const figure of document.querySelectorAll(".workload > .charted")) {
    const until = Number(figure.closest(".board-then")?.dataset.at ?? state.now)
    const points = series[figure.parentElement.id.replace(/^then-/, "")]?.filter(([at]) => at <= until)
    if (points?.length) picture(figure, points, until)
  }
}

/** @param {HTMLElement} figure a drawing and what stands at its axes: the most, the first moment @param {number[][]} points */
function picture(figure, points, until) {
  const [svg, card] = [figure.firstElementChild, figure.parentElement]
  const times = places([...points.map((point) => point[0]), until])
  const most = Math.max(1, ...points.map((point) => Math.max(point[1], point[2])))
  const y = (count) => (HEIGHT - 4 - (count / most) * (HEIGHT - 8)).toFixed(1)
  const line = (column) => points.map((point, i) => `${i ? "H" : "M"}${times[i]}${i ? "V" : " "}${y(point[column])}`).join("") + `H${WIDTH}`
  const short = points.map((point, i) => (point[2] < point[1] ? `M${times[i]} ${y(point[1])}H${times[i + 1]}V${y(point[2])}H${times[i]}z` : "")).join("")
  const grid = `M0 ${y(0)}H${WIDTH}M0 ${y(most)}H${WIDTH}`
  set(svg, [["grid", grid], ["short", short], ["desired", line(1)], ["ready", line(2)]])
  write(figure.querySelector(".most"), String(most))
  write(figure.querySelector(".from"), virtual(points[0][0]))
  if (until !== state.now) write(figure.querySelector(".until"), virtual(until))
  figure.style.setProperty("--from", `${((100 * times[0]) / WIDTH).toFixed(1)}%`)
  const [, desired, ready] = points.at(-1)
  svg.setAttribute("aria-label", say("chart", {name: card.dataset.name, desired, ready}))
}

/** Where each moment stands, 0 to WIDTH, waits of more than IDLE_MS cut short. */
function places(moments) {
  const way = [0]
  for (let i = 1; i < moments.length; i++) way.push(way[i - 1] + Math.min(IDLE_MS, Math.max(0, moments[i] - moments[i - 1])))
  const total = Math.max(LEAST_MS, way.at(-1))
  return way.map((at) => (WIDTH - ((way.at(-1) - at) / total) * WIDTH).toFixed(1))
}

function set(svg, paths) {
  paths.forEach(([name, d], index) => {
    let path = svg.children[index]
    if (!path) {
      path = document.createElementNS("http://www.w3.org/2000/svg", "path")
      path.setAttribute("class", name)
      svg.append(path)
    }
    if (path.getAttribute("d") !== d) path.setAttribute("d", d)
  })
}
