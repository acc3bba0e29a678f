// Controllers of one's own: the dialog with the second editor. What is in it comes from the server, as forms.
import {room, watch} from "./state.js"

const dialog = document.getElementById("own")
const body = document.getElementById("own-body")
const REFRESHED_MS = 1000 // after something happened
let refreshing = 0

const field = (name) => body.querySelector(`[name="${name}"]`)

export function startOwn() {
  document.getElementById("own-open").addEventListener("click", () => {
    document.getElementById("new-menu").open = false
    load().then(choose)
  })
  body.addEventListener("change", (event) => event.target.id === "own-choice" && choose())
  body.addEventListener("submit", (event) => {
    event.preventDefault()
    send("define-controller", Object.fromEntries(new FormData(event.target)))
  })
  body.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove]")
    if (button) send("remove-controller", {name: button.dataset.remove})
  })
  body.addEventListener("keydown", indent)
  watch(() => {
    if (dialog.open && !refreshing) refreshing = setTimeout(refresh, REFRESHED_MS)
  })
}

const load = () => window.htmx.ajax("GET", `${room.base}/controllers`, {target: "#own-body", swap: "innerHTML"})

/** What is chosen becomes what the form says. */
function choose() {
  const fields = JSON.parse(body.querySelector("#own-choice").selectedOptions[0].dataset.fields)
  for (const name of ["name", "parent", "children", "text"]) field(name).value = fields[name]
  field("edge").checked = Boolean(fields.edge)
}

async function send(command, values) {
  await window.htmx.ajax("POST", `${room.base}/commands/${command}`, {target: "#own-answer", swap: "innerHTML", values})
  return refresh()
}

/** How they fare now; what one has written stays. */
async function refresh() {
  clearTimeout(refreshing)
  refreshing = 0
  const page = await fetch(`${room.base}/controllers`)
  if (!page.ok || !dialog.open) return
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html")
  body.querySelector(".own-list").replaceWith(fresh.querySelector(".own-list"))
}

/** Tab indents; Escape leaves, as in the other editor. */
function indent(event) {
  if (event.key !== "Tab" || event.shiftKey || event.target.name !== "text") return
  event.preventDefault()
  event.target.setRangeText("    ", event.target.selectionStart, event.target.selectionEnd, "end")
}
