// The panel in which one writes a controller, beside the loop and the board where it runs. What is in it comes from the
// server, as forms. While one writes, the text is looked at; once "Try it" was pressed, tried too. Nothing of that acts.
import {ask, isAbort} from "./asking.js"
import {byId, hit, make, one, parsed} from "./dom.js"
import {plainEditor} from "./plain.js"
import {sheet} from "./sheets.js"
import {room, say, watch} from "./state.js"
import {starlarkEditor} from "./starlark.js"

const [LINT_MS, REFRESHED_MS] = [300, 1000]
const PAGE = {Accept: "text/html", "HX-Request": "true"}
const FIELDS = ["name", "parent", "children", "text"]
/** @import {Editor, Problem, Values} from "./types.js" */
/** @typedef {Object<string, string|boolean>} Draft what the form holds, by its fields */

/** @type {HTMLDialogElement} */
const dialog = byId("own")
const body = byId("own-body")
const store = `own:${room.id}`
/** @template {HTMLElement} [E=HTMLElement] @param {string} id @returns {E} */
const part = (id) => byId(`own-${id}`)
/** @returns {HTMLFormElement} */
const form = () => part("form")
/** @param {string} name */
const field = (name) => /** @type {HTMLInputElement} */ (form().elements.namedItem(name))
/** @returns {HTMLTextAreaElement} */
const text = () => one("textarea[name=text]", form())
/** @returns {HTMLSelectElement} what there is to begin with */
const choice = () => part("choice")
/** @returns {HTMLSelectElement} the parents that there are */
const parents = () => part("observed")
const choosing = () => one("label:has(#own-observed)")
/** @returns {HTMLTextAreaElement} */
const observation = () => part("observation")

/** @type {Editor} */
let editor
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
  const came = window.htmx.ajax("GET", `${room.base}/controllers?lang=${room.lang}`, {target: "#own-body", swap: "innerHTML"})
  await Promise.all([came, sheet("own")])
  write(draft() ?? chosen())
  editor = await starlarkEditor(part("editor"), text(), text().value).catch(plainly)
  editor.onChange(changed)
  choice().addEventListener("change", () => {
    write(chosen())
    editor.setText(text().value)
    typed = false
    changed()
  })
  form().addEventListener("input", (event) => { if (hit(event, "input[name]")) changed() })
  form().addEventListener("submit", (event) => {
    event.preventDefault()
    send("define-controller", filled())
  })
  body.addEventListener("click", (event) => {
    const button = hit(event, "[data-remove]")
    if (button) send("remove-controller", {name: button.dataset.remove ?? ""})
  })
  startTrying()
  watch(() => {
    if (dialog.open && !refreshing) refreshing = setTimeout(refresh, REFRESHED_MS)
  })
  lint()
}

/** @returns {Draft} */
const chosen = () => JSON.parse(choice().selectedOptions[0].dataset.fields ?? "{}")

/** @returns {Object<string, string>} what the form sends */
const filled = () => Object.fromEntries([...new FormData(form())].map(([name, value]) => [name, String(value)]))

/** @param {Draft} fields */
function write(fields) {
  for (const name of FIELDS) field(name).value = String(fields[name])
  field("edge").checked = Boolean(fields.edge)
}

/** If the real editor cannot load, the text field stays. @param {unknown} error */
function plainly(error) {
  console.info(say("editor_plain"), error)
  return plainEditor(text())
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

/** @returns {?Draft} */
function draft() {
  try {
    return JSON.parse(sessionStorage.getItem(store) ?? "null")
  } catch {
    return null
  }
}

/** @param {string} command @param {Values} values */
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
  const fresh = parsed(await page.text())
  one(".own-list", body).replaceWith(one(".own-list", fresh))
  const [options, next] = [choice(), one("#own-choice", fresh)]
  if (options.innerHTML !== next.innerHTML && document.activeElement !== options) {
    const {text} = options.selectedOptions[0]
    options.replaceChildren(...next.children)
    options.value = text
  }
  if (!part("try").hidden && !typed && document.activeElement !== observation()) await observeAndTry()
}

// ------------------------------------------------------------------------------------------------- lint

async function lint() {
  asking?.abort()
  asking = new AbortController()
  try {
    const answer = await ask("controllers/lint", filled(), asking.signal)
    const found = await answer.json()
    /** @type {Problem[]} */
    const problems = answer.ok ? found.problems : [{line: 0, message: found.message}]
    told(problems)
    if (!part("try").hidden && !problems.some(isError)) await (typed ? tryIt() : observeAndTry())
  } catch (error) {
    if (!isAbort(error)) part("lint").textContent = say("offline")
  }
}

/** @param {Problem} problem */
const isError = ({severity}) => severity !== "warning"

/** @param {Problem[]} problems */
function told(problems) {
  editor.setProblems(problems)
  const first = problems.find(isError) ?? problems[0]
  const line = first?.line ? `${say("line", {n: first.line})}: ` : ""
  const isBad = first !== undefined && isError(first)
  part("lint").dataset.bad = String(isBad)
  const className = isBad ? "problem" : "drift"
  part("lint").replaceChildren(...(first ? [make("div", {className, textContent: line + first.message})] : []))
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
  parents().addEventListener("change", observeAndTry)
  observation().addEventListener("input", () => {
    typed = true
    clearTimeout(linting)
    linting = setTimeout(tryIt, LINT_MS)
  })
}

/** What the loop would see now, of the parent that is chosen, and what it would do about it. */
async function observeAndTry() {
  const mine = ++trial
  const answer = await ask("controllers/observation", {...filled(), chosen: parents().value}).catch(() => null)
  if (mine !== trial || !answer) return
  const found = await answer.json()
  if (!answer.ok) {
    nothingObserved(found.message)
    return
  }
  observation().value = found.text
  offer(found.choices, found.chosen)
  typed = false
  await tryIt()
}

/** @param {[value: string, text: string][]} choices none: one need not choose @param {string} [chosen] */
function offer(choices, chosen) {
  parents().replaceChildren(...choices.map(([value, text]) => new Option(text, value, false, value === chosen)))
  choosing().hidden = !choices.length
}

async function tryIt() {
  const mine = ++trial
  const answer = await ask("controllers/try", {...filled(), observation: observation().value}, undefined, PAGE).catch(() => null)
  const html = await answer?.text()
  if (mine === trial && html) part("tried").innerHTML = html
}

/** Nor does what was observed before stay. @param {string} message */
function nothingObserved(message) {
  observation().value = ""
  choosing().hidden = true
  part("tried").replaceChildren(make("p", {className: "bad", textContent: `▲ ${message}`}))
}
