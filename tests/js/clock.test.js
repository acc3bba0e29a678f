// Times as they are written, and the clock between two frames.
import assert from "node:assert/strict"
import {mock, test} from "node:test"
import {page} from "./page.js"

mock.timers.enable({apis: ["setInterval"]})
const document = page(
  `<b id="clock"></b><i id="lens"><span></span><b></b></i><i id="age" data-since="1000"></i>
  <i id="grace" data-until="31000" data-grace="in {n}"></i><meter id="memory" max="100" data-grows="0 10 0.5"></meter>
  <div class="board-then" data-at="2000"><i id="then" data-since="1000"></i></div>`,
  {frame: {now: 5000, pace: {mode: "story", speed: 1, paused: false}, waiting: null}},
)
const passed = mock.method(performance, "now", () => 0)
const clock = await import("../../static/js/clock.js")
const {frameCame, state} = await import("../../static/js/state.js")
const beginning = {...state}

/** What is `now` some wall time after a frame. */
function after(wall_ms, frame) {
  passed.mock.mockImplementation(() => 0)
  frameCame({...beginning, ...frame})
  passed.mock.mockImplementation(() => wall_ms)
  return clock.now()
}

test("moments, as the clock shows them", () => {
  assert.deepEqual([0, 42_650, 61_000, 3_600_000 + 62_340, -5].map(clock.virtual), ["00:00.0", "00:42.6", "01:01.0", "1:01:02.3", "00:00.0"])
})

test("spans, as short as they can be read", () => {
  assert.deepEqual([250, 999.4, 1000, 1250, 60_000, 305_000].map(clock.span), ["250 ms", "999 ms", "1 s", "1.3 s", "1:00", "5:05"])
})

test("ages, as kubectl prints them", () => {
  const seconds = [0, 119, 120, 599, 600, 10_799, 10_800, 28_799, 28_800, 172_799, 172_800, 691_199, 691_200]
  assert.deepEqual(
    seconds.map((s) => clock.age(s * 1000)),
    ["0s", "119s", "2m", "9m59s", "10m", "179m", "3h", "7h59m", "8h", "47h", "2d", "7d23h", "8d"],
  )
  assert.deepEqual([125, 5 * 3600].map((s) => clock.age(s * 1000)), ["2m5s", "5h"])
})

test("time runs between frames only by the clock", () => {
  clock.startClock()
  const pace = {mode: "clock", speed: 4, paused: false}
  assert.equal(after(500, {now: 5000}), 5000, "a story stands")
  assert.equal(after(500, {now: 5000, pace}), 7000)
  assert.equal(after(500, {now: 5000, pace, quiet: true}), 5000)
  assert.equal(after(500, {now: 5000, pace: {...pace, paused: true}}), 5000)
  assert.equal(after(500, {now: 5000, called: true}), 5500, "while somebody is called it runs")
})

test("what is skipped takes its wall time", () => {
  const waiting = {from: 10_000, to: 30_000, wall: 2}
  assert.equal(after(500, {waiting}), 15_000)
  assert.equal(after(9000, {waiting}), 30_000)
  assert.equal(document.getElementById("lens").hidden, false)
})

test("ages and bars are those of now, on a board of the past of then", () => {
  after(0, {now: 11_000})
  clock.tick()
  const text = (id) => document.getElementById(id).textContent
  assert.deepEqual([text("age"), text("grace"), text("then")], ["10s", "in 20s", "1s"])
  assert.equal(document.getElementById("memory").value, 15.5)
  assert.equal(text("clock"), "00:02.0")
})
