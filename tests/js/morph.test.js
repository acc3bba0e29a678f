// Making one element equal to another without replacing it.
import assert from "node:assert/strict"
import {beforeEach, test} from "node:test"
import {page} from "./page.js"

const document = page("<main></main>")
const {copyOf, morph} = await import("../../static/js/morph.js")
const main = document.querySelector("main")

/** What is made of `before` if it should look like `after`. */
function morphed(before, after) {
  main.innerHTML = before
  const template = document.createElement("template")
  template.innerHTML = after
  morph(main.firstElementChild, template.content.firstElementChild)
  return main.innerHTML
}

beforeEach(() => main.replaceChildren())

test("it looks as the other does", () => {
  const after = '<ul id="a" class="new"><li id="1">one</li> and <li id="2" title="t"><b>two</b></li><!--c--></ul>'
  assert.equal(morphed('<ul id="a" class="old" lang="ja"><li id="2">2</li><li id="3">3</li></ul>', after), after)
})

test("an element that stays is the same element, with its focus", () => {
  main.innerHTML = '<p id="p"><button id="b">old</button></p>'
  const button = main.querySelector("button")
  button.focus()
  const next = document.createElement("p")
  next.id = "p"
  next.innerHTML = '<button id="b" class="on">new</button>'
  morph(main.firstElementChild, next)
  assert.equal(main.querySelector("button"), button)
  assert.equal(document.activeElement, button)
  assert.deepEqual([button.textContent, button.className], ["new", "on"])
})

test("a text that stays is the same text", () => {
  main.innerHTML = "<p>old<b></b></p>"
  const [text] = main.firstElementChild.childNodes
  const next = document.createElement("p")
  next.innerHTML = "new<b></b>"
  morph(main.firstElementChild, next)
  assert.equal(main.firstElementChild.firstChild, text)
  assert.equal(text.nodeValue, "new")
})

test("another id or another tag is another element", () => {
  for (const [before, after] of [['<i id="1"></i>', '<i id="2"></i>'], ["<i></i>", "<b></b>"], ["<i></i>", "text"], ["text", "<i></i>"]]) {
    main.innerHTML = `<p>${before}</p>`
    const old = main.firstElementChild.firstChild
    const next = document.createElement("p")
    next.innerHTML = after
    morph(main.firstElementChild, next)
    assert.equal(main.firstElementChild.innerHTML, after)
    assert.ok(!old.isConnected)
  }
})

test("of another tag the whole is replaced", () => {
  assert.equal(morphed("<p>old</p>", "<section>new</section>"), "<section>new</section>")
})

test("what the browser's own state is stays: what scripts styled, opened and marked as busy", () => {
  assert.equal(
    morphed('<details style="left: 1px" open="" data-busy="act" class="a"></details>', "<details></details>"),
    '<details style="left: 1px" open="" data-busy="act"></details>',
  )
  assert.equal(morphed('<p style="left: 1px"></p>', '<p style="left: 2px"></p>'), '<p style="left: 2px"></p>')
})

test("what a script draws itself is kept, not its attributes", () => {
  assert.equal(morphed('<div data-keep="" class="a"><i></i></div>', '<div data-keep="" class="b"></div>'), '<div data-keep="" class="b"><i></i></div>')
})

test("more children come, and fewer stay", () => {
  assert.equal(morphed("<p><i></i></p>", "<p><i></i><b></b>text</p>"), "<p><i></i><b></b>text</p>")
  assert.equal(morphed("<p><i></i><b></b>text</p>", "<p><i></i></p>"), "<p><i></i></p>")
  assert.equal(morphed("<p><i></i>text</p>", "<p></p>"), "<p></p>")
})

test("a copy has all that is in it and is another", () => {
  main.innerHTML = '<p class="a"><b>x</b></p>'
  const copy = copyOf(main.firstElementChild)
  assert.equal(copy.outerHTML, main.innerHTML)
  assert.notEqual(copy, main.firstElementChild)
})
