// A key for every action; the list behind `?` is rendered by the server from the same words.
import {chosenPod} from "./board.js"
import {breakLoop, breakThings, nextNode} from "./breaking.js"
import {faster, onPod, tell, toggleInto} from "./commands.js"
import {focusEditor} from "./desired.js"
import {openDialog, show} from "./dialogs.js"
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
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target) || event.target.closest(".sheet > button, .lessons > button")) menu.open = false
    }
  })
}

function key(event) {
  if (event.key === "Escape") return escape(event)
  if (event.key === "?" && openDialog()?.id === "help") return openDialog().close()
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || openDialog() || isTyping(event.target)) return
  const onControl = event.target.closest?.("button, a, summary")
  if (onControl && (event.key === " " || event.key === "Enter")) return
  if (inMenu(event)) return
  if (event.target.closest?.("details.menu[open], .yaml, .described, .table, [role='tablist'], .breaker") && event.key.startsWith("Arrow")) return
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key
  if (/^[1-9]$/.test(name)) pickNth(Number(name))
  else if (room.whyNot && ACT.includes(name)) tell(room.whyNot, false)
  else if (KEYS[name]) KEYS[name]()
  else return
  event.preventDefault()
}

/** Up and down go through what a menu offers. */
function inMenu(event) {
  const menu = event.target.closest?.("details.menu[open]")
  const step = {ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity}[event.key]
  if (!menu || !step) return false
  const offered = [...menu.querySelectorAll(".sheet button, .sheet a")].filter((one) => one.offsetParent)
  const here = offered.indexOf(document.activeElement) + step
  offered.at(here === -Infinity ? 0 : here === Infinity ? -1 : here % offered.length)?.focus()
  event.preventDefault()
  return true
}

function isTyping(target) {
  return Boolean(target.closest?.("input, textarea, select, [contenteditable='true'], .cm-editor"))
}

/** The innermost thing that is open closes. */
function escape(event) {
  if (document.querySelector(":popover-open")) return // it closes of itself
  const menu = document.querySelector("details.menu[open]")
  if (menu) {
    menu.open = false
    menu.querySelector("summary").focus()
  } else if (event.target.closest?.("#own") && !event.target.closest(".cm-editor, textarea")) {
    closeOwn()
  } else if (!isTyping(event.target) && !openDialog() && !closeInspector() && !closeWhy() && !closeOwn()) {
    backToNow()
    document.activeElement?.blur()
  }
}

/** Everything that people did would be gone: it is asked for twice. */
function reset() {
  if (performance.now() - asked < ASKED_MS) {
    asked = -Infinity
    return press("#reset")
  }
  asked = performance.now()
  tell(say("reset_again"), true)
}

/** What needs the editor leaves the stage first. @param {() => void} work */
function atDesk(work) {
  leaveStage()
  work()
}

/** @returns {boolean} whether it was open */
function closeWhy() {
  const close = document.querySelector("#why:not([hidden]) [data-close-why]")
  close?.click()
  return Boolean(close)
}

function press(selector) {
  document.querySelector(selector)?.click()
}

function openMenu(id) {
  const menu = document.getElementById(id)
  menu.open = true
  const first = menu.querySelector(".sheet button") ?? menu.querySelector("summary") // the rest may be on its way
  first.focus()
}

function nextPod() {
  if (nextCell()) return
  const pods = [...document.querySelectorAll("#board .pod[id] .open")]
  const here = pods.indexOf(document.activeElement)
  pods[(here + 1) % pods.length]?.focus()
}
