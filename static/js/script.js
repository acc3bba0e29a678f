// The lesson: its title and promise, its steps as buttons, what to watch for after the last one, and its ending.
import {post} from "./commands.js"
import {finishedLessons, keepFinished} from "./prefs.js"
import {data, room, say, state, watch} from "./state.js"

/**
 * @typedef {{id: string, words: string, reading_ms: number}} Milestone
 * @typedef {{press: string, say: string, kubectl: string, expects_refusal: boolean, milestones: Milestone[]}} Step
 * @typedef {{id: string, title: string, promise: string, steps: Step[]}} Lesson
 * @typedef {{pressed: boolean, done: boolean, reached: Object<string, string>}} Progress
 */

const section = document.getElementById("script")
const GLANCE_MS = 100
let shown = ""
/** @type {Set<string>} lessons of which every step was done in this browser */
const finished = finishedLessons()
/** @type {Map<string, number>} how long each milestone, once reached, has stood in sight */
const stood = new Map()

export function startScript() {
  section.addEventListener("click", (event) => {
    const button = event.target.closest("[data-script-step]")
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
  const buttons = [...section.querySelectorAll("[data-script-step]")]
  const next = buttons.find((button) => button.dataset.done !== "true") ?? buttons[0]
  if (next) pressStep(Number(next.dataset.scriptStep))
}

/** A pod that has the focus is the one that is meant, where any would do. @param {number} index */
function pressStep(index) {
  const pod = document.activeElement?.closest?.(".pod")
  post(`script/${index}`, pod ? {name: pod.dataset.name} : {})
}

/** Which lesson this is. @param {Lesson} lesson */
function lesson({id, title, promise, steps}) {
  const name = document.getElementById("scenario-title")
  name.textContent = title
  name.parentElement.title = promise
  for (const button of document.querySelectorAll("[data-scenario]")) {
    if (button.dataset.scenario === id) button.setAttribute("aria-current", "true")
    else button.removeAttribute("aria-current")
    if (finished.has(button.dataset.scenario)) tick(button)
  }
  if (shown === id) return
  shown = id
  document.getElementById("script-promise").textContent = promise
  document.getElementById("script-steps").replaceChildren(...steps.map(stepButton))
  for (const old of section.querySelectorAll("[data-watch-for]")) old.remove()
  document.getElementById("script-ending").before(...steps.map(watchFor))
}

/** @param {Step} step @param {number} index */
function stepButton(step, index) {
  const item = document.createElement("li")
  const button = document.createElement("button")
  Object.assign(button, {type: "button", className: "pill", textContent: step.press, title: step.kubectl || say("no_kubectl")})
  if (room.whyNot) Object.assign(button, {disabled: true, title: room.whyNot})
  button.dataset.scriptStep = String(index)
  item.append(button)
  return item
}

/** @param {Step} step @param {number} index */
function watchFor(step, index) {
  const box = document.createElement("div")
  Object.assign(box, {className: "watch-for", hidden: true})
  box.dataset.watchFor = String(index)
  const words = document.createElement("p")
  words.textContent = step.say
  const list = document.createElement("ol")
  list.append(...step.milestones.map((milestone) => {
    const item = document.createElement("li")
    item.dataset.milestone = milestone.id
    item.append(document.createElement("time"), ` ${milestone.words}`)
    return item
  }))
  box.append(words, list)
  return box
}

/** @param {{steps: Progress[], latest: ?number, ending: string}} script */
function progress({steps, latest, ending}) {
  steps.forEach(({done, reached}, index) => {
    section.querySelector(`[data-script-step="${index}"]`).dataset.done = String(done)
    const box = section.querySelector(`[data-watch-for="${index}"]`)
    box.hidden = index !== latest
    for (const item of box.querySelectorAll("[data-milestone]")) {
      const time = reached[item.dataset.milestone]
      if (time === undefined) forget(item)
      else item.dataset.reached = "true"
      item.querySelector("time").textContent = time ?? ""
    }
  })
  Object.assign(document.getElementById("script-ending"), {textContent: ending, hidden: !ending})
  if (ending && !finished.has(shown)) finish(shown)
}

/** @param {string} id */
function finish(id) {
  finished.add(id)
  keepFinished(finished)
  for (const button of document.querySelectorAll(`[data-scenario="${id}"]`)) tick(button)
}

/** In the menu. @param {HTMLElement} button */
function tick(button) {
  button.dataset.finished = "true"
  button.title = say("finished")
}

/** It was pressed again. @param {HTMLElement} item */
function forget(item) {
  stood.delete(item.dataset.milestone)
  delete item.dataset.reached
  delete item.dataset.told
}

/** What was reached counts as told once it has stood in sight as long as it takes to read. On a phone, where the strip may be
 * out of sight, it stands below the caption, one after another. */
function glance() {
  if (document.hidden) return
  const waiting = section.querySelectorAll("[data-reached]:not([data-told])")
  const beside = document.getElementById("milestone-now")
  beside.hidden = !section.querySelector("[data-reached]")
  if (waiting.length) beside.textContent = waiting[0].textContent.trim()
  for (const item of waiting) {
    const id = item.dataset.milestone
    if (inSight(item) || (item === waiting[0] && inSight(beside))) stood.set(id, (stood.get(id) ?? 0) + GLANCE_MS)
    if (stood.get(id) >= readingMs(id) / state.pace.speed) item.dataset.told = "true"
  }
}

/** @param {string} id */
function readingMs(id) {
  return data.scenario.steps.flatMap((step) => step.milestones).find((milestone) => milestone.id === id).reading_ms
}

/** @param {HTMLElement} element */
function inSight(element) {
  const {top, left, bottom, right, height} = element.getBoundingClientRect()
  return height > 0 && top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth
}
