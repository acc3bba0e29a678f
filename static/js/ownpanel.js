// The panel in which one writes a controller, beside the loop and the board where it runs. What is in it comes from the
// server, as forms. While one writes, the text is looked at; once "Try it" was pressed, tried too. Nothing of that acts.
import {plainEditor} from "./plain.js"
import {sheet} from "./sheets.js"
import {room, say, watch} from "./state.js"
import {starlarkEditor} from "./starlark.js"

const [LINT_MS, REFRESHED_MS] = [300, 1000]
const FIELDS = ["name", "parent", "children", "text"]
const dialog = document.getElementById("own")
const body = document.getElementById("own-body")
const token = document.querySelector('meta[name="csrf-token"]').content
const store = `own:${room.id}`
const part = (id) => document.getElementById(`own-${id}`)
const field = (name) => part("form").elements.namedItem(name)

let editor = null
/** @type {?Promise<void>} */
let filling = null
let [linting, refreshing] = [0, 0]
/** @type {?AbortController} */
let asking = null
/** What is observed was typed, and stays. */
let typed = false
/** How often it was tried: only the newest answer is shown. */
let trial = 0

export async function openPanel() {
  await (filling ??= fill())
  dialog.show()
  editor.focus()
  refresh()
}

/** The first time. */
async function fill() {
  const form = window.htmx.ajax("GET", `${room.base}/controllers?lang=${room.lang}`, {target: "#own-body", swap: "innerHTML"})
  await Promise.all([form, sheet("own")])
  write(draft() ?? chosen())
  editor = await starlarkEditor(part("editor"), field("text"), field("text").value).catch(plainly)
  editor.onChange(changed)
  part("choice").addEventListener("change", () => {
    write(chosen())
    editor.setText(field("text").value)
    typed = false
    changed()
  })
  part("form").addEventListener("input", (event) => event.target.matches("input[name]") && changed())
  part("form").addEventListener("submit", (event) => {
    event.preventDefault()
    send("define-controller", Object.fromEntries(new FormData(part("form"))))
  })
  body.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove]")
    if (button) send("remove-controller", {name: button.dataset.remove})
  })
  startTrying()
  watch(() => {
    if (dialog.open && !refreshing) refreshing = setTimeout(refresh, REFRESHED_MS)
  })
  lint()
}

const chosen = () => JSON.parse(part("choice").selectedOptions[0].dataset.fields)

function write(fields) {
  for (const name of FIELDS) field(name).value = fields[name]
  field("edge").checked = Boolean(fields.edge)
}

/** If the real editor cannot load, the text field stays. */
function plainly(error) {
  console.info(say("editor_plain"), error)
  return plainEditor(field("text"))
}

function changed() {
  keep()
  clearTimeout(linting)
  linting = setTimeout(lint, LINT_MS)
}

function keep() {
  const fields = Object.fromEntries(FIELDS.map((name) => [name, field(name).value]))
  try {
    sessionStorage.setItem(store, JSON.stringify({...fields, edge: field("edge").checked}))
  } catch { /* forbidden: what one wrote lasts as long as the page */ }
}

function draft() {
  try {
    return JSON.parse(sessionStorage.getItem(store) ?? "null")
  } catch {
    return null
  }
}

async function send(command, values) {
  await window.htmx.ajax("POST", `${room.base}/commands/${command}`, {target: "#own-answer", swap: "innerHTML", values})
  return refresh()
}

/** How they fare now; what one has written stays. */
async function refresh() {
  clearTimeout(refreshing)
  refreshing = 0
  const page = await fetch(`${room.base}/controllers?lang=${room.lang}`).catch(() => null)
  if (!page?.ok || !dialog.open) return
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html")
  body.querySelector(".own-list").replaceWith(fresh.querySelector(".own-list"))
  const [choice, next] = [part("choice"), fresh.getElementById("own-choice")]
  if (choice.innerHTML !== next.innerHTML && document.activeElement !== choice) {
    const {text} = choice.selectedOptions[0]
    choice.replaceChildren(...next.children)
    choice.value = text
  }
  if (!part("try").hidden && !typed && document.activeElement !== part("observation")) await observeAndTry()
}

/** The form and more, to a route that changes nothing. */
function ask(route, more = {}, signal = undefined) {
  const values = new URLSearchParams({...Object.fromEntries(new FormData(part("form"))), ...more})
  const headers = {"X-CSRF-Token": token, Accept: route === "try" ? "text/html" : "application/json"}
  if (route === "try") headers["HX-Request"] = "true"
  return fetch(`${room.base}/controllers/${route}?lang=${room.lang}`, {method: "POST", body: values, headers, signal})
}

// ------------------------------------------------------------------------------------------------- lint

async function lint() {
  asking?.abort()
  asking = new AbortController()
  try {
    const answer = await ask("lint", {}, asking.signal)
    const found = await answer.json()
    const problems = answer.ok ? found.problems : [{line: 0, message: found.message}]
    told(problems)
    if (!part("try").hidden && !problems.some(isError)) await (typed ? tryIt() : observeAndTry())
  } catch (error) {
    if (error.name !== "AbortError") part("lint").textContent = say("offline")
  }
}

const isError = ({severity}) => severity !== "warning"

function told(problems) {
  editor.setProblems(problems)
  const first = problems.find(isError) ?? problems[0]
  const line = first?.line ? `${say("line", {n: first.line})}: ` : ""
  const box = document.createElement("div")
  box.className = first && isError(first) ? "problem" : "drift"
  box.textContent = first ? line + first.message : ""
  part("lint").dataset.bad = String(Boolean(first && isError(first)))
  part("lint").replaceChildren(...(first ? [box] : []))
}

// ------------------------------------------------------------------------------------------------- try it

function startTrying() {
  part("try-open").addEventListener("click", async () => {
    part("try").hidden = false
    await (typed ? tryIt() : observeAndTry())
    part("try").scrollIntoView({block: "nearest"})
  })
  part("try-close").addEventListener("click", () => {
    part("try").hidden = true
    part("try-open").focus()
  })
  part("observed").addEventListener("change", observeAndTry)
  part("observation").addEventListener("input", () => {
    typed = true
    clearTimeout(linting)
    linting = setTimeout(tryIt, LINT_MS)
  })
}

/** What the loop would see now, of the parent that is chosen, and what it would do about it. */
async function observeAndTry() {
  const mine = ++trial
  const answer = await ask("observation", {chosen: part("observed").value}).catch(() => null)
  if (mine !== trial || !answer) return undefined
  if (!answer.ok) return nothingObserved((await answer.json()).message)
  const found = await answer.json()
  part("observation").value = found.text
  part("observed").replaceChildren(...found.choices.map(([value, text]) => new Option(text, value, false, value === found.chosen)))
  part("observed").parentElement.hidden = !found.choices.length
  typed = false
  return tryIt()
}

async function tryIt() {
  const mine = ++trial
  const answer = await ask("try", {observation: part("observation").value}).catch(() => null)
  const html = await answer?.text()
  if (mine === trial && html) part("tried").innerHTML = html
}

/** Nor does what was observed before stay. */
function nothingObserved(message) {
  part("observation").value = ""
  part("observed").parentElement.hidden = true
  const line = document.createElement("p")
  Object.assign(line, {className: "bad", textContent: `▲ ${message}`})
  part("tried").replaceChildren(line)
}
