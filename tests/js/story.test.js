// The way of a story: back, on, to now, and all of it once more. And the strip that shows its turns.
import assert from "node:assert/strict"
import {beforeEach, mock, test} from "node:test"
import {page} from "./page.js"

const NOTHING = {gaze: [], about: [], deed: [], slots: null}
const told = (step, role = "kubelet", phase = "act") => ({step, role, phase, stands: 2, repeat: false, ...NOTHING})
const BEGINNING = {frame: 1, act: 0, now: 0, told: null, pace: {mode: "story", speed: 1, paused: false}, thread: null}
const document = page(
  `<b id="clock"></b><i id="lens"></i><p id="caption"></p><div id="past"></div><button id="to-live"></button>
  <select id="latencies"></select><input id="speed"><div id="answer"></div><svg id="deeds"></svg><button data-back></button>
  <section id="actual-section"><div class="head"><h2></h2></div><div id="board"></div></section>
  <section id="desired-section"></section><ol id="strip"></ol>`,
  {frame: BEGINNING, data: {words: {}, lanes: [["you", "You"], ["kubelet", "Kubelet"], ["scheduler", "Scheduler"]]}},
)

mock.timers.enable({apis: ["setTimeout"]})

/** Steps of the past that were asked for; which of them there are; what was posted. */
let asked = []
let known = () => true
const posted = []
window.htmx = {ajax: async (_, path) => { posted.push(path) }}
globalThis.fetch = async (url) => {
  const step = Number(/steps\/(\d+|-\d+)/.exec(url)[1])
  asked.push(step)
  const text = `<div class="caption-then"><p id="caption" data-step="${step}"></p></div><div class="card-then" data-at="${step}000"></div><p class="pointers">null</p>`
  return {ok: known(step), text: async () => text}
}

const {backToNow, isPast} = await import("../../static/js/past.js")
const story = await import("../../static/js/story.js")
const {startStrip} = await import("../../static/js/strip.js")
const {frameCame} = await import("../../static/js/state.js")
story.startStory()

const settled = async () => { for (let turn = 0; turn < 60; turn++) await null }

beforeEach(() => {
  backToNow()
  known = () => true
  frameCame({...BEGINNING, act: -1})
  for (const step of [10, 14, 19]) frameCame({...BEGINNING, act: 9, told: told(step)})
  asked = []
  posted.length = 0
})

test("what was told since somebody did something is remembered, each step once", () => {
  frameCame({...BEGINNING, act: 9, told: told(19)})
  frameCame({...BEGINNING, act: 9, told: null})
  assert.deepEqual(story.path().map(({step}) => step), [10, 14, 19])
  frameCame({...BEGINNING, act: 20, told: told(20, "you")})
  assert.deepEqual(story.path().map(({step}) => step), [20])
})

test("at its end the server says what the story was", () => {
  frameCame({...BEGINNING, act: 9, path: [told(10), told(12), told(19)]})
  assert.deepEqual(story.path().map(({step}) => step), [10, 12, 19])
})

test("back goes to the told step before, and from the first one step further", async () => {
  for (const step of [14, 10, 9]) {
    await story.back()
    assert.equal(isPast(), step)
  }
})

test("with nothing before it says so", async () => {
  known = () => false
  await story.back()
  assert.equal(isPast(), 0)
  assert.equal(document.getElementById("answer").textContent, "nothing_before")
})

test("on goes to the next that was told, from the last to now", async () => {
  await story.back()
  await story.back()
  await story.next()
  assert.equal(isPast(), 14)
  await story.next()
  assert.equal(isPast(), 0)
  assert.deepEqual(posted, [])
})

test("from now on it plays to the next to come", async () => {
  await story.next()
  assert.deepEqual(posted, ["/rooms/r/moment"])
})

test("once more shows all of it, each as long as it takes to read, and is back then", async () => {
  const done = story.onceMore()
  const seen = []
  for (let i = 0; i < 3; i++) {
    await settled()
    seen.push(isPast())
    mock.timers.tick(1999)
    await settled()
    assert.equal(isPast(), seen[i], "stands for two seconds")
    mock.timers.tick(1)
  }
  await done
  assert.deepEqual([seen, isPast()], [[10, 14, 19], 0])
  assert.ok(!document.body.classList.contains("replaying"))
})

test("whoever goes back while it plays has the word", async () => {
  const done = story.onceMore()
  await settled()
  backToNow()
  mock.timers.tick(5000)
  await done
  assert.deepEqual([asked, isPast()], [[10], 0])
})

test("whoever goes a step back while a moment is on its way is shown that step", async () => {
  frameCame({...BEGINNING, act: 9, path: [told(10), told(14), told(19)]})
  const playing = story.onceMore()
  const going = story.back()
  await Promise.all([playing, going])
  assert.equal(isPast(), 14)
})

test("on the stage each turn of a loop is a chip, with the one that is shown marked", async () => {
  document.documentElement.dataset.present = ""
  frameCame({...BEGINNING, act: 9, path: [told(9, "you", "you"), told(10), told(11), told(12), told(13), told(14, "scheduler"), told(19)]})
  startStrip()
  const chips = () => [...document.querySelectorAll("#strip li")].map((chip) => chip.textContent)
  assert.deepEqual(chips(), ["You", "Kubelet +1", "Scheduler", "Kubelet", "now"])
  await story.back()
  assert.equal(document.querySelector("#strip [aria-current]").textContent, "Scheduler")
})
