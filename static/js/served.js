// What came of requests: on the card of their Service the last second in numbers, on each pod how much it has to do. Drawn
// beside the controls (traffic.js), or without them where a story plays (player.js).
import {all, make, one, svgOf} from "./dom.js"
import {say} from "./state.js"

/** @import {Busy, Second, Traffic} from "./types.js" */

/** Shape first, colour second. @type {Object<string, string>} */
const SHAPES = {
  Ok: "M-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0z",
  ConnectionRefused: "M-3 -3 3 3M-3 3 3 -3",
  ConnectionReset: "M-4 1 -1 -3 1 3 4 -1",
  NoEndpoint: "M-3.5 0H3.5M-4 -3.5V3.5",
  Timeout: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
  Overload: "M-3.2 -3.2H3.2V3.2H-3.2z",
}

/** Of a card where its numbers stand: before the controls, and after. */
export const places = () => ["served num", "line", "told num"].map((className) => make("span", {className}))

/** @param {Element} panel @param {Traffic|undefined} view */
export function sayServed(panel, view) {
  tell(one(".served", panel), served(view))
  tell(one(".told", panel), view ? more(view) : [])
}

/** Of the last second, what share was served. @param {Traffic|undefined} view */
function served(view) {
  const second = last(view)
  if (!second) return []
  const [, sent, failed] = second
  const percent = sent ? Math.floor((sent - sum(failed)) * 1000 / sent) / 10 : 100
  return [share(percent)]
}

/** How long that took, and the failures in words. @param {Traffic} view */
function more(view) {
  const second = last(view)
  if (!second) return []
  const [, sent, failed, p50, p99] = second
  const took = sent > sum(failed) ? [text(`p50 ${p50} ms · p99 ${p99} ms`)] : []
  return [...took, ...Object.entries(failed).map(([reason, n]) => lost(reason, n)), ...busiest(view)]
}

/** The newest second. @param {Traffic|undefined} view @returns {Second|undefined} */
export const last = (view) => view?.rows?.at(-1)
/** @param {Second[2]} failed */
const sum = (failed) => Object.values(failed).reduce((so, n) => so + n, 0)

/** @param {Element} line @param {Element[]} parts */
function tell(line, parts) {
  const same = parts.length === line.childElementCount && parts.every((each, index) => each.isEqualNode(line.children[index]))
  if (!same) line.replaceChildren(...parts)
}

/** @param {number} percent served */
function share(percent) {
  const element = make("span", {className: percent === 100 ? "good" : "some"})
  const [before, after] = say("served", {n: "\u0000"}).split("\u0000")
  element.append(before, make("b", {textContent: `${percent}%`}), after)
  return element
}

/** @param {string} textContent */
const text = (textContent) => make("span", {textContent})

/** @param {string} reason @param {number} n */
function lost(reason, n) {
  const element = make("span", {className: "lost"})
  const sign = svgOf("svg", {viewBox: "-5 -5 10 10", "aria-hidden": "true"})
  sign.append(mark(reason))
  element.append(sign, `${n} ${say(reason)}`)
  return element
}

/** @param {string} outcome */
export const mark = (outcome) => svgOf("path", {d: SHAPES[outcome] ?? SHAPES.ConnectionRefused, class: `mark ${outcome}`})

/** On each pod, as bars and in words: how busy its workers are, and how many requests wait in its queue.
 * @param {Map<string, Traffic>} loads by namespace/name of the Service */
export function burden(loads) {
  /** @type {Map<string, Busy>} */
  const known = new Map()
  for (const [key, view] of loads) {
    const namespace = key.slice(0, key.indexOf("/"))
    for (const [name, now] of Object.entries(view.pods ?? {})) {
      const before = known.get(`${namespace}/${name}`) ?? [0, 0, 0]
      known.set(`${namespace}/${name}`, [Math.max(now[0], before[0]), Math.max(now[1], before[1]), Math.max(now[2], before[2])])
    }
  }
  for (const pod of all("#board .pod[id]")) {
    const now = known.get(`${pod.dataset.namespace}/${pod.dataset.name}`)
    const [percent, , full] = now ?? [0, 0, 0]
    pod.style.setProperty("--busy", `${percent}%`)
    pod.style.setProperty("--queue", `${full}%`)
    tell(one(".burden", pod), now ? inWords(now) : [])
  }
}

/** "busy 46 %", "queue 3": each in its colour and with what it means. @param {Busy} busy */
function inWords([percent, queued], first = "busy") {
  return [
    make("span", {className: "busy", title: say("busy_title"), textContent: say(first, {n: percent})}),
    make("span", {className: "queue", title: say("queue_title"), textContent: say("queued", {n: queued})}),
  ]
}

/** Of all its pods the one with the most to do. @param {Traffic} view */
function busiest(view) {
  const pods = Object.values(view.pods ?? {}).sort((a, b) => b[1] - a[1] || b[0] - a[0])
  return pods.length ? inWords(pods[0], "busiest") : []
}
