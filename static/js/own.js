// Controllers of one's own: what opens and closes the panel with the second editor. It comes when it is asked for.

const dialog = document.getElementById("own")

export function startOwn() {
  document.getElementById("own-open").addEventListener("click", openOwn)
  dialog.querySelector("[data-close-dialog]").addEventListener("click", closeOwn)
}

export async function openOwn() {
  document.getElementById("new-menu").open = false
  const {openPanel} = await import("./ownpanel.js")
  return openPanel()
}

/** @returns {boolean} whether it was open */
export function closeOwn() {
  const wasOpen = dialog.open
  dialog.close()
  return wasOpen
}
