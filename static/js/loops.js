// Which loop is shown: the one a person picked, or the one that the caption speaks of. And the small rings.
import {isAwake} from "./awake.js"
import * as caption from "./caption.js"
import {openBeside} from "./popovers.js"
import {room, say, state, watch} from "./state.js"

const follow = document.getElementById("follow")
const past = document.getElementById("past")
const section = document.getElementById("loop-section")
let picked = ""
let shown = ""
/** @type {?string} the loop of the step of the past that is shown; "" for a command */
let pastRole = null

export function startLoops() {
  document.addEventListener("click", (event) => {
    const fold = event.target.closest("[data-fold]")
    if (fold) unfold(fold.dataset.fold)
    const mini = event.target.closest(".mini")
    if (mini?.id === "quiet-loops") return openBeside(document.getElementById("quiet-minis"), mini)
    if (mini?.dataset.role) {
      pick(mini.dataset.role)
      mini.closest("[popover]")?.hidePopover()
    }
    if (event.target.closest("[data-now]")) backToNow()
  })
  follow.addEventListener("click", () => pick(""))
  document.addEventListener("loopscope:said", followCaption)
  followCaption()
  watch((state, fresh) => {
    if (fresh && pastRole !== null) {
      caption.forget()
      backToNow()
    }
    fold()
    show()
    for (const mini of minis()) busy(mini, state.actors[mini.dataset.role])
  })
}

/** The loop that the caption speaks of: one story on the whole page. */
function followCaption() {
  const role = document.getElementById("caption")?.dataset.role
  if (role && document.getElementById(`loop-${role}`)) shown = role
  show()
}

/** @param {string} role "" follows whatever acts */
export function pick(role) {
  picked = role
  backToNow()
  show()
}

/** The n-th small ring, from 1. */
export function pickNth(number) {
  const mini = document.querySelectorAll("#minis > .mini")[number - 1]
  if (mini) pick(mini.dataset.role)
}

/** Shows a step of the past until one goes back to now. @param {number} number */
export async function showStep(number) {
  const answer = await fetch(`${room.base}/steps/${number}?lang=${room.lang}`, {headers: {Accept: "text/html"}})
  if (!answer.ok) return false
  past.innerHTML = await answer.text()
  past.hidden = false
  document.getElementById("loops").hidden = true
  document.getElementById("to-live").hidden = false
  const then = past.querySelector(".caption-then")
  pastRole = then?.dataset.role ?? ""
  if (then) caption.past(then)
  boardIsNow(number)
  show()
  return true
}

export function backToNow() {
  past.hidden = true
  pastRole = null
  past.replaceChildren()
  document.getElementById("loops").hidden = false
  document.getElementById("to-live").hidden = true
  boardIsNow(0)
  caption.now()
  show()
  document.dispatchEvent(new CustomEvent("loopscope:now"))
}

/** While the loop panel tells of the past, the board says that it does not. @param {number} number 0: all is now */
function boardIsNow(number) {
  document.getElementById("board-now")?.remove()
  document.body.classList.toggle("in-past", number > 0)
  if (!number) return
  const mark = document.createElement("span")
  mark.id = "board-now"
  mark.textContent = say("board_now", {n: number})
  document.querySelector("#actual-section > .head h2").after(mark)
}

const minis = () => document.querySelectorAll(".mini[data-role]")

/** Loops that matter stand in their order; the others are behind "+9 quiet". One that wakes takes its place among them. */
function fold() {
  const [list, folded] = [document.getElementById("minis"), document.getElementById("quiet-loops")]
  const sheet = document.getElementById("quiet-minis")
  const all = [...minis()].sort((a, b) => Number(a.dataset.order) - Number(b.dataset.order))
  arrange(list, [...all.filter((mini) => isAwake(mini.dataset.role)), folded])
  const quiet = all.filter((mini) => !isAwake(mini.dataset.role))
  arrange(sheet, quiet)
  folded.hidden = !quiet.length
  const text = say("quiet_loops", {n: quiet.length})
  const label = folded.firstElementChild
  if (label.textContent !== text) label.textContent = text
}

/** Moves only what is not in its place, so that focus stays. */
function arrange(home, wanted) {
  wanted.forEach((element, index) => {
    if (home.children[index] !== element) home.insertBefore(element, home.children[index] ?? null)
  })
}

/** Gives a phase the room; asked again, the phase that runs gets it. @param {string} phase */
function unfold(phase) {
  if (section.dataset.unfolded === phase) delete section.dataset.unfolded
  else section.dataset.unfolded = phase
}

function show() {
  const panels = [...document.querySelectorAll("#loops > .loop")]
  const newest = panels.reduce((best, panel) => (Number(panel.dataset.step) > Number(best?.dataset.step ?? -1) ? panel : best), null)
  const role = picked || shown || newest?.dataset.role
  const target = panels.find((panel) => panel.dataset.role === role) ?? newest
  for (const panel of panels) panel.hidden = panel !== target
  if (target) latestAct(target)
  follow.setAttribute("aria-pressed", String(!picked))
  for (const mini of minis()) {
    mini.setAttribute("aria-pressed", String(mini.dataset.role === (pastRole ?? target?.dataset.role)))
    const panel = panels.find((one) => one.dataset.role === mini.dataset.role)
    mini.classList.toggle("idle", !Number(panel?.dataset.step))
  }
}

/** Of many actions the newest that was done stays in sight. */
function latestAct(panel) {
  const phase = panel.querySelector('.phase[data-phase="act"]')
  const done = [...phase.querySelectorAll(".acts-list li:not(.next):not(.skipped)")].at(-1)
  if (done) phase.scrollTop = Math.max(0, done.offsetTop + done.offsetHeight - phase.offsetTop - phase.clientHeight + 8)
}

/** @param {HTMLElement} mini @param {[string, number, number]|undefined} actor phase, in flight, queued */
function busy(mini, actor) {
  const [phase, running, queued] = actor ?? ["", 0, 0]
  if (phase && running) mini.dataset.busy = phase
  else delete mini.dataset.busy
  const queue = mini.querySelector(".queue")
  queue.textContent = queued ? String(queued) : ""
  queue.classList.toggle("some", queued > 0)
}

export const current = () => picked || shown || state.steps.at(-1)?.[2]
