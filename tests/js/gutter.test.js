// The way of a Service: wires and the dots of requests run along the same gutter.
import assert from "node:assert/strict"
import {test} from "node:test"
import {page} from "./page.js"

const document = page(`
  <svg id="wires"></svg>
  <div id="services">
    <article class="service" id="one" data-endpoints="r:p-1 t:p-2 x:p-3 r:gone"></article><article class="service" id="two" data-endpoints=""></article>
  </div>
  <div id="nodes"><div class="node" id="n-1"><i id="p-1"></i><i id="p-2"></i></div><div class="node" id="n-2"><i id="p-3"></i></div></div>`)
const {drawWires} = await import("../../static/js/wires.js")
const {curve, doorOf, levelOf, startOf} = await import("../../static/js/gutter.js")

const box = (left, top, width, height) => ({left, top, width, height, right: left + width, bottom: top + height})
const put = (id, ...where) => { document.getElementById(id).getBoundingClientRect = () => box(...where) }
const frame = {origin: box(100, 50, 800, 600), window: box(100, 200, 800, 400)}

function stand() {
  put("wires", 100, 50, 800, 600)
  put("nodes", 100, 200, 800, 400)
  put("one", 120, 60, 80, 40)
  put("two", 220, 60, 80, 40)
  put("n-1", 100, 200, 200, 300)
  put("n-2", 320, 200, 200, 300)
  put("p-1", 120, 230, 150, 60)
  put("p-2", 120, 300, 150, 16)
  put("p-3", 340, 230, 150, 60)
}

const drawn = (selector) => [...document.querySelectorAll(`#wires ${selector}`)].map((shape) => shape.getAttribute(shape.tagName === "path" ? "d" : "class"))
const classes = () => [...document.querySelectorAll("#wires path")].map((shape) => shape.getAttribute("class"))

test("it begins in the middle of the Service's lower edge", () => {
  stand()
  assert.deepEqual(startOf(document.getElementById("one"), frame), {x: 60, y: 50})
})

test("each Service has a door of its own, at the upper edge of what is in sight", () => {
  stand()
  const doors = [0, 1, 2, -1].map((index) => doorOf(document.getElementById("n-1"), frame, index))
  assert.deepEqual(doors, [{x: 5, y: 150}, {x: 8, y: 150}, {x: 11, y: 150}, {x: 5, y: 150}])
  put("n-1", 100, 120, 200, 300)
  assert.equal(doorOf(document.getElementById("n-1"), frame, 0).y, 150, "scrolled out of it")
})

test("a card is met at the height of its name, a line in its middle", () => {
  assert.equal(levelOf(box(0, 250, 100, 60), frame), 213)
  assert.equal(levelOf(box(0, 250, 100, 16), frame), 208)
})

test("the curve ends just above the door", () => {
  assert.equal(curve({x: 60, y: 50}, {x: 5, y: 150}), "C60 107 5 91 5 148")
})

test("a wire to each machine, a branch and a dot to each pod that there is", () => {
  stand()
  drawWires()
  assert.deepEqual(drawn("path"), [
    "M60 50C60 107 5 91 5 148V258", "M5 193H20", "M5 258H20",
    "M60 50C60 107 225 91 225 148V193", "M225 193H240",
  ])
  assert.deepEqual(drawn("circle"), ["ready", "terminating", "unready"])
  assert.deepEqual(classes(), ["ready", "ready", "terminating", "unready", "unready"])
})

test("machines out of sight have none, and of squares only the first is met", () => {
  stand()
  put("n-2", 320, 650, 200, 300)
  put("p-2", 180, 230, 20, 20)
  drawWires()
  assert.deepEqual(drawn("path"), ["M60 50C60 107 5 91 5 148V193", "M5 193H20"])
})

test("to a lower row the wire begins at the machine", () => {
  stand()
  put("n-1", 100, 300, 200, 200)
  put("p-1", 120, 330, 150, 60)
  put("p-2", 120, 400, 150, 16)
  drawWires()
  assert.equal(drawn("path")[0], "M5 250V358")
})
