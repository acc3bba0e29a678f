// A step of the past: its card, its sentence, and the board as it was, until one goes back to now.
import * as caption from "./caption.js"
import {tick} from "./clock.js"
import {point} from "./marks.js"
import {room, say, watch} from "./state.js"

const past = document.getElementById("past")
let shown = 0

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

/** The number of the step of the past that is shown, 0: it is now. */
export const isPast = () => shown

/** @param {number} number @returns {Promise<boolean>} whether it is known */
export async function showStep(number) {
  const answer = await fetch(`${room.base}/steps/${number}?lang=${room.lang}`, {headers: {Accept: "text/html"}})
  if (!answer.ok) return false
  const template = document.createElement("template")
  template.innerHTML = await answer.text()
  const found = (selector) => template.content.querySelector(selector)
  const [sentence, card, board] = [found(".caption-then > p"), found(".card-then"), found(".board-then")]
  shown = number
  past.replaceChildren(...card.children)
  Object.assign(past.dataset, {step: sentence.dataset.step, role: sentence.dataset.role})
  caption.past(sentence)
  boardThen(board)
  mark(say(board ? "board_then" : "board_now", {n: number}))
  document.getElementById("to-live").hidden = false
  tick()
  point(JSON.parse(found(".pointers").textContent), board ? "then-" : "")
  document.dispatchEvent(new CustomEvent("loopscope:past"))
  return true
}

export function backToNow() {
  if (!shown) return
  shown = 0
  past.replaceChildren()
  boardThen(null)
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
