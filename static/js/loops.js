// Which loop is shown: the one that is told, unless a person pinned another or looks at a step of the past. And the small rings.
import {isAwake} from "./awake.js"
import {openBeside} from "./popovers.js"
import {backToNow, isPast} from "./past.js"
import {say, state, watch} from "./state.js"

const follow = document.getElementById("follow")
const section = document.getElementById("loop-section")
let pinned = ""

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
  })
  follow.addEventListener("click", () => pick(""))
  for (const name of ["loopscope:past", "loopscope:now"]) document.addEventListener(name, show)
  watch((state) => {
    fold()
    show()
    for (const mini of minis()) {
      busy(mini, state.actors[mini.dataset.role])
      const role = mini.dataset.role
      fails(mini, state.mistakes[role])
      waits(mini, state.mistakes[role] ? "" : state.waits[role])
    }
  })
}

/** @param {string} role "" follows what is told */
export function pick(role) {
  pinned = role
  backToNow()
  show()
}

/** The n-th small ring, from 1. */
export function pickNth(number) {
  const mini = document.querySelectorAll("#minis > .mini")[number - 1]
  if (mini?.dataset.role) pick(mini.dataset.role)
}

/** The loop that is shown. */
export const current = () => section.dataset.role

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
  const [past, told, loops] = ["past", "told", "loops"].map((id) => document.getElementById(id))
  const panels = [...loops.querySelectorAll(":scope > .loop")]
  for (const panel of panels) panel.hidden = panel.dataset.role !== pinned
  const pin = panels.find((panel) => !panel.hidden)
  const shown = isPast() ? past : pin ?? told
  past.hidden = shown !== past
  told.hidden = shown !== told
  loops.hidden = shown !== pin
  latestAct(shown)
  const wait = isPast() ? "" : state.waits[shown.dataset.role] ?? ""
  const line = document.getElementById("loop-waits")
  line.hidden = !wait
  if (line.textContent !== wait) line.textContent = wait
  Object.assign(section.dataset, {step: shown.dataset.step, role: shown.dataset.role, pinned: String(shown === pin)})
  follow.setAttribute("aria-pressed", String(!pinned))
  const word = say(pinned ? "pinned" : "follow")
  if (follow.textContent !== word) follow.textContent = word
  for (const mini of minis()) {
    mini.setAttribute("aria-pressed", String(mini.dataset.role === shown.dataset.role))
    const panel = panels.find((one) => one.dataset.role === mini.dataset.role)
    mini.classList.toggle("idle", !Number(panel?.dataset.step))
  }
}

/** Of many actions the newest that was done stays in sight. */
function latestAct(panel) {
  const phase = panel.querySelector('.phase[data-phase="act"]')
  const done = [...(phase?.querySelectorAll(".acts-list li:not(.next):not(.skipped)") ?? [])].at(-1)
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

/** @param {HTMLElement} mini @param {string|undefined} mistake */
function fails(mini, mistake) {
  mini.dataset.failed = String(Boolean(mistake))
  mini.title = mistake ?? mini.dataset.role
}

/** @param {HTMLElement} mini @param {string|undefined} wait for what, and until when */
function waits(mini, wait) {
  mini.classList.toggle("waits", Boolean(wait))
  if (wait) mini.title = wait
}
