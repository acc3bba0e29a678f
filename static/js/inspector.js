// One object opened beside the board. Fetched, never pushed; fetched again while it is open and the room moves.
import {sayCommands} from "./copying.js"
import {morph} from "./morph.js"
import {room, state, watch} from "./state.js"

const panel = document.getElementById("inspector")
const AGAIN_MS = 1500
let ref = ""
let view = "yaml"
let opener = null
let fetchedAt = 0
let later = 0

export function startInspector() {
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-open]")
    if (target) open(target.dataset.open, target)
    if (event.target.closest("#inspector [data-close]")) close()
    const tab = event.target.closest("#inspector [data-view]")
    if (tab) show(tab.dataset.view)
  })
  panel.addEventListener("input", () => sayCommands(panel))
  panel.addEventListener("keydown", (event) => {
    if (!event.target.matches("[role='tab']") || !/^Arrow(Left|Right)$/.test(event.key)) return
    event.preventDefault()
    otherView()
  })
  watch(() => {
    if (!ref || !state.steps.length) return
    clearTimeout(later)
    later = setTimeout(refresh, Math.max(0, fetchedAt + AGAIN_MS - Date.now()))
  })
}

/** @param {string} path Kind/namespace or "-"/name @param {?HTMLElement} [from] takes the focus back on closing */
export async function open(path, from = null) {
  opener = from ?? document.activeElement
  ref = path
  panel.replaceChildren()
  if (!(await refresh())) return
  panel.hidden = false
  panel.querySelector("h2")?.focus()
}

/** The other of its two views. */
export const otherView = () => { if (panel.querySelector("[data-view]")) show(view === "yaml" ? "describe" : "yaml") }

/** As YAML, or as `kubectl describe` prints it. @param {"yaml"|"describe"} next */
async function show(next) {
  view = next
  if (await refresh(true)) panel.querySelector(`[data-view="${next}"]`)?.focus()
}

export function close() {
  if (panel.hidden) return false
  panel.hidden = true
  panel.replaceChildren()
  ref = ""
  if (opener?.isConnected) opener.focus()
  return true
}

export const isOpen = () => !panel.hidden

/** The object that is open: Kind/namespace or "-"/name; "" if none is. */
export const shown = () => (panel.hidden ? "" : ref)

/** Where the focus goes when it closes. */
export const openedFrom = () => opener

async function refresh(wanted = false) {
  const asked = ref
  if (!asked || (!wanted && panel.querySelector("input:focus"))) return false
  fetchedAt = Date.now()
  const answer = await fetch(`${room.base}/objects/${asked}?lang=${room.lang}&view=${view}`, {headers: {Accept: "text/html"}}).catch(() => null)
  if (!answer || asked !== ref) return false
  const template = document.createElement("template")
  template.innerHTML = await answer.text()
  const next = template.content.firstElementChild
  if (!next) return false
  const present = panel.firstElementChild
  if (present) morph(present, next)
  else {
    panel.append(next)
    window.htmx.process(panel)
  }
  sayCommands(panel)
  return true
}
