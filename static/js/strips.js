// A strip chart per Service that people use: requests, how long they took, CPU, pods, all on one axis of time, with what you
// did marked on it. Everything comes from the server as rows (present/traffic.py); the picture has a text alternative.
// Loaded by traffic.js when there is something to draw.
import {seriesOf} from "./chart.js"
import {virtual} from "./clock.js"
import {room, say} from "./state.js"

const NS = "http://www.w3.org/2000/svg"
const [KEPT, NARROW, PACE_MS] = [240, 420, 200]
const TICKS_S = [5, 10, 15, 30, 60, 120]
const SPANS_S = [30, 60, 90, 120, 180, 240]
/** Failures lie on each other in this order, each with a pattern of its own (_symbols.html). */
const REASONS = ["NoEndpoint", "ConnectionRefused", "ConnectionReset", "Timeout", "Overload"]

const home = document.getElementById("strips")
const phone = matchMedia("(max-width: 900px)")
const number = new Intl.NumberFormat(room.lang)
/**
 * @typedef {[number, number, Object<string, number>|0, number, number]} Row virtual ms, sent, failed by reason, p50, p99
 * @typedef {{rows: Row[], why: ?[number, string], since: [number, number, Object<string, number>], workload: string}} Strip
 * @type {Map<string, Strip>} by namespace/name of the Service
 */
const strips = new Map()
/** @type {Object<string, number[][]>} by the workload's element: virtual ms, percent, aim */
let cpu = {}
/** @type {[number, string][]} virtual ms, sentence */
let acts = []
let act = 0
let drawnAt = -Infinity
let due = 0

const move = () => document.getElementById(phone.matches ? "actual-section" : "tracks").append(home)
move()
phone.addEventListener("change", move)
new ResizeObserver(() => drawSoon()).observe(home)

/** @param {import("./state.js").State} state @param {boolean} fresh when everything was replaced by a snapshot */
export function showStrips(state, fresh) {
  if (fresh) {
    strips.clear()
    cpu = {}
    acts = []
  }
  if (state.act !== act) for (const strip of strips.values()) strip.why = null
  act = state.act
  for (const [key, view] of Object.entries(state.traffic)) follow(key, view)
  for (const [id, points] of Object.entries(state.cpu ?? {})) cpu[id] = [...(cpu[id] ?? []), ...points].slice(-KEPT)
  acts = [...acts, ...(state.acts ?? [])].slice(-KEPT)
  if (fresh || Object.keys(state.traffic).length) drawSoon()
}

function follow(key, view) {
  if (!view) return strips.delete(key)
  if (!view.rows) return undefined
  const strip = strips.get(key) ?? {rows: [], why: null}
  const last = strip.rows.at(-1)?.[0] ?? -Infinity
  strip.rows = [...strip.rows, ...view.rows.filter(([at]) => at > last)].slice(-KEPT)
  Object.assign(strip, {why: view.why ?? strip.why, since: view.since, workload: view.workload})
  return strips.set(key, strip)
}

/** At most five times a second. */
function drawSoon() {
  clearTimeout(due)
  due = setTimeout(draw, Math.max(0, PACE_MS - (performance.now() - drawnAt)))
}

function draw() {
  drawnAt = performance.now()
  const shown = [...strips].filter(([, strip]) => strip.rows.length)
  home.hidden = !shown.length
  for (const figure of [...home.querySelectorAll("figure")]) if (!strips.has(figure.dataset.service)) figure.remove()
  for (const [key, strip] of shown) picture(figureOf(key), strip)
}

function figureOf(key) {
  const present = home.querySelector(`figure[data-service="${CSS.escape(key)}"]`)
  if (present) return present
  const figure = document.createElement("figure")
  figure.dataset.service = key
  const caption = document.createElement("figcaption")
  caption.append(...["sums num", "why"].map((name) => Object.assign(document.createElement("p"), {className: name})))
  const svg = make("svg", {role: "img"})
  figure.append(caption, svg)
  home.append(figure)
  return figure
}

// ---------------------------------------------------------------------------------------------- in words

function picture(figure, strip) {
  const name = figure.dataset.service.split("/")[1]
  const [sums, why] = figure.querySelectorAll("p")
  const [since, sent, failed] = strip.since
  const lost = REASONS.filter((reason) => failed[reason]).map((reason) => swatch(reason, failed[reason]))
  const head = Object.assign(document.createElement("b"), {textContent: name})
  const total = `${say("strip_since", {time: whole(since)})} ${say("strip_sent_in_all", {n: number.format(sent)})}`
  sums.replaceChildren(head, ` ${total} · `, ...(lost.length ? lost : [say("strip_none_failed")]))
  const told = strip.why ? `${whole(strip.why[0])} ${strip.why[1]}` : ""
  if (why.textContent !== told) why.textContent = told
  const svg = figure.querySelector(":scope > svg")
  plot(svg, strip)
  svg.setAttribute("aria-label", inWords(name, strip, Number(svg.dataset.span)))
}

