// The lesson: its title and promise, its steps as buttons, what to watch for after the last one, and its ending.
import {post} from "./commands.js"
import {all, byId, focused, hit, make, one} from "./dom.js"
import {finishedLessons, keepFinished} from "./prefs.js"
import {data, room, say, state, watch} from "./state.js"

/** @import {Lesson, LessonStep, Script} from "./types.js" */

const section = byId("script")
const GLANCE_MS = 100
let shown = ""
/** @type {Set<string>} lessons of which every step was done in this browser */
const finished = finishedLessons()
/** @type {Map<string, number>} how long each milestone, once reached, has stood in sight */
const stood = new Map()

export function startScript() {
  section.addEventListener("click", (event) => {
    const button = hit(event, "[data-script-step]")
    if (button) pressStep(Number(button.dataset.scriptStep))
  })
  watch((now, fresh) => {
    if (fresh) lesson(data.scenario)
    if (now.script) progress(now.script)
  })
  setInterval(glance, GLANCE_MS)
}

/** The next step that is not done, else the first. */
export function tryNext() {
  const buttons = all("[data-script-step]", section)
  const next = buttons.find((button) => button.dataset.done !== "true") ?? buttons[0]
  if (next) pressStep(Number(next.dataset.scriptStep))
}

/** A pod that has the focus is the one that is meant, where any would do. @param {number} index */
function pressStep(index) {
  /** @type {?HTMLElement|undefined} */
  const pod = focused()?.closest(".pod")
  post(`script/${index}`, pod ? {name: pod.dataset.name ?? ""} : {})
}

/** Which lesson this is. @param {Lesson} lesson */
function lesson({id, title, promise, steps}) {
  const name = byId("scenario-title")
  name.textContent = title
  if (name.parentElement) name.parentElement.title = promise
  for (const button of all("[data-scenario]")) {
    if (button.dataset.scenario === id) button.setAttribute("aria-current", "true")
    else button.removeAttribute("aria-current")
    if (finished.has(button.dataset.scenario ?? "")) tick(button)
  }
  if (shown === id) return
  shown = id
  byId("script-promise").textContent = promise
  byId("script-steps").replaceChildren(...steps.map(stepButton))
  for (const old of all("[data-watch-for]", section)) old.remove()
  byId("script-ending").before(...steps.map(watchFor))
}

/** @param {LessonStep} step @param {number} index */
function stepButton(step, index) {
  const item = make("li")
  const button = make("button", {type: "button", className: "pill", textContent: step.press, title: step.kubectl || say("no_kubectl")})
  if (room.whyNot) Object.assign(button, {disabled: true, title: room.whyNot})
  button.dataset.scriptStep = String(index)
  item.append(button)
  return item
}

/** @param {LessonStep} step @param {number} index */
function watchFor(step, index) {
  const box = make("div", {className: "watch-for", hidden: true})
  box.dataset.watchFor = String(index)
  const list = make("ol")
  list.append(...step.milestones.map((milestone) => {
    const item = make("li")
    item.dataset.milestone = milestone.id
    item.append(make("time"), ` ${milestone.words}`)
    return item
  }))
  box.append(make("p", {textContent: step.say}), list)
  return box
}

/** @param {Script} script */
function progress({steps, latest, ending}) {
  steps.forEach(({done, reached}, index) => {
    one(`[data-script-step="${index}"]`, section).dataset.done = String(done)
    const box = one(`[data-watch-for="${index}"]`, section)
    box.hidden = index !== latest
    for (const item of all("[data-milestone]", box)) {
      const time = reached[item.dataset.milestone ?? ""]
      if (time === undefined) forget(item)
      else item.dataset.reached = "true"
      one("time", item).textContent = time ?? ""
    }
  })
  Object.assign(byId("script-ending"), {textContent: ending, hidden: !ending})
  if (ending && !finished.has(shown)) finish(shown)
}

/** @param {string} id */
function finish(id) {
  finished.add(id)
  keepFinished(finished)
  for (const button of all(`[data-scenario="${id}"]`)) tick(button)
}

/** In the menu. @param {HTMLElement} button */
function tick(button) {
  button.dataset.finished = "true"
  button.title = say("finished")
}

/** It was pressed again. @param {HTMLElement} item */
function forget(item) {
  stood.delete(item.dataset.milestone ?? "")
  delete item.dataset.reached
  delete item.dataset.told
}

/** What was reached counts as told once it has stood in sight as long as it takes to read. On a phone, where the strip may be
 * out of sight, it stands below the caption, one after another. */
function glance() {
  if (document.hidden) return
  const waiting = all("[data-reached]:not([data-told])", section)
  const beside = byId("milestone-now")
  beside.hidden = !section.querySelector("[data-reached]")
  if (waiting.length) beside.textContent = waiting[0].textContent.trim()
  for (const item of waiting) {
    const id = item.dataset.milestone ?? ""
    const seen = (stood.get(id) ?? 0) + (inSight(item) || (item === waiting[0] && inSight(beside)) ? GLANCE_MS : 0)
    stood.set(id, seen)
    if (seen >= readingMs(id) / state.pace.speed) item.dataset.told = "true"
  }
}

/** @param {string} id */
function readingMs(id) {
  return data.scenario.steps.flatMap((step) => step.milestones).find((milestone) => milestone.id === id)?.reading_ms ?? Infinity
}

/** @param {HTMLElement} element */
function inSight(element) {
  const {top, left, bottom, right, height} = element.getBoundingClientRect()
  return height > 0 && top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth
}
