// A key for every action: which keys act, and when they are left to what has the focus.
import assert from "node:assert/strict"
import {beforeEach, mock, test} from "node:test"
import {page} from "./page.js"

const STATE = {
  frame: 1, epoch: 1, quiet: true, retold: false, waits_for: "", latencies: "textbook", viewers: 1, mode: "cards", pods: 1, awake: [], steps: [],
  told: null, act: 0, applied: 0, actors: {}, mistakes: {}, waits: {}, zones: [], control: {}, traffic: {}, replicas: {}, thread: null,
  pace: {mode: "story", speed: 1, paused: false},
}
const IDS = [
  "answer", "speed-now", "watch", "rest", "pause", "all-at-once", "clock", "lens", "past", "to-live", "caption", "inspector", "follow", "loop-section",
  "theme", "present", "script", "lane-scroll", "causes", "plan", "tabs", "more-tabs", "why", "break-loop-open", "break-things-open", "on-call",
]
const document = page(
  `${IDS.map((id) => `<div id="${id}"><span></span></div>`).join("")}<svg id="lanes-svg"></svg><svg id="deeds"></svg>
  <select id="latencies"></select><input id="speed"><form id="editor"><textarea id="manifest"></textarea></form><dialog id="own"></dialog>
  <div id="break-node"></div><div id="break-loop"></div><div id="break-things"></div><meta name="csrf-token" content="t">
  <details class="menu" id="scenario-menu"><summary></summary><div class="sheet"><button id="m1"></button><button id="m2"></button><a id="m3" href="#"></a></div></details>
  <section id="actual-section"></section><ul id="board"><li class="pod" id="p1" data-kind="Pod" data-namespace="default" data-name="web-1" data-ready="false"><button class="open" id="b1"></button></li>
  <li class="pod" id="p2" data-kind="Pod" data-namespace="default" data-name="web-2" data-ready="true"><button class="open" id="b2"></button></li></ul>
  <button data-step></button><button id="reset"></button><input id="typing"><button id="plain"></button>`,
  {frame: STATE, data: {words: {}, lanes: []}},
)
document.createElement("canvas").constructor.prototype.getContext = () => null
// Nothing is laid out here, but all of it is there.
Object.defineProperty(HTMLElement.prototype, "offsetParent", {get() { return this.isConnected ? document.body : null }})
const posted = []
window.htmx = {ajax: async (_, path, {values}) => { posted.push([path.replace("/rooms/r/", ""), values]) }}
const {startKeys} = await import("../../static/js/keys.js")
startKeys()

const pressed = []
for (const id of ["[data-step]", "#reset"]) document.querySelector(id).addEventListener("click", () => pressed.push(id))

/** @returns {boolean} whether it was taken */
function key(name, how = {}) {
  const event = new KeyboardEvent("keydown", {key: name, bubbles: true, cancelable: true, ...how})
  document.activeElement.dispatchEvent(event)
  return event.defaultPrevented
}
/** The id of what has the focus after that key. */
function focusAfter(name) {
  key(name)
  return document.activeElement.id
}
const focus = (id) => document.getElementById(id).focus()

beforeEach(() => {
  document.activeElement.blur()
  for (const menu of document.querySelectorAll("details")) menu.open = false
  posted.length = 0
  pressed.length = 0
})

test("a key does what it stands for, in either case", () => {
  assert.ok(key(".") && key("b") && key("B"))
  assert.deepEqual([pressed, posted.map(([path]) => path)], [["[data-step]"], ["pace", "pace"]])
  assert.ok(!key("ä"))
})

test("whoever types, or holds another key, is left alone", () => {
  focus("typing")
  assert.ok(!key(".") && !key(" ") && !key("ArrowLeft"))
  document.activeElement.blur()
  for (const how of ["ctrlKey", "metaKey", "altKey"]) assert.ok(!key(".", {[how]: true}))
  assert.deepEqual(pressed, [])
})

test("Space and Enter belong to the button that has the focus", () => {
  focus("plain")
  assert.ok(!key(" ") && !key("Enter"))
  assert.ok(key("."))
  document.activeElement.blur()
  assert.ok(key(" "))
  assert.deepEqual(posted, [["pace", {paused: "true"}]])
})

test("k is about the pod that has the focus, else about the first that is ready", () => {
  key("k")
  focus("b1")
  key("k")
  assert.deepEqual(posted.map(([path, {name}]) => [path, name]), [["commands/delete", "web-2"], ["commands/delete", "web-1"]])
})

test("j goes from pod to pod, and around", () => {
  const seen = ["j", "j", "j"].map(focusAfter)
  assert.deepEqual(seen, ["b1", "b2", "b1"])
})

test("in a menu arrows go through what it offers, and Escape closes it", () => {
  key("s")
  const menu = document.getElementById("scenario-menu")
  assert.ok(menu.open)
  const seen = [document.activeElement.id, ...["ArrowDown", "End", "ArrowDown", "ArrowUp", "Home"].map(focusAfter)]
  assert.deepEqual(seen, ["m1", "m2", "m3", "m1", "m3", "m1"])
  key("Escape")
  assert.deepEqual([menu.open, document.activeElement.tagName], [false, "SUMMARY"])
})

test("a click beside a menu closes it, and a click on what it offers too", () => {
  const menu = document.getElementById("scenario-menu")
  const opens = (id) => {
    menu.open = true
    document.getElementById(id).click()
    return menu.open
  }
  assert.deepEqual([opens("plain"), opens("m1"), opens("m3")], [false, false, true])
})

test("R is asked for twice, within five seconds", () => {
  let now = 0
  mock.method(performance, "now", () => now)
  key("r")
  assert.deepEqual(pressed, [])
  now = 4999
  key("r")
  assert.deepEqual(pressed, ["#reset"])
  now = 5000
  key("r")
  now = 10_000
  key("r")
  assert.deepEqual(pressed, ["#reset"], "too late")
})
