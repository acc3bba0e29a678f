// Texts to copy: kubectl commands, mostly. A button that says its command in its title gives it away by Shift+click.
import {openDialog} from "./dialogs.js"
import {say} from "./state.js"

const SHOWN = 300 // letters of what was copied

/** @param {(text: string, good: boolean) => void} tell */
export function startCopying(tell) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]")
    if (button) copy(button.dataset.copy, button.dataset.said, tell)
  })
  document.addEventListener("click", (event) => {
    const button = event.shiftKey && event.target.closest("button[title^='kubectl ']")
    if (!button) return
    event.preventDefault()
    event.stopImmediatePropagation()
    copy(whole(button), button.title, tell)
  }, true)
}

/** The command of a button; of Apply, with the manifest. */
function whole(button) {
  const text = button.form?.elements.manifest?.value
  const [command] = button.title.split("\n")
  if (!text) return command
  let end = "EOF"
  while (text.split("\n").includes(end)) end += "_"
  return `${command} <<'${end}'\n${text.trimEnd()}\n${end}`
}

async function copy(text, said, tell) {
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false) || byHand(text)
  const shown = said ?? (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text)
  const note = openDialog()?.querySelector(".copied")
  if (note) note.textContent = done ? say("copied") : say("not_copied")
  else tell(done ? `${say("copied")}: ${shown}` : text, true)
}

/** Browsers keep their clipboard from pages that came over plain http; this old way they allow. */
function byHand(text) {
  const before = document.activeElement
  const field = document.createElement("textarea")
  field.value = text
  field.className = "away"
  const home = openDialog() ?? document.body
  home.append(field)
  field.select()
  const done = document.execCommand("copy")
  field.remove()
  before?.focus()
  return done
}

/** A command as the inputs of its form say it. @param {HTMLElement} panel */
export function sayCommands(panel) {
  for (const form of panel.querySelectorAll("form[data-pattern]")) {
    const values = Object.fromEntries(new FormData(form))
    const pattern = form.dataset.emptied && !values.value ? form.dataset.emptied : form.dataset.pattern
    const text = pattern.split(" ").map((part) => word(part.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? ""))).join(" ")
    form.querySelector("[type='submit']").title = text
    const button = form.querySelector(".copy")
    button.dataset.copy = button.textContent = text
  }
}

/** One word of a shell. */
const word = (text) => (/^[\w@%+=:,./{}-]+$/.test(text) || /^'.*'$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
