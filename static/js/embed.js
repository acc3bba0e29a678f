// The room in a frame of another's page (app/web/embedding.py): what one can look at is here, what one can press is not.
import {all, make, one} from "./dom.js"
import {startLive} from "./live.js"
import {room, watch} from "./state.js"
import {startViewing} from "./viewing.js"

const CONTROLS = ".kills, .tools, .menu, form, #system-menu, [data-do], [data-once-more], [data-why-verdict], #break-loop-open"
let applied = -1

/** Without what changes something; a name that one could open is a name. @param {HTMLElement} piece @returns {HTMLElement} */
function toLookAt(piece) {
  for (const control of piece.querySelectorAll(CONTROLS)) control.remove()
  for (const button of all("button[data-open]", piece)) button.replaceWith(asName(button))
  return piece.matches("button[data-open]") ? asName(piece) : piece
}

/** @param {HTMLElement} button */
function asName(button) {
  const name = document.createElement("span")
  for (const {name: key, value} of button.attributes) if (!["type", "data-open"].includes(key)) name.setAttribute(key, value)
  if (button.hasAttribute("aria-label")) name.setAttribute("role", "img")
  name.append(...button.childNodes)
  return name
}

/** What is declared, whenever somebody applied something. @param {{applied: number}} state @param {boolean} fresh */
async function declared(state, fresh) {
  const isKnown = applied < 0 || (!fresh && state.applied === applied)
  applied = state.applied
  if (isKnown) return
  const answer = await fetch(`${room.base}/documents`).catch(() => null)
  if (!answer?.ok) return
  /** @type {{id: string, text: string}[]} */
  const documents = await answer.json()
  const texts = documents.map(({id, text}) => {
    const details = make("details", {name: "declared"})
    details.append(make("summary", {textContent: id}), make("pre", {textContent: text}))
    return details
  })
  if (texts.length) texts[0].open = true
  one("#desired-section > .desired-then").replaceChildren(...texts)
}

toLookAt(document.body)
if (document.body.dataset.still === undefined) startLive(toLookAt)
startViewing()
if (document.documentElement.matches("[data-panels~='desired']")) watch(declared)
document.querySelector("#desired-section details")?.setAttribute("open", "")