function swatch(reason, n) {
  const element = document.createElement("span")
  element.className = "lost"
  const sign = make("svg", {viewBox: "0 0 12 12", "aria-hidden": "true"})
  sign.append(make("rect", {width: 12, height: 12, fill: `url(#loss-${reason})`}))
  element.append(sign, `${number.format(n)} ${say(reason)}`)
  return element
}

/** The text alternative: the same numbers. */
function inWords(name, strip, span) {
  const [, sent, failed, p50, p99] = strip.rows.at(-1)
  const [since, all, lost] = strip.since
  const [use, pods] = [cpu[strip.workload]?.at(-1), seriesOf(strip.workload).at(-1)]
  const said = acts.filter(([at]) => at > strip.rows.at(-1)[0] - span * 1000).map(([at, text]) => `${virtual(at)} ${text}`)
  return [
    say("strip", {name, span: `${span} s`}),
    say("strip_now", {sent: number.format(sent), failed: failures(failed), p50, p99}),
    use ? say("strip_cpu", {n: use[1], aim: use[2]}) : "",
    pods ? say("strip_pods", {wanted: pods[1], ready: pods[2]}) : "",
    say("strip_totals", {time: whole(since), sent: number.format(all), failed: failures(lost)}),
    said.length ? say("strip_acts", {acts: said.join(" ")}) : "",
  ].filter(Boolean).join(" ")
}

function failures(failed) {
  const found = REASONS.filter((reason) => failed[reason])
  const sum = found.reduce((so, reason) => so + failed[reason], 0)
  return found.length ? `${number.format(sum)} (${found.map((reason) => `${failed[reason]} ${say(reason)}`).join(", ")})` : "0"
}

// ---------------------------------------------------------------------------------------------- as a picture

/** The rows of the chart, top to bottom; where nothing is known of one it is left out. */
function bandsOf(strip) {
  const {rows, workload} = strip
  const [use, pods] = [cpu[workload] ?? [], seriesOf(workload)]
  const [, sent, failed, p50, p99] = rows.at(-1)
  const lost = Object.values(failed).reduce((sum, n) => sum + n, 0)
  const most = (points) => Math.max(...points.flatMap((point) => point.slice(1)))
  const bands = [
    band("axis_requests", Math.max(...rows.map((row) => row[1])), requests(rows),
      [["sent", say("strip_sent", {n: sent})], ["failed", say("strip_failed", {n: lost})]], 1.5),
    band("axis_latency", Math.max(...rows.map((row) => row[4])), latency(rows), [["solid", `p50 ${p50}`], ["dashed", `p99 ${p99}`]]),
  ]
  if (use.length) {
    const [, percent, aim] = use.at(-1)
    bands.push(band("axis_cpu", most(use), held(use, 1, 2),
      [["solid", say("strip_cpu_now", {n: percent})], ["dashed", say("strip_target", {n: aim})]]))
  }
  if (pods.length) {
    const [, wanted, ready] = pods.at(-1)
    bands.push(band("axis_pods", most(pods), held(pods, 2, 1),
      [["solid", say("strip_ready", {n: ready})], ["dashed", say("strip_wanted", {n: wanted})]]))
  }
  return bands
}

/** `marks` draws it, `ends` says what its lines are, and how they stand now. */
const band = (unit, most, marks, ends, weight = 1) => ({unit, most, marks, ends, weight})

