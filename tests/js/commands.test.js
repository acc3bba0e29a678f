// What is sent when people press something, and what of it can be copied.
import assert from "node:assert/strict"
import {beforeEach, mock, test} from "node:test"
import {page} from "./page.js"

const STATE = {title: "", quiet: true, retold: false, waits_for: "", latencies: "textbook", viewers: 1, pace: {mode: "story", speed: 1, paused: false}}
const document = page(
  `<b id="room-title"></b><div id="answer"></div><input id="speed" type="range" min="-10" max="20"><b id="speed-now"></b><b id="watch"></b><b id="rest"></b>
  <select id="latencies"><option>textbook</option><option>realistic</option><option>stormy</option></select>
  <button id="pause"><span data-label></span></button><button id="all-at-once"></button>
  <li class="pod" data-kind="Pod" data-namespace="shop" data-name="web-1"><button data-command="delete" data-fields='{"grace": "0"}'></button></li>
  <form id="f" data-pattern="kubectl scale {name} --replicas={value}" data-emptied="kubectl get {name}">
    <input name="name" value="deploy/web"><input name="value" value="3"><button type="submit"></button><button type="button" class="copy"></button>
  </form>
  <form id="editor"><textarea name="manifest"></textarea><button id="apply" title="kubectl apply -f -\nas you wrote it"></button></form>`,
  {frame: STATE, data: {words: {}, scenario: {title: "Self-healing"}}},
)
const posted = []
window.htmx = {ajax: async (_, path, {values}) => { posted.push([path, values]) }}
const copied = []
Object.defineProperty(globalThis, "navigator", {value: {clipboard: {writeText: async (text) => { copied.push(text) }}}, configurable: true})
mock.timers.enable({apis: ["setTimeout"]})
const commands = await import("../../static/js/commands.js")
const {sayCommands} = await import("../../static/js/copying.js")
const {frameCame} = await import("../../static/js/state.js")
commands.startCommands()

const paced = (pace) => frameCame({...STATE, pace: {...STATE.pace, ...pace}})
const click = (selector, how = {}) => document.querySelector(selector).dispatchEvent(new window.MouseEvent("click", {bubbles: true, cancelable: true, ...how}))

beforeEach(() => {
  posted.length = 0
  copied.length = 0
  paced({})
})

test("a button on a card is a command about its object", () => {
  click("[data-command]")
  assert.deepEqual(posted, [["/rooms/r/commands/delete", {kind: "Pod", namespace: "shop", name: "web-1", grace: "0"}]])
})

test("a notch is a tenth of a decade, between a tenth and a hundred", () => {
  const faster = (speed, notches) => {
    paced({speed})
    commands.faster(notches)
    return posted.pop()[1].speed
  }
  assert.deepEqual([faster(1, 1), faster(1, -1), faster(1.3, 1), faster(10, 1), faster(0.1, -1), faster(100, 1)], [1.3, 0.79, 1.6, 13, 0.1, 100])
})

test("switches turn into what they are not", () => {
  commands.toggleInto("pause")
  commands.toggleInto("mode")
  commands.toggleInto("latencies")
  paced({mode: "clock", paused: true})
  frameCame({...STATE, latencies: "stormy", pace: {mode: "clock", speed: 1, paused: true}})
  commands.toggleInto("pause")
  commands.toggleInto("mode")
  commands.toggleInto("latencies")
  assert.deepEqual(posted.map(([, values]) => Object.values(values)[0]), ["true", "clock", "realistic", "false", "story", "textbook"])
})

test("a room is called what its owner calls it, else what it teaches", () => {
  const name = document.getElementById("room-title")
  const called = (title) => {
    frameCame({...STATE, title})
    return [name.textContent, name.hidden, document.title]
  }
  assert.deepEqual(called("Meetup"), ["Meetup", false, "Meetup · Loopscope"])
  assert.deepEqual(called(""), ["", true, "Self-healing · Loopscope"])
})

test("how it goes is said in one word: quiet before restless before paused before waiting", () => {
  const rest = document.getElementById("rest")
  const said = (state, pace = {}) => {
    frameCame({...STATE, quiet: false, ...state, pace: {...STATE.pace, ...pace}})
    return [rest.textContent, rest.className]
  }
  assert.deepEqual(said({quiet: true, restless: true}), ["quiet", "rest "])
  assert.deepEqual(said({restless: true}, {paused: true}), ["restless", "rest held"])
  assert.deepEqual(said({waits_for: "x fails"}, {paused: true}), ["x fails", "rest held"])
  assert.deepEqual(said({waits_for: "x fails"}), ["x fails", "rest waits"])
  assert.deepEqual(said({}), ["running", "rest busy"])
})

test("an answer goes after a while, a refusal later, and a long one last", () => {
  const answer = document.getElementById("answer")
  const stands = (text, good) => {
    commands.tell(text, good)
    let ms = 0
    for (; answer.firstElementChild; ms += 500) mock.timers.tick(500)
    return ms
  }
  const times = [stands("ok", true), stands("no", false), stands("x".repeat(300), true)]
  assert.deepEqual(times, [5500, 15_500, 27_500])
})

test("a form says its command as one types it, each word as a shell takes it", () => {
  const form = document.getElementById("f")
  const said = (value) => {
    form.elements.value.value = value
    sayCommands(document.body)
    return form.querySelector(".copy").dataset.copy
  }
  assert.equal(said("3"), "kubectl scale deploy/web --replicas=3")
  assert.equal(said(""), "kubectl get deploy/web")
  assert.equal(said("it's 3; $x"), `kubectl scale deploy/web '--replicas=it'\\''s 3; $x'`)
})

test("Apply is copied with its manifest, whatever stands in that", async () => {
  const apply = async (manifest) => {
    document.querySelector("textarea").value = manifest
    click("#apply", {shiftKey: true})
    for (let turn = 0; turn < 9; turn++) await null
    return copied.pop()
  }
  assert.equal(await apply("a: 1\n"), "kubectl apply -f - <<'EOF'\na: 1\nEOF")
  assert.equal(await apply("EOF\nEOF_"), "kubectl apply -f - <<'EOF__'\nEOF\nEOF_\nEOF__")
  assert.equal(await apply(""), "kubectl apply -f -")
})
