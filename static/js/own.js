// Controllers of one's own: what opens and closes the panel with the second editor. It comes when it is asked for.
import {byId, one} from "./dom.js"

/** @type {HTMLDialogElement} */
const dialog = byId("own")

export function startOwn() {
  byId("own-open").addEventListener("click", openOwn)
  one("[data-close-dialog]", dialog).addEventListener("click", closeOwn)
}

export async function openOwn() {
  /** @type {HTMLDetailsElement} */
  const menu = byId("new-menu")
  menu.open = false
  const {openPanel} = await import("./ownpanel.js")
  return openPanel()
}

/** @returns {boolean} whether it was open */
export function closeOwn() {
  const wasOpen = dialog.open
  dialog.close()
  return wasOpen
}
