// What the socket brings is put in place; what cannot be put in place is fetched as a whole.
import assert from "node:assert/strict"
import {beforeEach, mock, test} from "node:test"
import {page} from "./page.js"

const LANES = [["you", "You"], ["@ci", "ci"], ["kubelet", "kubelet"]]
const STATE = {
  epoch: 1, frame: 5, mode: "cards", actors: {kubelet: ["", 0, 0]}, steps: [], pods: 1, told: null, pace: {mode: "clock"},
}
const BODY = `
  <p id="connection" hidden></p><p id="caption">first</p><div id="loops"></div><section id="actual-section"></section>
  <div id="board" data-density="cards"><ul id="nodes"><li class="pods" id="node-1"></li></ul></div>
  <b id="tally"></b><i id="stored-title"></i><div id="told"></div>`

const document = page(BODY, {frame: STATE, data: {lanes: LANES, words: {}}})
mock.timers.enable({apis: ["setTimeout"]})
globalThis.requestAnimationFrame = (work) => setTimeout(() => work(performance.now()), 16)

let socket
let answers = []
const asked = []
globalThis.WebSocket = class {
  constructor(url) {
    this.url = url
    socket = this
  }
}
globalThis.fetch = (url) => {
  asked.push(url)
  return new Promise((done, fail) => answers.push({done, fail}))
}

const {startLive} = await import("../../static/js/live.js")
const {state} = await import("../../static/js/state.js").then((module) => ({state: () => module.state}))
startLive()

const html = (more, pieces = "") => `<div id="frame" hidden>${JSON.stringify({...STATE, ...more})}</div>${pieces}`
const texts = (...ids) => ids.map((id) => document.getElementById(id)?.textContent)

/** As long as a rest between two frames can be. */
function rest() {
  for (let i = 0; i < 40; i++) mock.timers.tick(50)
}

/** A frame comes, and is drawn. */
function come(more, pieces) {
  socket.onmessage({data: html(more, pieces)})
  rest()
}

/** The newest question is answered with a snapshot. */
async function snapshot(more, pieces = "") {
  const text = html(more, `${pieces}<script type="application/json" id="data">${JSON.stringify({lanes: LANES, words: {}})}</script>`)
  answers.pop().done({ok: true, headers: new Headers(), text: async () => text})
  for (let i = 0; i < 8; i++) await null
  rest()
}

beforeEach(async () => {
  asked.length = 0
  answers = []
  socket.onmessage({data: '{"resnapshot": true}'})
  await snapshot({frame: 5}, '<p id="caption">first</p>')
  asked.length = 0
})

test("what is there is morphed, what is new goes to its place, what is gone leaves", () => {
  come({frame: 6}, '<li id="a" class="pod" data-place="node-1">a</li>')
  const pod = document.getElementById("a")
  assert.equal(pod.parentElement.id, "node-1")
  come({frame: 7}, '<li id="a" class="pod" data-place="node-1">b</li><i id="tally">2</i>')
  assert.equal(document.getElementById("a"), pod)
  assert.equal(pod.textContent, "b")
  come({frame: 8}, '<i id="a" data-gone></i>')
  assert.equal(document.getElementById("a"), null)
  assert.equal(pod.isConnected, false)
})

test("the state is that of the newest frame, and a frame from before is none", () => {
  come({frame: 7, pods: 7}, '<p id="told">new</p>')
  come({frame: 6, pods: 6}, '<p id="told">old</p>')
  assert.deepEqual([state().frame, state().pods, texts("told")], [7, 7, ["new"]])
})

test("a heartbeat is nothing", () => {
  socket.onmessage({data: " "})
  rest()
  assert.deepEqual([state().frame, asked], [5, []])
})

test("another epoch, another way to draw or an unknown loop is fetched as a whole", async () => {
  for (const [frame, more] of [[20, {epoch: 2}], [21, {mode: "cells"}], [22, {actors: {kubelet: ["", 0, 0], mine: ["", 0, 0]}}], [23, {actors: {}}]]) {
    come({frame, ...more})
    assert.equal(asked.length, 1, JSON.stringify(more))
    assert.match(asked.pop(), /^\/rooms\/r\/snapshot\?lang=en$/)
    await snapshot({frame})
    assert.equal(state().frame, frame)
  }
})

test("lanes of people and of programs outside are no loops", () => {
  come({frame: 6})
  assert.deepEqual([state().frame, asked], [6, []])
})

test("frames that come while a snapshot is on its way wait for it, and are not joined", async () => {
  socket.onmessage({data: '{"resnapshot": true}'})
  come({frame: 31, pods: 31}, '<p id="told">31</p>')
  come({frame: 33, pods: 33}, '<p id="told">33</p>')
  assert.equal(state().frame, 5)
  await snapshot({frame: 32}, '<p id="told">32</p>')
  assert.deepEqual([asked.length, state().frame, texts("told")], [1, 33, ["33"]])
})

test("a snapshot that failed is asked for again", async () => {
  socket.onmessage({data: '{"resnapshot": true}'})
  answers.pop().fail(new TypeError("offline"))
  for (let i = 0; i < 8; i++) await null
  assert.equal(asked.length, 1)
  rest()
  assert.equal(asked.length, 2)
  await snapshot({frame: 40})
  assert.equal(state().frame, 40)
})

test("a lost connection is said, and once it is back that too, for a moment", () => {
  const banner = document.getElementById("connection")
  let lost = 0
  document.addEventListener("loopscope:lost", () => lost++)
  socket.onclose()
  assert.deepEqual([banner.hidden, banner.dataset.state, lost], [false, "reconnecting", 1])
  rest()
  assert.match(socket.url, /\/rooms\/r\/live\?lang=en&frame=\d+&epoch=1$/)
  socket.onopen()
  assert.deepEqual([banner.hidden, banner.dataset.state], [false, "back"])
  rest()
  rest()
  assert.equal(banner.hidden, true)
})
