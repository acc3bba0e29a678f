// A moment of the past: its card, its sentence, what was declared and the board as it was, until one goes back to now.
import * as caption from "./caption.js"
import {tick} from "./clock.js"
import {point} from "./marks.js"
import {room, say, watch} from "./state.js"

const past = document.getElementById("past")
let [shown, shownAt, asked] = [0, 0, 0]

export function startPast() {
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-now]")) backToNow()
  })
  document.getElementById("to-live").addEventListener("click", backToNow)
  watch((_, fresh) => {
    if (!fresh || !shown) return
    caption.forget()
    backToNow()
  })
}

/** Virtual ms of that moment since the room began. */
export const pastAt = () => shownAt

/** The number of the step of the past that is shown, 0: it is now. */
export const isPast = () => shown

/** That step, or the nearest before it that people follow; with `forward` from it on.
 * @param {number} number @returns {Promise<boolean>} whether one is known, and nothing else was asked for meanwhile */
export async function showStep(number, forward = false) {
  const turn = ++asked
  const query = `lang=${room.lang}${forward ? "&forward" : ""}`
  const answer = await fetch(`${room.base}/steps/${number}?${query}`, {headers: {Accept: "text/html"}}).catch(() => null)
  if (!answer?.ok || turn !== asked) return false
  const template = document.createElement("template")
  template.innerHTML = await answer.text()
  if (turn !== asked) return false
  const found = (selector) => template.content.querySelector(selector)
  const [sentence, card, board] = [found(".caption-then > p"), found(".card-then"), found(".board-then")]
  shown = Number(sentence.dataset.step)
  shownAt = Number(found(".card-then").dataset.at)
  past.replaceChildren(...card.children)
  Object.assign(past.dataset, {step: sentence.dataset.step, role: sentence.dataset.role})
  caption.past(sentence)
  boardThen(board)
  desiredThen(found(".desired-then"))
  mark(say(board ? "board_then" : "board_now", {n: shown}))
  document.getElementById("to-live").hidden = false
  tick()
  point(JSON.parse(found(".pointers").textContent), board ? "then-" : "")
  document.dispatchEvent(new CustomEvent("loopscope:past"))
  return true
}

export function backToNow() {
  asked++
  if (!shown) return
  shown = 0
  past.replaceChildren()
  boardThen(null)
  desiredThen(null)
  mark("")
  document.getElementById("to-live").hidden = true
  caption.now()
  point(null)
  document.dispatchEvent(new CustomEvent("loopscope:now"))
}

/** The board as it was, in the place of the one that is. Nothing on it can be done. @param {?HTMLElement} board */
function boardThen(board) {
  document.querySelector("#actual-section > .board-then")?.remove()
  const now = document.getElementById("board")
  now.hidden = Boolean(board)
  if (!board) return
  for (const element of board.querySelectorAll("[id]")) element.id = `then-${element.id}`
  board.inert = true
  board.firstElementChild.dataset.density = now.dataset.density
  now.after(board)
}

/** What was declared then, in the place of the editor, which keeps what is in it. @param {?HTMLElement} desired */
function desiredThen(desired) {
  const home = document.getElementById("desired-section")
  home.querySelector(":scope > .desired-then")?.remove()
  if (!desired) return
  const name = home.querySelector("[role=tab][aria-selected=true]")?.textContent
  const [first, ...others] = desired.querySelectorAll("details")
  const chosen = [first, ...others].find((each) => each?.firstElementChild.textContent === name) ?? first
  if (chosen) chosen.open = true
  home.append(desired)
}

/** While the page shows the past it says so. @param {string} text "": all is now */
function mark(text) {
  document.getElementById("board-now")?.remove()
  document.body.classList.toggle("in-past", text !== "")
  if (!text) return
  const element = document.createElement("span")
  element.id = "board-now"
  element.textContent = text
  document.querySelector("#actual-section > .head h2").after(element)
}
