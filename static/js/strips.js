// A strip chart per Service that people use: requests, how long they took, CPU, pods, all on one axis of time, with what you
// did marked on it. Everything comes from the server as rows (present/traffic.py); the picture has a text alternative.
// Loaded by traffic.js when there is something to draw.
import {seriesOf} from "./chart.js"
import {virtual} from "./clock.js"
import {all, byId, make, one, svgOf, write} from "./dom.js"
import {room, say} from "./state.js"

/** @import {Failed, Point, Second, Series, State, Traffic} from "./types.js" */
/**
 * @typedef {{rows: Second[], why: ?[at: number, said: string], since: [at: number, sent: number, failed: Failed], workload: string}} Strip
 * @typedef {{left: number, right: number, top: number, bottom: number, from: number, to: number, em: number}} Frame px, virtual ms
 * @typedef {[className: string, d: string][]} Marks
 * @typedef {(frame: Frame, y: (value: number) => number) => Marks} Drawing
 * @typedef {[className: string, words: string][]} Ends what the lines are, and how they stand now
 * @typedef {{unit: string, most: number, marks: Drawing, ends: Ends, weight: number}} Band
 */

const [KEPT, NARROW, PACE_MS] = [240, 420, 200]
const TICKS_S = [5, 10, 15, 30, 60, 120]
const SPANS_S = [30, 60, 90, 120, 180, 240]
/** Failures lie on each other in this order, each with a pattern of its own (_symbols.html). */
const REASONS = ["NoEndpoint", "ConnectionRefused", "ConnectionReset", "Timeout", "Overload"]

const home = byId("strips")
const phone = matchMedia("(max-width: 900px)")
const number = new Intl.NumberFormat(room.lang)
/** @type {Map<string, Strip>} by namespace/name of the Service */
const strips = new Map()
/** @type {Series} percent, aim */
let cpu = {}
/** @type {[number, string][]} virtual ms, sentence */
let acts = []
let act = 0
let drawnAt = -Infinity
let due = 0

const move = () => byId(phone.matches ? "actual-section" : "tracks").append(home)
move()
phone.addEventListener("change", move)
new ResizeObserver(() => drawSoon()).observe(home)

/** @param {State} state @param {boolean} fresh when everything was replaced by a snapshot */
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

/** @param {string} key @param {?Traffic} view */
function follow(key, view) {
  if (!view) strips.delete(key)
  if (!view?.rows || !view.since) return
  const before = strips.get(key)
  const last = before?.rows.at(-1)?.[0] ?? -Infinity
  const rows = [...(before?.rows ?? []), ...view.rows.filter(([at]) => at > last)].slice(-KEPT)
  strips.set(key, {rows, why: view.why ?? before?.why ?? null, since: view.since, workload: view.workload ?? ""})
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
  for (const figure of all("figure", home)) if (!strips.has(figure.dataset.service ?? "")) figure.remove()
  for (const [key, strip] of shown) picture(figureOf(key), strip)
}

/** @param {string} key */
function figureOf(key) {
  const [present] = all(`figure[data-service="${CSS.escape(key)}"]`, home)
  if (present) return present
  const [figure, caption] = [make("figure"), make("figcaption")]
  figure.dataset.service = key
  caption.append(...["sums num", "why"].map((className) => make("p", {className})))
  figure.append(caption, svgOf("svg", {role: "img"}))
  home.append(figure)
  return figure
}

// ---------------------------------------------------------------------------------------------- in words

/** @param {HTMLElement} figure @param {Strip} strip */
function picture(figure, strip) {
  const name = figure.dataset.service?.split("/")[1] ?? ""
  const [sums, why] = all("p", figure)
  const [since, sent, failed] = strip.since
  const lost = REASONS.filter((reason) => failed[reason]).map((reason) => swatch(reason, failed[reason]))
  const total = `${say("strip_since", {time: whole(since)})} ${say("strip_sent_in_all", {n: number.format(sent)})}`
  sums.replaceChildren(make("b", {textContent: name}), ` ${total} · `, ...(lost.length ? lost : [say("strip_none_failed")]))
  write(why, strip.why ? `${whole(strip.why[0])} ${strip.why[1]}` : "")
  /** @type {SVGElement} */
  const svg = one(":scope > svg", figure)
  plot(svg, strip)
  svg.setAttribute("aria-label", inWords(name, strip, Number(svg.dataset.span)))
}

/** @param {string} reason @param {number} n */
function swatch(reason, n) {
  const element = make("span", {className: "lost"})
  const sign = svgOf("svg", {viewBox: "0 0 12 12", "aria-hidden": "true"})
  sign.append(svgOf("rect", {width: 12, height: 12, fill: `url(#loss-${reason})`}))
  element.append(sign, `${number.format(n)} ${say(reason)}`)
  return element
}

/** @param {Second[]} rows at least one */
const newest = (rows) => rows[rows.length - 1]

