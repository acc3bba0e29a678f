// Dialogs: a button opens each; its cross, Escape or a click beside it closes it. One stands in the page (own.js).
import {all, byId, hit} from "./dom.js"

export function startDialogs() {
  document.addEventListener("click", async (event) => { // those that come when they are asked for
    const name = hit(event, "[data-comes]")?.dataset.comes
    if (name) (await import(`./${name}.js`)).open()
  })
  /** @type {HTMLDialogElement[]} */
  const dialogs = all("dialog:not(#own)")
  for (const dialog of dialogs) {
    byId(`${dialog.id}-open`).addEventListener("click", () => show(dialog.id))
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || hit(event, "[data-close-dialog]")) dialog.close()
    })
  }
}

/** @returns {?HTMLDialogElement} */
export const openDialog = () => document.querySelector("dialog[open]:not(#own)")

/** @param {string} id */
export function show(id) {
  /** @type {HTMLDialogElement} */
  const dialog = byId(id)
  if (!openDialog()) dialog.showModal()
}
