// Why? And why not? The chain of causes beside the board, and what holds it up: each link is a step, shown as a click on
// the timeline shows it.
import * as inspector from "./inspector.js"
import {backToNow, showStep} from "./past.js"
import {sheet} from "./sheets.js"
import {room, watch} from "./state.js"

const panel = document.getElementById("why")
let opener = null

export function startWhy() {
  document.addEventListener("click", (event) => {
    const asked = event.target.closest("[data-why]")
    if (asked) ask(asked.dataset.why, asked)
    const verdict = event.target.closest("[data-why-verdict]")
    if (verdict) open(`${room.base}/verdict?lang=${room.lang}`, verdict)
    const changes = event.target.closest("[data-changes]")
    if (changes) open(`${room.base}/changes?lang=${room.lang}`, changes)
    const link = event.target.closest("#why [data-link]")
    if (link) look(link)
    if (event.target.closest("[data-close-why]")) close()
  })
  document.addEventListener("loopscope:why", askWhy)
  panel.addEventListener("keydown", move)
  panel.addEventListener("submit", (event) => event.preventDefault())
  panel.addEventListener("input", ({target}) => search(target))
  document.addEventListener("loopscope:now", () => mark(null))
  addEventListener("resize", place)
  watch((_, fresh) => { if (fresh) close() })
}

/** Of what is open, or else of what has the focus on the board. */
function askWhy() {
  const open = inspector.shown()
  const here = document.activeElement?.closest?.("[data-kind][data-name]")?.dataset
  if (open) ask(open, document.activeElement)
  else if (here) ask(`${here.kind}/${here.namespace || "-"}/${here.name}`, document.activeElement)
}

/** @param {string} path Kind/namespace or "-"/name, of a Service with ?endpoint= @param {Element} from */
async function ask(path, from) {
  const [object, query = ""] = path.split("?")
  return open(`${room.base}/why/${object}?lang=${room.lang}&${query}`, from)
}

/** The chain that is found there. @param {string} address @param {Element} from */
async function open(address, from) {
  const answer = await fetch(address, {headers: {Accept: "text/html"}}).catch(() => null)
  if (!answer?.ok) return
  opener = inspector.isOpen() ? inspector.openedFrom() : from
  panel.innerHTML = await answer.text()
  inspector.close()
  await sheet("why")
  panel.hidden = false
  place()
  const held = panel.querySelector(".whynot")
  const last = held ? null : panel.querySelector("li:last-child .link")
  last?.scrollIntoView({block: "nearest"})
  ;(last ?? panel.querySelector("h2")).focus()
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
  const [desired, under] = ["desired-section", "timeline-section"].map((id) => document.getElementById(id).getBoundingClientRect())
  const places = {left: desired.left, top: desired.top, bottom: innerHeight - under.top, width: desired.width}
  for (const [name, value] of Object.entries(places)) panel.style.setProperty(`--${name}`, `${Math.max(0, value)}px`)
}

async function look(link) {
  if (await showStep(Number(link.dataset.link))) mark(link)
}

function mark(link) {
  for (const each of panel.querySelectorAll("[aria-current]")) each.removeAttribute("aria-current")
  link?.setAttribute("aria-current", "step")
}

/** Of all changes those that fit the words and what was chosen. @param {HTMLInputElement|HTMLSelectElement} field */
async function search(field) {
  const form = field.form
  const asked = () => new URLSearchParams(new FormData(form)).toString()
  const wanted = asked()
  const answer = await fetch(`${form.dataset.search}&${wanted}`).catch(() => null)
  const template = document.createElement("template")
  template.innerHTML = answer?.ok ? await answer.text() : ""
  if (wanted === asked() && template.content.querySelector("ol")) {
    for (const old of panel.querySelectorAll(".nothing, ol")) old.remove()
    panel.append(...template.content.querySelectorAll(".nothing, ol"))
  }
}

/** Up and down go from link to link, and show it. */
function move(event) {
  const step = {ArrowUp: -1, ArrowDown: 1}[event.key]
  if (!step || event.target.matches("select")) return
  event.preventDefault()
  event.stopPropagation()
  const links = [...panel.querySelectorAll("[data-link]")]
  const here = links.indexOf(document.activeElement)
  const first = panel.querySelector(".whynot") ? 0 : links.length - 1
  const next = links[Math.min(links.length - 1, Math.max(0, here < 0 ? first : here + step))]
  if (!next) return
  next.focus()
  look(next)
}