function plot(svg, strip) {
  const {clientWidth: width, clientHeight: height} = svg
  if (!width || !height) return
  const em = parseFloat(getComputedStyle(svg).fontSize)
  const to = strip.rows.at(-1)[0] + 1000
  const span = spanOf((to - strip.rows[0][0]) / 1000, width)
  svg.dataset.span = span
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`)
  const frame = {left: 5.6 * em, right: width - 7.4 * em, top: 2, bottom: height - 1.35 * em, from: to - span * 1000, to, em}
  frame.x = (at) => frame.left + ((at - frame.from) / (to - frame.from)) * (frame.right - frame.left)
  const bands = bandsOf(strip)
  const weights = bands.reduce((sum, each) => sum + each.weight, 0)
  const gap = 0.55 * em
  let y = frame.top
  const parts = [...clock(frame, span)]
  for (const each of bands) {
    const tall = ((frame.bottom - frame.top - gap * bands.length) * each.weight) / weights
    parts.push(...drawn(each, frame, y, y + tall))
    y += tall + gap
  }
  svg.replaceChildren(...parts, ...deeds(frame))
}

/** Seconds that are shown: what is known, as far as there is room for it. */
function spanOf(known, width) {
  const fitting = SPANS_S.filter((span) => width > NARROW || span <= 90)
  return fitting.find((span) => span >= known) ?? fitting.at(-1)
}

function drawn({unit, most: highest, marks: mark, ends}, frame, top, bottom) {
  const {left, right, em} = frame
  const most = nice(highest)
  const y = (value) => bottom - (Math.min(value, most) / most) * (bottom - top)
  const marks = mark(frame, y).filter(([, shape]) => shape)
  return [
    make("path", {class: "grid", d: `M${left} ${top.toFixed(1)}H${right}M${left} ${bottom.toFixed(1)}H${right}`}),
    text(`${number.format(most)} ${say(unit)}`, left - 0.4 * em, top + 0.75 * em, "end"),
    ...(bottom - top > 1.9 * em ? [text("0", left - 0.4 * em, bottom, "end")] : []),
    ...marks.map(([name, d]) => make("path", {class: name, d})),
    ...ends.flatMap(([name, words], index) => {
      const at = (top + bottom) / 2 + (index ? 1 : -0.1) * em
      const sample = name === "failed" || name === "sent"
        ? make("rect", {class: `sample ${name}`, x: right + 0.3 * em, y: at - 0.7 * em, width: 0.8 * em, height: 0.7 * em})
        : make("path", {class: name, d: `M${right + 0.3 * em} ${at - 0.3 * em}h${0.9 * em}`})
      return [sample, text(words, right + 1.4 * em, at, "start")]
    }),
  ]
}

/** A bar a second: what was sent, and what of that failed, reason upon reason. */
function requests(rows) {
  return (frame, y) => {
    const seen = rows.filter(([at]) => at >= frame.from)
    const bar = (at, low, high) => {
      const [left, right, bottom, top] = [frame.x(at), frame.x(at + 1000), y(low), y(high)].map((n) => n.toFixed(1))
      return `M${left} ${bottom}V${top}H${right}V${bottom}z`
    }
    const below = new Map(seen.map(([at]) => [at, 0]))
    const lost = REASONS.map((reason) => {
      const d = seen.filter((row) => row[2][reason]).map(([at, , failed]) => {
        const low = below.get(at)
        below.set(at, low + failed[reason])
        return bar(at, low, low + failed[reason])
      })
      return [`loss ${reason}`, d.join("")]
    })
    return [["sent", seen.map(([at, sent]) => bar(at, 0, sent)).join("")], ...lost]
  }
}

/** Two lines, broken where nothing was answered or nobody counted. */
function latency(rows) {
  return (frame, y) => {
    const seen = rows.filter((row) => row[0] >= frame.from)
    const line = (column) => seen.map((row, index) => {
      const before = seen[index - 1]
      if (!row[column]) return ""
      const on = before?.[column] && row[0] - before[0] <= 1000
      return `${on ? "L" : "M"}${frame.x(row[0] + 500).toFixed(1)} ${y(row[column]).toFixed(1)}${on ? "" : "h.01"}`
    }).join("")
    return [["dashed", line(4)], ["solid", line(3)]]
  }
}

/** What stays as it is until it is noted anew. */
function held(points, solid, dashed) {
  return (frame, y) => {
    const begun = points.findLast(([at]) => at <= frame.from)
    const seen = [...(begun ? [begun] : []), ...points.filter(([at]) => at > frame.from && at <= frame.to)]
    const line = (column) => seen.map((point, index) => {
      const x = frame.x(Math.max(frame.from, point[0])).toFixed(1)
      return `${index ? "H" : "M"}${x}${index ? "V" : " "}${y(point[column]).toFixed(1)}`
    }).join("") + (seen.length ? `H${frame.right}` : "")
    return [["dashed", line(dashed)], ["solid", line(solid)]]
  }
}

function clock(frame, span) {
  const labels = (frame.right - frame.left) / span / (3.6 * frame.em) // for which there is room, a second
  const every = 1000 * (TICKS_S.find((seconds) => seconds * labels >= 1) ?? TICKS_S.at(-1))
  const parts = []
  for (let at = Math.ceil(Math.max(0, frame.from) / every) * every; at <= frame.to; at += every) {
    const x = frame.x(at)
    parts.push(make("path", {class: "tick", d: `M${x.toFixed(1)} ${frame.top}V${frame.bottom}`}))
    if (x < frame.right - frame.em) parts.push(text(whole(at), x, frame.bottom + 1.15 * frame.em, "middle"))
  }
  return parts
}

function deeds(frame) {
  return acts.filter(([at]) => at >= frame.from && at <= frame.to).map(([at, said]) => {
    const mark = make("g", {class: "you", transform: `translate(${frame.x(at).toFixed(1)} 0)`})
    mark.append(
      Object.assign(make("title", {}), {textContent: `${virtual(at)} ${said}`}),
      make("path", {class: "when", d: `M0 ${frame.top}V${frame.bottom}`}),
      make("path", {d: `M0 ${frame.bottom - 5}l5 9h-10z`}),
    )
    return mark
  })
}

/** Windows begin and end with a second. */
const whole = (at) => virtual(at).slice(0, -2)

/** The next of 1, 2, 5, 10, 20, 50 ... @param {number} most */
function nice(most) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most)))
  return power * [1, 2, 5, 10].find((times) => times * power >= Math.max(1, most))
}

function text(words, x, y, anchor) {
  return Object.assign(make("text", {x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor}), {textContent: words})
}

function make(name, attributes) {
  const element = document.createElementNS(NS, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  return element
}
