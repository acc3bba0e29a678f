// Desired against ready over time: where points stand, and what is told of a workload.
import assert from "node:assert/strict"
import {test} from "node:test"
import {page} from "./page.js"

const CARD = `<div class="workload" id="w" data-name="web"><div class="charted"><svg></svg><b class="most"></b><b class="from"></b><b class="until"></b></div></div>`
const STATE = {now: 24_000, replicas: {}}
const document = page(`<b id="clock"></b><i id="lens"></i>${CARD}`, {frame: STATE, data: {words: {chart: "{name}: {ready}/{desired}"}, chart: {w: [[0, 3, 0], [6000, 3, 3]]}}})
const {seriesOf, startChart} = await import("../../static/js/chart.js")
const {frameCame, snapshotCame} = await import("../../static/js/state.js")
startChart()

const svg = document.querySelector("svg")
const d = (name) => svg.querySelector(`.${name}`).getAttribute("d")

test("points stand by the time between them, long waits cut short", () => {
  snapshotCame()
  assert.equal(d("desired"), "M400 4.0H500V4.0H600", "two waits of at most 4 s, of 24 s that are the whole width")
  assert.equal(d("ready"), "M400 56.0H500V4.0H600")
  assert.equal(d("short"), "M400 4.0H500V56.0H400z")
})

test("the same again is no new point, and of too many the newest stay", () => {
  snapshotCame()
  frameCame({...STATE, replicas: {w: [[7000, 3, 3], [8000, 3, 2]]}})
  assert.deepEqual(seriesOf("w").map(([at]) => at), [0, 6000, 8000])
  frameCame({...STATE, replicas: {w: Array.from({length: 300}, (_, index) => [9000 + index, 3, index % 2])}})
  assert.equal(seriesOf("w").length, 240)
  assert.equal(seriesOf("w").at(-1)[0], 9299)
  assert.deepEqual(seriesOf("unknown"), [])
})

test("in words it is what is so now", () => {
  snapshotCame()
  assert.equal(svg.getAttribute("aria-label"), "web: 3/3")
  assert.equal(document.querySelector(".most").textContent, "3")
  assert.equal(document.querySelector(".from").textContent, "00:00.0")
})

test("on a board of the past it ends then", () => {
  snapshotCame()
  const then = document.createElement("div")
  then.className = "board-then"
  then.dataset.at = "5000"
  then.innerHTML = CARD.replace('id="w"', 'id="then-w"')
  document.body.append(then)
  document.dispatchEvent(new Event("loopscope:past"))
  assert.equal(then.querySelector("svg").getAttribute("aria-label"), "web: 0/3")
  assert.equal(then.querySelector(".until").textContent, "00:05.0")
})
