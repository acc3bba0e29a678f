// A moment of the past: its card, its sentence, what was declared and the board as it was, until one goes back to now.
import * as caption from "./caption.js"
import {tick} from "./clock.js"
import {all, byId, hit, make, one, parsed} from "./dom.js"
import {point} from "./marks.js"
import {room, say, watch} from "./state.js"

const past = byId("past")
let [shown, shownAt, asked] = [0, 0, 0]

export function startPast() {
  document.addEventListener("click", (event) => {
    if (hit(event, "[data-now]")) backToNow()
  })
  byId("to-live").addEventListener("click", backToNow)
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
  const then = parsed(await answer.text())
  if (turn !== asked) return false
  const [sentence, card, board] = [one(".caption-then > p", then), one(".card-then", then), all(".board-then", then)[0] ?? null]
  shown = Number(sentence.dataset.step)
  shownAt = Number(card.dataset.at)
  past.replaceChildren(...card.children)
  Object.assign(past.dataset, {step: sentence.dataset.step, role: sentence.dataset.role})
  caption.past(sentence)
  boardThen(board)
  desiredThen(all(".desired-then", then)[0] ?? null)
  mark(say(board ? "board_then" : "board_now", {n: shown}))
  byId("to-live").hidden = false
  tick()
  point(JSON.parse(one(".pointers", then).textContent), board ? "then-" : "")
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
  byId("to-live").hidden = true
  caption.now()
  point(null)
  document.dispatchEvent(new CustomEvent("loopscope:now"))
}

/** The board as it was, in the place of the one that is. Nothing on it can be done. @param {?HTMLElement} board */
function boardThen(board) {
  document.querySelector("#actual-section > .board-then")?.remove()
  const now = byId("board")
  now.hidden = Boolean(board)
  if (!board) return
  for (const element of all("[id]", board)) element.id = `then-${element.id}`
  board.inert = true
  one(".board", board).dataset.density = now.dataset.density
  now.after(board)
}

/** What was declared then, in the place of the editor, which keeps what is in it. @param {?HTMLElement} desired */
function desiredThen(desired) {
  const home = byId("desired-section")
  home.querySelector(":scope > .desired-then")?.remove()
  if (!desired) return
  const name = home.querySelector("[role=tab][aria-selected=true]")?.textContent
  /** @type {HTMLDetailsElement[]} */
  const objects = all("details", desired)
  const chosen = objects.find((each) => each.firstElementChild?.textContent === name) ?? objects[0]
  if (chosen) chosen.open = true
  home.append(desired)
}

/** While the page shows the past it says so. @param {string} text "": all is now */
function mark(text) {
  document.getElementById("board-now")?.remove()
  document.body.classList.toggle("in-past", text !== "")
  if (!text) return
  one("#actual-section > .head h2").after(make("span", {id: "board-now", textContent: text}))
}
