// Dialogs: a button opens each; its cross, Escape or a click beside it closes it. One stands in the page (own.js).

export function startDialogs() {
  document.addEventListener("click", async ({target}) => { // those that come when they are asked for
    const name = target.closest?.("[data-comes]")?.dataset.comes
    if (name) (await import(`./${name}.js`)).open()
  })
  for (const dialog of document.querySelectorAll("dialog:not(#own)")) {
    document.getElementById(`${dialog.id}-open`).addEventListener("click", () => show(dialog.id))
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close-dialog]")) dialog.close()
    })
  }
}

/** @returns {?HTMLDialogElement} */
export const openDialog = () => document.querySelector("dialog[open]:not(#own)")

/** @param {string} id */
export function show(id) {
  if (!openDialog()) document.getElementById(id).showModal()
}
