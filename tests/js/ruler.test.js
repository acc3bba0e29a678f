// The ruler: where a step stands, which step is meant by a place, and how keys move along it.
import assert from "node:assert/strict"
import {beforeEach, mock, test} from "node:test"
import {page} from "./page.js"

const NEWEST = 1 + 2 ** 10
const WIDTH = 1000
const BEGINNING = {frame: 1, act: 0, now: 0, told: null, steps: [[NEWEST]], pace: {mode: "story", paused: false}, thread: null}
const document = page(
  `<div id="ruler"></div><button id="causes"></button><b id="clock"></b><i id="lens"></i><p id="caption"></p><div id="past"></div>
  <button id="to-live"></button><svg id="deeds"></svg><select id="latencies"></select><input id="speed"><div id="answer"></div>
  <section id="actual-section"><div class="head"><h2></h2></div><div id="board"></div></section><section id="desired-section"></section>`,
  {frame: BEGINNING, data: {words: {now: "now", ruler_at: "step {n}, {time}"}, lanes: []}},
)
mock.method(document.head, "append", (link) => setTimeout(() => link.onload?.()))

const asked = []
globalThis.fetch = async (url) => {
  if (url.includes("/ruler")) return {ok: true, json: async () => ({marks: [[33, 5000, "killed"]], count: NEWEST})}
  const step = Number(/steps\/(\d+)/.exec(url)[1])
  asked.push(step)
  const text = `<div class="caption-then"><p id="caption" data-step="${step}"></p></div><div class="card-then" data-at="${step}0"></div><p class="pointers">null</p>`
  return {ok: step >= 1, text: async () => text}
}
const {backToNow, isPast} = await import("../../static/js/past.js")
const {startRuler} = await import("../../static/js/ruler.js")
await startRuler()
await new Promise((done) => setTimeout(done, 450)) // the marks come a little later

const scale = document.querySelector("#ruler .scale")
const thumb = scale.querySelector(".thumb")
scale.getBoundingClientRect = () => ({left: 0, width: WIDTH})
scale.setPointerCapture = () => {}
const settled = async () => { for (let turn = 0; turn < 60; turn++) await null }

/** Pressed there, and let go. */
async function press(x) {
  scale.dispatchEvent(Object.assign(new Event("pointerdown"), {button: 0, clientX: x, pointerId: 1}))
  scale.dispatchEvent(new Event("pointerup"))
  await settled()
}

async function key(name) {
  thumb.dispatchEvent(new KeyboardEvent("keydown", {key: name, bubbles: true, cancelable: true}))
  await settled()
}

const left = (element) => Math.round(Number.parseFloat(element.style.left) * WIDTH / 100)
const act = () => scale.querySelector(".act")

beforeEach(() => {
  backToNow()
  asked.length = 0
})

test("the beginning stands at the left, now at the right, an act by the logarithm of the steps", () => {
  assert.equal(left(thumb), WIDTH)
  const [before, after] = [Math.log2(1 + 32), Math.log2(1 + NEWEST - 33)]
  assert.equal(left(act()), Math.round((WIDTH * before) / (before + after)))
  assert.equal(act().title, "00:05.0 killed")
})

test("a press near an act goes to the act, and a press farther off to a step between", async () => {
  await press(left(act()) + 6)
  assert.equal(isPast(), 33)
  await press(left(act()) - 6)
  assert.equal(isPast(), 33)
  await press(left(act()) / 2)
  assert.equal(isPast(), 17, "half of the way from 1 to 33")
  await press(left(act()) + 9)
  assert.ok(isPast() > 33 && isPast() < 60)
})

test("the thumb stands where it was put, and says so", async () => {
  await press(300)
  assert.ok(Math.abs(left(thumb) - 300) < 15)
  assert.equal(thumb.getAttribute("aria-valuenow"), String(isPast()))
  assert.match(thumb.getAttribute("aria-valuetext"), /^step \d+, 00:/)
})

test("the ends: the first step, and now", async () => {
  await press(-50)
  assert.equal(isPast(), 1)
  await press(WIDTH - 6)
  assert.equal(isPast(), 0)
  assert.equal(thumb.getAttribute("aria-valuetext"), "now")
  await press(WIDTH + 50)
  assert.equal(isPast(), 0)
})

test("dragged faster than moments come, only the newest of those meanwhile is fetched", async () => {
  const drag = (type, x) => scale.dispatchEvent(Object.assign(new Event(type), {button: 0, clientX: x, pointerId: 1}))
  drag("pointerdown", 100)
  for (const x of [150, 200, 250, 300]) drag("pointermove", x)
  drag("pointerup")
  drag("pointermove", 800)
  await settled()
  assert.equal(asked.length, 2)
  assert.equal(isPast(), asked[1])
  assert.ok(Math.abs(left(thumb) - 300) < 15)
})

test("keys go from step to step and from act to act", async () => {
  await key("PageUp")
  assert.equal(isPast(), 33)
  await key("ArrowLeft")
  assert.equal(isPast(), 32)
  await key("ArrowRight")
  assert.equal(isPast(), 33)
  await key("PageUp")
  assert.equal(isPast(), 1)
  await key("PageDown")
  assert.equal(isPast(), 33)
  await key("PageDown")
  assert.equal(isPast(), 0)
  await key("Home")
  assert.equal(isPast(), 1)
  await key("End")
  assert.equal(isPast(), 0)
})

test("the step before now is left to the right for now", async () => {
  await key("ArrowLeft")
  assert.equal(isPast(), NEWEST - 1)
  await key("ArrowRight")
  assert.equal(isPast(), 0)
})

test("other keys are left to others", async () => {
  const event = new KeyboardEvent("keydown", {key: "x", bubbles: true, cancelable: true})
  thumb.dispatchEvent(event)
  assert.ok(!event.defaultPrevented)
})
