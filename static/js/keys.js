// A key for every action; the list behind `?` is rendered by the server from the same words.
import {chosenPod} from "./board.js"
import {breakLoop, breakThings, nextNode} from "./breaking.js"
import {faster, onPod, tell, toggleInto} from "./commands.js"
import {focusEditor} from "./desired.js"
import {openDialog, show} from "./dialogs.js"
import {all, byId, focused, focusIn, hit, one} from "./dom.js"
import {close as closeInspector, otherView} from "./inspector.js"
import {pick, pickNth} from "./loops.js"
import {nextCell} from "./manypods.js"
import {actByHand} from "./oncall.js"
import {closeOwn, openOwn} from "./own.js"
import {backToNow} from "./past.js"
import {leaveStage, nextTheme, togglePresent} from "./prefs.js"
import {tryNext} from "./script.js"
import {room, say} from "./state.js"
import {again, back, next} from "./story.js"
import {focusTimeline, toggleCauses} from "./timeline.js"

/** @type {Object<string, () => unknown>} */
const KEYS = {
  " ": () => toggleInto("pause"),
  ArrowRight: next,
  ArrowLeft: back,
  ".": () => press("[data-step]"),
  f: () => press("[data-finish]"),
  q: () => press("[data-quiet-run]"),
  End: () => press("[data-quiet-run]"),
  "-": () => faster(-1),
  "+": () => faster(1),
  "=": () => faster(1),
  b: () => toggleInto("mode"),
  m: () => toggleInto("latencies"),
  r: reset,
  e: () => atDesk(focusEditor),
  n: () => atDesk(() => openMenu("new-menu")),
  s: () => openMenu("scenario-menu"),
  "/": () => openMenu("system-menu"),
  ";": () => openMenu("room-menu"),
  j: nextPod,
  k: () => onPod("delete", chosenPod()),
  c: () => onPod("crash", chosenPod()),
  o: nextNode,
  w: breakLoop,
  x: breakThings,
  y: tryNext,
  "!": actByHand,
  0: () => pick(""),
  a: again,
  h: toggleCauses,
  t: focusTimeline,
  l: () => press("#show-live"),
  i: otherView,
  v: () => document.dispatchEvent(new Event("loopscope:why")),
  ",": () => press("[data-changes]"),
  p: togglePresent,
  d: nextTheme,
  g: () => location.assign(`?lang=${room.lang === "en" ? "ja" : "en"}`),
  u: () => show("kubectl"),
  "@": () => press("#share-open"),
  z: () => atDesk(openOwn),
  "?": () => show("help"),
}

const ASKED_MS = 5000
/** Keys that would change the room, or lead to what does. */
const ACT = [" ", ".", "f", "q", "End", "-", "+", "=", "b", "m", "r", "n", "k", "c", "o", "w", "x", "y", "!", "z"]
/** When R was pressed once. */
let asked = -Infinity

export function startKeys() {
  document.addEventListener("keydown", key)
  document.addEventListener("click", (event) => {
    const {target} = event
    for (const menu of openMenus()) {
      if (!(target instanceof Node && menu.contains(target)) || hit(event, ".sheet > button, .lessons > button")) menu.open = false
    }
  })
}

/** @returns {HTMLDetailsElement[]} */
const openMenus = () => all("details.menu[open]")

/** @param {KeyboardEvent} event */
function key(event) {
  if (event.key === "Escape") {
    leave(event)
    return
  }
  const dialog = openDialog()
  if (event.key === "?" && dialog?.id === "help") {
    dialog.close()
    return
  }
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || dialog || isTyping(event)) return
  const onControl = hit(event, "button, a, summary")
  if (onControl && (event.key === " " || event.key === "Enter")) return
  if (inMenu(event)) return
  if (hit(event, "details.menu[open], .yaml, .described, .table, [role='tablist'], .breaker") && event.key.startsWith("Arrow")) return
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key
  if (/^[1-9]$/.test(name)) pickNth(Number(name))
  else if (room.whyNot && ACT.includes(name)) tell(room.whyNot, false)
  else if (KEYS[name]) KEYS[name]()
  else return
  event.preventDefault()
}

/** @type {Object<string, number>} */
const WAYS = {ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity}

/** Up and down go through what a menu offers. @param {KeyboardEvent} event */
function inMenu(event) {
  const menu = hit(event, "details.menu[open]")
  const step = WAYS[event.key]
  if (!menu || !step) return false
  const offered = all(".sheet button, .sheet a", menu).filter((each) => each.offsetParent)
  const here = focusIn(offered) + step
  offered.at(here === -Infinity ? 0 : here === Infinity ? -1 : here % offered.length)?.focus()
  event.preventDefault()
  return true
}

/** @param {Event} event */
const isTyping = (event) => Boolean(hit(event, "input, textarea, select, [contenteditable='true'], .cm-editor"))

/** The innermost thing that is open closes. @param {KeyboardEvent} event */
function leave(event) {
  if (document.querySelector(":popover-open")) return // it closes of itself
  const [menu] = openMenus()
  if (menu) {
    menu.open = false
    one("summary", menu).focus()
  } else if (hit(event, "#own") && !hit(event, ".cm-editor, textarea")) {
    closeOwn()
  } else if (!isTyping(event) && !openDialog() && !closeInspector() && !closeWhy() && !closeOwn()) {
    backToNow()
    focused()?.blur()
  }
}

/** Everything that people did would be gone: it is asked for twice. */
function reset() {
  if (performance.now() - asked < ASKED_MS) {
    asked = -Infinity
    press("#reset")
    return
  }
  asked = performance.now()
  tell(say("reset_again"), true)
}

/** What needs the editor leaves the stage first. @param {() => unknown} work */
function atDesk(work) {
  leaveStage()
  work()
}

/** @returns {boolean} whether it was open */
function closeWhy() {
  const [close] = all("#why:not([hidden]) [data-close-why]")
  close?.click()
  return Boolean(close)
}

/** @param {string} selector */
const press = (selector) => all(selector)[0]?.click()

/** @param {string} id */
function openMenu(id) {
  /** @type {HTMLDetailsElement} */
  const menu = byId(id)
  menu.open = true
  const [first] = all(".sheet button", menu)
  ;(first ?? one("summary", menu)).focus() // the rest may be on its way
}

function nextPod() {
  if (nextCell()) return
  const pods = all("#board .pod[id] .open")
  const here = focusIn(pods)
  pods[(here + 1) % pods.length]?.focus()
}