/** The text alternative: the same numbers. @param {string} name @param {Strip} strip @param {number} span s */
function inWords(name, strip, span) {
  const [now, sent, failed, p50, p99] = newest(strip.rows)
  const [since, all, lost] = strip.since
  const [use, pods] = [cpu[strip.workload]?.at(-1), seriesOf(strip.workload).at(-1)]
  const said = acts.filter(([at]) => at > now - span * 1000).map(([at, text]) => `${virtual(at)} ${text}`)
  return [
    say("strip", {name, span: `${span} s`}),
    say("strip_now", {sent: number.format(sent), failed: failures(failed), p50, p99}),
    use ? say("strip_cpu", {n: use[1], aim: use[2]}) : "",
    pods ? say("strip_pods", {wanted: pods[1], ready: pods[2]}) : "",
    say("strip_totals", {time: whole(since), sent: number.format(all), failed: failures(lost)}),
    said.length ? say("strip_acts", {acts: said.join(" ")}) : "",
  ].filter(Boolean).join(" ")
}

/** @param {Failed|0} failed */
function failures(failed) {
  const found = REASONS.map((reason) => ({reason, n: lostTo(reason, failed)})).filter(({n}) => n)
  const sum = found.reduce((so, {n}) => so + n, 0)
  return found.length ? `${number.format(sum)} (${found.map(({reason, n}) => `${n} ${say(reason)}`).join(", ")})` : "0"
}

/** @param {string} reason @param {Failed|0} failed */
const lostTo = (reason, failed) => (failed ? failed[reason] ?? 0 : 0)

// ---------------------------------------------------------------------------------------------- as a picture

/** The rows of the chart, top to bottom; where nothing is known of one it is left out. @param {Strip} strip */
function bandsOf({rows, workload}) {
  const [use, pods] = [cpu[workload] ?? [], seriesOf(workload)]
  const [busy, placed] = [use.at(-1), pods.at(-1)]
  const [, sent, failed, p50, p99] = newest(rows)
  const lost = Object.values(failed).reduce((sum, n) => sum + n, 0)
  /** @param {Point[]} points */
  const most = (points) => Math.max(...points.flatMap((point) => point.slice(1)))
  const bands = [
    band("axis_requests", Math.max(...rows.map((row) => row[1])), requests(rows),
      [["sent", say("strip_sent", {n: sent})], ["failed", say("strip_failed", {n: lost})]], 1.5),
    band("axis_latency", Math.max(...rows.map((row) => row[4])), latency(rows), [["solid", `p50 ${p50}`], ["dashed", `p99 ${p99}`]]),
  ]
  if (busy) {
    const [, percent, aim] = busy
    bands.push(band("axis_cpu", most(use), held(use, 1, 2),
      [["solid", say("strip_cpu_now", {n: percent})], ["dashed", say("strip_target", {n: aim})]]))
  }
  if (placed) {
    const [, wanted, ready] = placed
    bands.push(band("axis_pods", most(pods), held(pods, 2, 1),
      [["solid", say("strip_ready", {n: ready})], ["dashed", say("strip_wanted", {n: wanted})]]))
  }
  return bands
}

/** @param {string} unit @param {number} most @param {Drawing} marks @param {Ends} ends @returns {Band} */
const band = (unit, most, marks, ends, weight = 1) => ({unit, most, marks, ends, weight})

/** Where on the axis of time. @param {Frame} frame @param {number} at virtual ms @returns {number} px */
const xOf = ({left, right, from, to}, at) => left + ((at - from) / (to - from)) * (right - left)

