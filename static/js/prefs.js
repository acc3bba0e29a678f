// What this browser remembers: theme, present mode, and the lessons that were finished in it.
import {byId, one} from "./dom.js"
import {say} from "./state.js"

const root = document.documentElement
const button = byId("theme")
const present = byId("present")
/** @type {Object<string, string>} */
const SIGNS = {auto: "◐", light: "☼", dark: "☾"}
const THEMES = Object.keys(SIGNS)

export function startPrefs() {
  button.addEventListener("click", nextTheme)
  present.addEventListener("click", togglePresent)
  show()
}

export function nextTheme() {
  const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "auto") + 1) % THEMES.length]
  if (next === "auto") delete root.dataset.theme
  else root.dataset.theme = next
  keep("theme", next)
  show()
  dispatchEvent(new Event("resize"))
}

export function togglePresent() {
  const on = root.dataset.present === undefined
  if (on) root.dataset.present = ""
  else delete root.dataset.present
  keep("present", on ? "1" : "")
  show()
  dispatchEvent(new Event("resize"))
}

/** The editor is not on the stage. */
export function leaveStage() {
  if (root.dataset.present !== undefined) togglePresent()
}

function show() {
  const theme = root.dataset.theme ?? "auto"
  const text = say(`theme_${theme}`)
  button.title = text
  button.setAttribute("aria-label", text)
  one("span", button).textContent = SIGNS[theme]
  present.setAttribute("aria-pressed", String(root.dataset.present !== undefined))
}

/** @returns {Set<string>} */
export function finishedLessons() {
  try {
    return new Set((localStorage.getItem("finished") ?? "").split(" ").filter(Boolean))
  } catch {
    return new Set()
  }
}

/** @param {Set<string>} lessons */
export function keepFinished(lessons) {
  keep("finished", [...lessons].join(" "))
}

/** @param {string} name @param {string} value */
function keep(name, value) {
  try {
    localStorage.setItem(name, value)
  } catch { /* forbidden: it lasts as long as the page */ }
}
