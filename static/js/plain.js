// The plain text field as an editor: what one edits with until CodeMirror is there, or when it cannot be loaded.

/** @import {Editor} from "./types.js" */

/** @param {HTMLTextAreaElement} field @returns {Editor} */
export function plainEditor(field) {
  let leaving = 0
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leaving = Date.now()
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) field.form?.requestSubmit()
    else if (event.key === "Tab" && !event.shiftKey && Date.now() - leaving > 2000) field.setRangeText("  ", field.selectionStart, field.selectionEnd, "end")
    else return
    event.preventDefault()
    field.dispatchEvent(new Event("input"))
  })
  return {
    text: () => field.value,
    setText: (text) => { field.value = text },
    focus: () => field.focus(),
    onChange: (heard) => field.addEventListener("input", heard),
    reveal(line) {
      const lines = field.value.split("\n").slice(0, Math.max(1, line || 1))
      field.focus()
      field.setSelectionRange(lines.join("\n").length, lines.join("\n").length)
    },
    setChanged: () => {},
    setProblems: (problems) => field.setAttribute("aria-invalid", String(problems.length > 0)),
  }
}
