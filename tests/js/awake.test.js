// Which loops have a place on the page.
import assert from "node:assert/strict"
import {beforeEach, test} from "node:test"
import {page} from "./page.js"

const LOOPS = Array.from({length: 20}, (_, index) => `loop-${index}`)
const lanes = () => [["you", "You"], ...[...LOOPS, "loop-0_2"].map((role) => [role, role])]
const step = (number, lane, phase = "act") => [number, 0, lane, phase, 0, true, "", "", ""]
const STATE = {awake: ["loop-3"], steps: [], told: null}
let room = 14
const document = page("", {frame: STATE, data: {lanes: lanes(), acted: ["loop-5"], steps: [step(1, "loop-7")], words: {}}})
globalThis.matchMedia = (media) => ({matches: media.includes("880px") ? room <= 10 : room <= 6})

const {isAwake, startAwake} = await import("../../static/js/awake.js")
const state = await import("../../static/js/state.js")
startAwake()

const awake = () => state.data.lanes.map(([role]) => role).filter(isAwake)

beforeEach(() => {
  room = 14
  document.getElementById("data").textContent = JSON.stringify({lanes: lanes(), acted: ["loop-5"], steps: [step(1, "loop-7")], words: {}})
  state.snapshotCame()
})

test("those that have something to look after, ever acted or were told; and you", () => {
  assert.deepEqual(awake(), ["you", "loop-3", "loop-5", "loop-7"])
  state.frameCame({...STATE, steps: [step(2, "loop-9"), step(3, "loop-10", "observe")], told: {role: "loop-11", step: 4}})
  assert.deepEqual(awake(), ["you", "loop-3", "loop-5", "loop-7", "loop-9", "loop-11"])
})

test("where there is less room those stay that acted last", () => {
  const steps = LOOPS.map((lane, index) => step(100 + index, lane))
  state.frameCame({...STATE, steps})
  assert.equal(awake().length, 1 + 14)
  room = 10
  state.frameCame({...STATE, steps: []})
  assert.deepEqual(awake(), ["you", ...LOOPS.slice(10)])
  room = 6
  state.frameCame({...STATE, steps: []})
  assert.deepEqual(awake(), ["you", ...LOOPS.slice(14)])
})

test("the second copy of a loop stays as long as there is one", () => {
  room = 6
  state.frameCame({...STATE, awake: ["loop-0_2"], steps: LOOPS.map((lane, index) => step(100 + index, lane))})
  assert.ok(isAwake("loop-0_2"))
  assert.equal(awake().length, 1 + 6)
})

test("programs outside that write have lanes below people's, five at most", () => {
  state.frameCame({...STATE, steps: ["@a", "@b", "@a", "@c", "@d", "@e", "@f"].map((lane, index) => step(10 + index, lane))})
  assert.deepEqual(state.data.lanes.slice(0, 7).map(([role]) => role), ["you", "@a", "@b", "@c", "@d", "@e", "loop-0"])
})
