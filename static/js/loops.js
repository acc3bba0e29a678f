// Which loop is shown: the one that is told, unless a person pinned another or looks at a step of the past. And the small rings.
import {isAwake} from "./awake.js"
import {all, byId, hit, one, write} from "./dom.js"
import {openBeside} from "./popovers.js"
import {backToNow, isPast} from "./past.js"
import {say, state, watch} from "./state.js"

const follow = byId("follow")
const section = byId("loop-section")
let pinned = ""

export function startLoops() {
  document.addEventListener("click", (event) => {
    const fold = hit(event, "[data-fold]")
    if (fold) unfold(fold.dataset.fold ?? "")
    const mini = hit(event, ".mini")
    if (mini?.id === "quiet-loops") openBeside(byId("quiet-minis"), mini)
    if (!mini?.dataset.role) return
    pick(mini.dataset.role)
    byId("quiet-minis").hidePopover()
  })
  follow.addEventListener("click", () => pick(""))
  for (const name of ["loopscope:past", "loopscope:now"]) document.addEventListener(name, show)
  watch((state) => {
    fold()
    show()
    for (const mini of minis()) {
      const role = roleOf(mini)
      busy(mini, state.actors[role])
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

/** The n-th small ring, from 1. @param {number} number */
export function pickNth(number) {
  const mini = all("#minis > .mini")[number - 1]
  if (mini?.dataset.role) pick(mini.dataset.role)
}

/** The loop that is shown. */
export const current = () => section.dataset.role

const minis = () => all(".mini[data-role]")
/** @param {HTMLElement} element */
const roleOf = (element) => element.dataset.role ?? ""

/** Loops that matter stand in their order; the others are behind "+9 quiet". One that wakes takes its place among them. */
function fold() {
  const folded = byId("quiet-loops")
  const ordered = minis().sort((a, b) => Number(a.dataset.order) - Number(b.dataset.order))
  arrange(byId("minis"), [...ordered.filter((mini) => isAwake(roleOf(mini))), folded])
  const quiet = ordered.filter((mini) => !isAwake(roleOf(mini)))
  arrange(byId("quiet-minis"), quiet)
  folded.hidden = !quiet.length
  write(one("*", folded), say("quiet_loops", {n: quiet.length}))
}

/** Moves only what is not in its place, so that focus stays. @param {Element} home @param {Element[]} wanted */
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
  const [past, told, loops] = ["past", "told", "loops"].map((id) => byId(id))
  const panels = all(":scope > .loop", loops)
  for (const panel of panels) panel.hidden = panel.dataset.role !== pinned
  const pin = panels.find((panel) => !panel.hidden)
  const shown = isPast() ? past : pin ?? told
  past.hidden = shown !== past
  told.hidden = shown !== told
  loops.hidden = shown !== pin
  latestAct(shown)
  const wait = isPast() ? "" : state.waits[roleOf(shown)] ?? ""
  const line = byId("loop-waits")
  line.hidden = !wait
  write(line, wait)
  Object.assign(section.dataset, {step: shown.dataset.step, role: shown.dataset.role, pinned: String(shown === pin)})
  follow.setAttribute("aria-pressed", String(!pinned))
  write(follow, say(pinned ? "pinned" : "follow"))
  for (const mini of minis()) {
    mini.setAttribute("aria-pressed", String(mini.dataset.role === shown.dataset.role))
    const panel = panels.find((one) => one.dataset.role === mini.dataset.role)
    mini.classList.toggle("idle", !Number(panel?.dataset.step))
  }
}

/** Of many actions the newest that was done stays in sight. @param {Element} panel */
function latestAct(panel) {
  const [phase] = all('.phase[data-phase="act"]', panel)
  const done = phase && all(".acts-list li:not(.next):not(.skipped)", phase).at(-1)
  if (done) phase.scrollTop = Math.max(0, done.offsetTop + done.offsetHeight - phase.offsetTop - phase.clientHeight + 8)
}

/** @param {HTMLElement} mini @param {[string, number, number]|undefined} actor phase, in flight, queued */
function busy(mini, actor) {
  const [phase, running, queued] = actor ?? ["", 0, 0]
  if (phase && running) mini.dataset.busy = phase
  else delete mini.dataset.busy
  const queue = one(".queue", mini)
  queue.textContent = queued ? String(queued) : ""
  queue.classList.toggle("some", queued > 0)
}

/** @param {HTMLElement} mini @param {string|undefined} mistake */
function fails(mini, mistake) {
  mini.dataset.failed = String(Boolean(mistake))
  mini.title = mistake ?? roleOf(mini)
}

/** @param {HTMLElement} mini @param {string|undefined} wait for what, and until when */
function waits(mini, wait) {
  mini.classList.toggle("waits", Boolean(wait))
  if (wait) mini.title = wait
}
