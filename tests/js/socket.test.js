// The socket that comes back by itself.
import assert from "node:assert/strict"
import {afterEach, beforeEach, mock, test} from "node:test"
import {keepOpen, patience} from "../../static/js/socket.js"

/** What the browser opened, newest last. */
let sockets = []
let told = []
const MOST_MS = 5000

beforeEach(() => {
  sockets = []
  told = []
  mock.timers.enable({apis: ["setTimeout"]})
  globalThis.location = {href: "https://loopscope.test/rooms/r?lang=en"}
  globalThis.WebSocket = class {
    constructor(url) {
      this.url = url
      sockets.push(this)
    }
  }
})
afterEach(() => mock.timers.reset())

function open(path = () => "/rooms/r/live") {
  keepOpen(path, {
    opened: () => told.push("opened"), heard: (message) => told.push(message), closed: () => told.push("closed"),
  })
}

test("it is opened at once, where the page came from", () => {
  open()
  assert.deepEqual(sockets.map(({url}) => url), ["wss://loopscope.test/rooms/r/live"])
  globalThis.location.href = "http://127.0.0.1:8000/rooms/r"
  open()
  assert.equal(sockets[1].url, "ws://127.0.0.1:8000/rooms/r/live")
})

test("what happens is told", () => {
  open()
  sockets[0].onopen()
  sockets[0].onmessage({data: "a frame"})
  sockets[0].onclose()
  assert.deepEqual(told, ["opened", "a frame", "closed"])
})

test("lost, it is opened anew, and asks for what is not known yet", () => {
  let frame = 3
  open(() => `/rooms/r/live?frame=${frame}`)
  frame = 9
  sockets[0].onclose()
  assert.equal(sockets.length, 1, "not at once")
  mock.timers.tick(MOST_MS)
  assert.equal(sockets.length, 2)
  assert.match(sockets[1].url, /frame=9$/)
})

test("it goes on trying, and once open it is patient anew", () => {
  open()
  for (let tries = 0; tries < 8; tries++) {
    sockets.at(-1).onclose()
    mock.timers.tick(MOST_MS)
  }
  assert.equal(sockets.length, 9)
  sockets.at(-1).onopen()
  sockets.at(-1).onclose()
  mock.timers.tick(500)
  assert.equal(sockets.length, 10, "the first try is the soonest")
})

test("after tries that failed it waits longer", () => {
  mock.method(Math, "random", () => 1)
  open()
  for (let tries = 0; tries < 3; tries++) {
    sockets.at(-1).onclose()
    mock.timers.tick(MOST_MS)
  }
  sockets.at(-1).onclose()
  mock.timers.tick(3999)
  assert.equal(sockets.length, 4)
  mock.timers.tick(1)
  assert.equal(sockets.length, 5)
  mock.restoreAll()
})

test("each try waits longer, up to a limit, and never all at the same time", () => {
  const longest = [0, 1, 2, 3, 4, 9].map((tries) => patience(tries, 1))
  assert.deepEqual(longest, [500, 1000, 2000, 4000, 5000, 5000])
  assert.deepEqual([0, 1, 9].map((tries) => patience(tries, 0)), [250, 500, 2500])
  const waits = new Set(Array.from({length: 20}, () => patience(3)))
  assert.ok(waits.size > 1)
})
