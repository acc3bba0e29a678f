// What came of requests: on the card of their Service the last second in numbers, on each pod how much it has to do. Drawn
// beside the controls (traffic.js), or without them where a story plays (player.js).
import {say} from "./state.js"

const NS = "http://www.w3.org/2000/svg"
/** Shape first, colour second. */
const SHAPES = {
  Ok: "M-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0z",
  ConnectionRefused: "M-3 -3 3 3M-3 3 3 -3",
  ConnectionReset: "M-4 1 -1 -3 1 3 4 -1",
  NoEndpoint: "M-3.5 0H3.5M-4 -3.5V3.5",
  Timeout: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
  Overload: "M-3.2 -3.2H3.2V3.2H-3.2z",
}

/** Of a card where its numbers stand. @returns {HTMLElement[]} before the controls, and after */
export function places() {
  return ["served num", "line", "told num"].map((name) => {
    const element = document.createElement("span")
    element.className = name
    return element
  })
}

/** @param {HTMLElement} panel @param {?Object} view */
export function sayServed(panel, view) {
  tell(panel.querySelector(".served"), served(view))
  tell(panel.querySelector(".told"), more(view))
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

export function mark(outcome) {
  const shape = document.createElementNS(NS, "path")
  shape.setAttribute("d", SHAPES[outcome] ?? SHAPES.ConnectionRefused)
  shape.setAttribute("class", `mark ${outcome}`)
  return shape
}

/** On each pod, as bars and in words: how busy its workers are, and how many requests wait in its queue.
 * @param {Map<string, Object>} loads by namespace/name of the Service */
export function burden(loads) {
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
