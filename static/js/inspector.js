// One object opened beside the board. Fetched, never pushed; fetched again while it is open and the room moves.
import {sayCommands} from "./copying.js"
import {byId, focused, hit, one, parsed} from "./dom.js"
import {morph} from "./morph.js"
import {room, state, watch} from "./state.js"

const panel = byId("inspector")
const AGAIN_MS = 1500
let ref = ""
/** @type {"yaml"|"describe"} */
let view = "yaml"
/** @type {?HTMLElement} */
let opener = null
let fetchedAt = 0
let later = 0

export function startInspector() {
  document.addEventListener("click", (event) => {
    const target = hit(event, "[data-open]")
    if (target?.dataset.open) open(target.dataset.open, target)
    if (hit(event, "#inspector [data-close]")) close()
    const tab = hit(event, "#inspector [data-view]")
    if (tab) show(tab.dataset.view === "yaml" ? "yaml" : "describe")
  })
  panel.addEventListener("input", () => sayCommands(panel))
  panel.addEventListener("keydown", (event) => {
    if (!hit(event, "[role='tab']") || !/^Arrow(Left|Right)$/.test(event.key)) return
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
  opener = from ?? focused()
  ref = path
  panel.replaceChildren()
  if (!(await refresh())) return
  panel.hidden = false
  one("h2", panel).focus()
}

/** The other of its two views. */
export const otherView = () => { if (panel.querySelector("[data-view]")) show(view === "yaml" ? "describe" : "yaml") }

/** As YAML, or as `kubectl describe` prints it. @param {"yaml"|"describe"} next */
async function show(next) {
  view = next
  if (await refresh(true)) one(`[data-view="${next}"]`, panel).focus()
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
  const next = parsed(await answer.text()).firstElementChild
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
