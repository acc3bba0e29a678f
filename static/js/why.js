// Why? And why not? The chain of causes beside the board, and what holds it up: each link is a step, shown as a click on
// the timeline shows it.
import {all, byId, focused, focusIn, hit, one, parsed} from "./dom.js"
import * as inspector from "./inspector.js"
import {backToNow, showStep} from "./past.js"
import {sheet} from "./sheets.js"
import {room, watch} from "./state.js"

const panel = byId("why")
/** @type {Object<string, number>} */
const WAYS = {ArrowUp: -1, ArrowDown: 1}
/** @type {?HTMLElement} */
let opener = null

export function startWhy() {
  document.addEventListener("click", (event) => {
    const asked = hit(event, "[data-why]")
    if (asked) ask(asked.dataset.why ?? "", asked)
    const verdict = hit(event, "[data-why-verdict]")
    if (verdict) open(`${room.base}/verdict?lang=${room.lang}`, verdict)
    const changes = hit(event, "[data-changes]")
    if (changes) open(`${room.base}/changes?lang=${room.lang}`, changes)
    const link = hit(event, "#why [data-link]")
    if (link) look(link)
    if (hit(event, "[data-close-why]")) close()
  })
  document.addEventListener("loopscope:why", askWhy)
  panel.addEventListener("keydown", move)
  panel.addEventListener("submit", (event) => event.preventDefault())
  panel.addEventListener("input", ({target}) => { if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) search(target) })
  document.addEventListener("loopscope:now", () => mark(null))
  addEventListener("resize", place)
  watch((_, fresh) => { if (fresh) close() })
}

/** Of what is open, or else of what has the focus on the board. */
function askWhy() {
  const open = inspector.shown()
  /** @type {?HTMLElement|undefined} */
  const card = focused()?.closest("[data-kind][data-name]")
  if (open) ask(open, focused())
  else if (card) ask(`${card.dataset.kind}/${card.dataset.namespace || "-"}/${card.dataset.name}`, focused())
}

/** @param {string} path Kind/namespace or "-"/name, of a Service with ?endpoint= @param {?HTMLElement} from */
async function ask(path, from) {
  const [object, query = ""] = path.split("?")
  return open(`${room.base}/why/${object}?lang=${room.lang}&${query}`, from)
}

/** The chain that is found there. @param {string} address @param {?HTMLElement} from */
async function open(address, from) {
  const answer = await fetch(address, {headers: {Accept: "text/html"}}).catch(() => null)
  if (!answer?.ok) return
  opener = inspector.isOpen() ? inspector.openedFrom() : from
  panel.innerHTML = await answer.text()
  inspector.close()
  await sheet("why")
  panel.hidden = false
  place()
  const held = all(".whynot", panel).length > 0
  const last = held ? undefined : all("li:last-child .link", panel).at(0)
  last?.scrollIntoView({block: "nearest"})
  ;(last ?? one("h2", panel)).focus()
}

function close() {
  if (panel.hidden) return
  const had = panel.contains(document.activeElement)
  panel.hidden = true
  panel.replaceChildren()
  backToNow()
  if (had && opener?.isConnected) opener.focus()
}

/** In the place of what was declared, so that loop, board, caption and timeline stay in view. */
function place() {
  const [desired, under] = ["desired-section", "timeline-section"].map((id) => byId(id).getBoundingClientRect())
  const places = {left: desired.left, top: desired.top, bottom: innerHeight - under.top, width: desired.width}
  for (const [name, value] of Object.entries(places)) panel.style.setProperty(`--${name}`, `${Math.max(0, value)}px`)
}

/** @param {HTMLElement} link */
async function look(link) {
  if (await showStep(Number(link.dataset.link))) mark(link)
}

/** @param {?HTMLElement} link */
function mark(link) {
  for (const each of all("[aria-current]", panel)) each.removeAttribute("aria-current")
  link?.setAttribute("aria-current", "step")
}

/** Of all changes those that fit the words and what was chosen. @param {HTMLInputElement|HTMLSelectElement} field */
async function search(field) {
  const form = field.form
  if (!form) return
  const asked = () => new URLSearchParams(/** @type {any} */ (new FormData(form))).toString()
  const wanted = asked()
  const answer = await fetch(`${form.dataset.search}&${wanted}`).catch(() => null)
  const found = parsed(answer?.ok ? await answer.text() : "")
  if (wanted !== asked() || !found.querySelector("ol")) return
  for (const old of all(".nothing, ol", panel)) old.remove()
  panel.append(...all(".nothing, ol", found))
}

/** Up and down go from link to link, and show it. @param {KeyboardEvent} event */
function move(event) {
  const step = WAYS[event.key]
  if (!step || hit(event, "select")) return
  event.preventDefault()
  event.stopPropagation()
  const links = all("[data-link]", panel)
  const here = focusIn(links)
  const first = all(".whynot", panel).length ? 0 : links.length - 1
  const next = links[Math.min(links.length - 1, Math.max(0, here < 0 ? first : here + step))]
  if (!next) return
  next.focus()
  look(next)
}
