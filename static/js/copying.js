// Texts to copy: kubectl commands, mostly. A button that says its command in its title gives it away by Shift+click.
import {openDialog} from "./dialogs.js"
import {all, focused, hit, make, one} from "./dom.js"
import {say} from "./state.js"

const SHOWN = 300 // letters of what was copied

/** @typedef {(text: string, good: boolean) => void} Tell */

/** @param {Tell} tell */
export function startCopying(tell) {
  document.addEventListener("click", (event) => {
    const button = hit(event, "[data-copy]")
    if (button?.dataset.copy) copy(button.dataset.copy, button.dataset.said, tell)
  })
  document.addEventListener("click", (event) => {
    /** @type {?HTMLButtonElement} */
    const button = hit(event, "button[title^='kubectl ']")
    if (!button || !event.shiftKey) return
    event.preventDefault()
    event.stopImmediatePropagation()
    copy(whole(button), button.title, tell)
  }, true)
}

/** The command of a button; of Apply, with the manifest. @param {HTMLButtonElement} button */
function whole(button) {
  const field = button.form?.elements.namedItem("manifest")
  const text = field instanceof HTMLTextAreaElement ? field.value : ""
  const [command] = button.title.split("\n")
  if (!text) return command
  let end = "EOF"
  while (text.split("\n").includes(end)) end += "_"
  return `${command} <<'${end}'\n${text.trimEnd()}\n${end}`
}

/** @param {string} text @param {string|undefined} said instead of it @param {Tell} tell */
async function copy(text, said, tell) {
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false) || byHand(text)
  const shown = said ?? (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text)
  const note = openDialog()?.querySelector(".copied")
  if (note) note.textContent = done ? say("copied") : say("not_copied")
  else tell(done ? `${say("copied")}: ${shown}` : text, true)
}

/** Browsers keep their clipboard from pages that came over plain http; this old way they allow. @param {string} text */
function byHand(text) {
  const before = focused()
  const field = make("textarea", {value: text, className: "away"})
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
  /** @type {HTMLFormElement[]} */
  const forms = all("form[data-pattern]", panel)
  for (const form of forms) {
    const values = new FormData(form)
    const pattern = form.dataset.emptied && !values.get("value") ? form.dataset.emptied : form.dataset.pattern ?? ""
    const text = pattern.split(" ").map((part) => word(part.replace(/\{(\w+)\}/g, (_, name) => String(values.get(name) ?? "")))).join(" ")
    one("[type='submit']", form).title = text
    const button = one(".copy", form)
    button.dataset.copy = button.textContent = text
  }
}

/** One word of a shell. @param {string} text */
const word = (text) => (/^[\w@%+=:,./{}-]+$/.test(text) || /^'.*'$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