/** @param {SVGElement} svg @param {Strip} strip */
function plot(svg, strip) {
  const {clientWidth: width, clientHeight: height} = svg
  if (!width || !height) return
  const em = parseFloat(getComputedStyle(svg).fontSize)
  const to = newest(strip.rows)[0] + 1000
  const span = spanOf((to - strip.rows[0][0]) / 1000, width)
  svg.dataset.span = String(span)
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`)
  const frame = {left: 5.6 * em, right: width - 7.4 * em, top: 2, bottom: height - 1.35 * em, from: to - span * 1000, to, em}
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

/** Seconds that are shown: what is known, as far as there is room for it. @param {number} known s @param {number} width px */
function spanOf(known, width) {
  const fitting = SPANS_S.filter((span) => width > NARROW || span <= 90)
  return fitting.find((span) => span >= known) ?? Math.max(...fitting)
}

/** @param {Band} band @param {Frame} frame @param {number} top @param {number} bottom px */
function drawn({unit, most: highest, marks: mark, ends}, frame, top, bottom) {
  const {left, right, em} = frame
  const most = nice(highest)
  /** @param {number} value */
  const y = (value) => bottom - (Math.min(value, most) / most) * (bottom - top)
  const marks = mark(frame, y).filter(([, shape]) => shape)
  return [
    svgOf("path", {class: "grid", d: `M${left} ${top.toFixed(1)}H${right}M${left} ${bottom.toFixed(1)}H${right}`}),
    text(`${number.format(most)} ${say(unit)}`, left - 0.4 * em, top + 0.75 * em, "end"),
    ...(bottom - top > 1.9 * em ? [text("0", left - 0.4 * em, bottom, "end")] : []),
    ...marks.map(([name, d]) => svgOf("path", {class: name, d})),
    ...ends.flatMap(([name, words], index) => {
      const at = (top + bottom) / 2 + (index ? 1 : -0.1) * em
      const sample = name === "failed" || name === "sent"
        ? svgOf("rect", {class: `sample ${name}`, x: right + 0.3 * em, y: at - 0.7 * em, width: 0.8 * em, height: 0.7 * em})
        : svgOf("path", {class: name, d: `M${right + 0.3 * em} ${at - 0.3 * em}h${0.9 * em}`})
      return [sample, text(words, right + 1.4 * em, at, "start")]
    }),
  ]
}

/** A bar a second: what was sent, and what of that failed, reason upon reason. @param {Second[]} rows @returns {Drawing} */
function requests(rows) {
  return (frame, y) => {
    const seen = rows.filter(([at]) => at >= frame.from)
    /** @param {number} at @param {number} low @param {number} high */
    const bar = (at, low, high) => {
      const [left, right, bottom, top] = [xOf(frame, at), xOf(frame, at + 1000), y(low), y(high)].map((n) => n.toFixed(1))
      return `M${left} ${bottom}V${top}H${right}V${bottom}z`
    }
    const below = new Map(seen.map(([at]) => [at, 0]))
    /** @type {Marks} */
    const marks = [["sent", seen.map(([at, sent]) => bar(at, 0, sent)).join("")]]
    for (const reason of REASONS) {
      const bars = seen.map(([at, , failed]) => {
        const [low, n] = [below.get(at) ?? 0, lostTo(reason, failed)]
        below.set(at, low + n)
        return n ? bar(at, low, low + n) : ""
      })
      marks.push([`loss ${reason}`, bars.join("")])
    }
    return marks
  }
}

/** Two lines, broken where nothing was answered or nobody counted. @param {Second[]} rows @returns {Drawing} */
function latency(rows) {
  return (frame, y) => {
    const seen = rows.filter((row) => row[0] >= frame.from)
    /** @param {3|4} column */
    const line = (column) => seen.map((row, index) => {
      const before = seen[index - 1]
      if (!row[column]) return ""
      const on = before?.[column] && row[0] - before[0] <= 1000
      return `${on ? "L" : "M"}${xOf(frame, row[0] + 500).toFixed(1)} ${y(row[column]).toFixed(1)}${on ? "" : "h.01"}`
    }).join("")
    return [["dashed", line(4)], ["solid", line(3)]]
  }
}

/**
 * What stays as it is until it is noted anew.
 * @param {Point[]} points @param {1|2} solid column @param {1|2} dashed @returns {Drawing}
 */
function held(points, solid, dashed) {
  return (frame, y) => {
    const begun = points.findLast(([at]) => at <= frame.from)
    const seen = [...(begun ? [begun] : []), ...points.filter(([at]) => at > frame.from && at <= frame.to)]
    /** @param {1|2} column */
    const line = (column) => seen.map((point, index) => {
      const x = xOf(frame, Math.max(frame.from, point[0])).toFixed(1)
      return `${index ? "H" : "M"}${x}${index ? "V" : " "}${y(point[column]).toFixed(1)}`
    }).concat(seen.length ? [`H${frame.right}`] : []).join("")
    return [["dashed", line(dashed)], ["solid", line(solid)]]
  }
}

/** @param {Frame} frame @param {number} span s */
function clock(frame, span) {
  const labels = (frame.right - frame.left) / span / (3.6 * frame.em) // for which there is room, a second
  const every = 1000 * (TICKS_S.find((seconds) => seconds * labels >= 1) ?? Math.max(...TICKS_S))
  const parts = []
  for (let at = Math.ceil(Math.max(0, frame.from) / every) * every; at <= frame.to; at += every) {
    const x = xOf(frame, at)
    parts.push(svgOf("path", {class: "tick", d: `M${x.toFixed(1)} ${frame.top}V${frame.bottom}`}))
    if (x < frame.right - frame.em) parts.push(text(whole(at), x, frame.bottom + 1.15 * frame.em, "middle"))
  }
  return parts
}

/** @param {Frame} frame */
function deeds(frame) {
  return acts.filter(([at]) => at >= frame.from && at <= frame.to).map(([at, said]) => {
    const [mark, title] = [svgOf("g", {class: "you", transform: `translate(${xOf(frame, at).toFixed(1)} 0)`}), svgOf("title")]
    title.textContent = `${virtual(at)} ${said}`
    mark.append(
      title,
      svgOf("path", {class: "when", d: `M0 ${frame.top}V${frame.bottom}`}),
      svgOf("path", {d: `M0 ${frame.bottom - 5}l5 9h-10z`}),
    )
    return mark
  })
}

/** Windows begin and end with a second. @param {number} at virtual ms */
const whole = (at) => virtual(at).slice(0, -2)

/** The next of 1, 2, 5, 10, 20, 50 ... @param {number} most */
function nice(most) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most)))
  return power * ([1, 2, 5].find((times) => times * power >= Math.max(1, most)) ?? 10)
}

/** @param {string} words @param {number} x @param {number} y @param {"start"|"middle"|"end"} anchor */
function text(words, x, y, anchor) {
  const element = svgOf("text", {x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor})
  element.textContent = words
  return element
}
