// Desired: a tab per object applied and per draft, the plan of what applying would change, and the editor itself.
import {ask, isAbort} from "./asking.js"
import {tell} from "./commands.js"
import {byId, hit, make, one, parsed} from "./dom.js"
import {plainEditor} from "./plain.js"
import {open} from "./inspector.js"
import {data, room, say, watch} from "./state.js"
import {drawTabs, startTabs} from "./tabs.js"

/** @import {Problem, Ref, Sent, State, Written} from "./types.js" */
/** @typedef {{id: string, ref: ?Ref, text: string, draft: ?string}} Doc */
/** @typedef {{path: string, old: unknown, new: unknown}} Change */
/** @typedef {{kind: string, name: string, operation: string, changes?: Change[]}} Planned */
/** @typedef {{problems: Problem[], documents: Planned[], unavailable?: string}} Plan `unavailable`: why nobody could look at the text */

const WAIT_MS = 300
/** @type {HTMLFormElement} */
const form = byId("editor")
/** @type {HTMLTextAreaElement} */
const field = byId("manifest")
const foot = byId("plan")
const store = `drafts:${room.id}`

/** @type {Doc[]} */
let docs = []
let active = 0
let applied = -1
let epoch = -1
let planning = 0
/** @type {?AbortController} */
let asking = null
let quiet = true
/** The connection was lost: a new epoch after that is a server that restarted, not somebody's reset. */
let away = false
/** @type {Problem[]} what the plan found wrong */
let wrong = []
/** @type {Set<string>} the tabs as they were when Apply was pressed */
let before = new Set()
let editor = plainEditor(field)

export function startDesired() {
  watch((now, fresh) => {
    if (fresh) adopt(data.documents, now.epoch !== epoch && epoch !== -1 && !away)
    else if (now.applied !== applied) fetchDocuments()
    else if (moved(now)) planSoon()
    applied = now.applied
    epoch = now.epoch
    quiet = now.quiet
    away = false
  })
  document.addEventListener("loopscope:lost", () => { away = true })
  startTabs(choose)
  byId("new-menu").addEventListener("click", (event) => {
    const button = hit(event, "[data-template]")
    if (button) begin(data.templates[Number(button.dataset.template)].text)
  })
  startKinds()
  byId("show-live").addEventListener("click", showLive)
  form.addEventListener("htmx:beforeRequest", refuseNothing)
  form.addEventListener("htmx:afterRequest", (event) => answered(sent(event).successful))
  byId("answer").addEventListener("htmx:beforeSwap", besideTheLine)
  editor.onChange(edited)
  afterFirstPaint(upgrade)
}

export const focusEditor = () => editor.focus()

/** @param {Event} event of htmx's */
const sent = (event) => /** @type {CustomEvent<Sent>} */ (event).detail

/** Somebody did something, or all is done: what applying would change may be another. @param {State} now */
const moved = (now) => now.steps.some(([, , lane]) => /^(you$|@)/.test(lane)) || (now.quiet && !quiet)

/** The real editor replaces the text field once the page is there; if it cannot load, the text field stays. */
async function upgrade() {
  try {
    const {richEditor} = await import("./editor.js")
    const text = editor.text()
    const focused = document.activeElement === field
    editor = await richEditor(form, field, text)
    editor.onChange(edited)
    if (focused) editor.focus()
    mark()
    plan()
  } catch (error) {
    console.info(say("editor_plain"), error)
  }
}

/** @param {() => void} work */
function afterFirstPaint(work) {
  requestAnimationFrame(() => setTimeout(work, 60))
}

// ------------------------------------------------------------------------------------------------- tabs

/** @param {Written[]} written @param {boolean} startOver */
function adopt(written, startOver) {
  const current = docs[active]
  const kept = startOver ? {} : drafts()
  const declared = written.map((doc) => ({...doc, draft: kept[doc.id] === doc.text ? null : kept[doc.id] ?? null}))
  const begun = Object.entries(kept).filter(([id, draft]) => id.startsWith("+") && (draft || !written.length))
  const extra = begun.map(([id, draft]) => ({id, ref: null, text: "", draft}))
  docs = [...declared, ...extra]
  const index = docs.findIndex((doc) => doc.id === current?.id)
  active = index >= 0 ? index : Math.max(0, Math.min(active, docs.length - 1))
  if (!docs.length) docs = [{id: "+1", ref: null, text: "", draft: ""}]
  if (startOver) keep()
  show()
}

function show() {
  tabs()
  const doc = docs[active]
  const text = doc.draft ?? doc.text
  if (editor.text() !== text) editor.setText(text)
  mark()
  plan()
}

function tabs() {
  drawTabs(docs.map(({id, ref, draft}) => ({name: ref ? id : `${say("new")} ${id.slice(1)}`, isDirty: draft !== null})), active)
  form.setAttribute("aria-labelledby", `tab-${active}`)
}

/** @param {number} index */
function choose(index) {
  if (index < 0 || index >= docs.length) return
  active = index
  show()
}

/** A tab with a new text. @param {string} text */
function begin(text) {
  const number = 1 + Math.max(0, ...docs.filter((doc) => !doc.ref).map((doc) => Number(doc.id.slice(1))))
  docs = docs.filter((doc) => doc.ref || doc.draft)
  docs.push({id: `+${number}`, ref: null, text: "", draft: text})
  keep()
  choose(docs.length - 1)
  editor.focus()
}

/** Any kind that there is begins with its smallest object. */
function startKinds() {
  /** @type {HTMLDetailsElement} */
  const menu = byId("new-menu")
  const asked = byId("new-kind")
  /** @type {HTMLInputElement} */
  const named = one("input[name=kind]", asked)
  menu.addEventListener("toggle", async () => {
    const answer = menu.open ? await fetch(`${room.base}/kinds`).catch(() => null) : null
    if (!answer?.ok) return
    /** @type {string[]} */
    const kinds = await answer.json()
    byId("kinds").replaceChildren(...kinds.map((kind) => new Option(kind)))
  })
  asked.addEventListener("submit", async (event) => {
    event.preventDefault()
    const query = new URLSearchParams({kind: named.value.trim()})
    const answer = await fetch(`${room.base}/blank?${query}`, {headers: {Accept: "application/json"}}).catch(() => null)
    if (!answer?.ok) {
      tell(answer ? (await answer.json()).message : say("offline"), false)
      return
    }
    menu.open = false
    named.value = ""
    begin(await answer.text())
  })
}

function edited() {
  const doc = docs[active]
  const text = editor.text()
  const dirty = text !== doc.text
  const was = doc.draft !== null
  doc.draft = dirty || !doc.ref ? text : null
  if (was !== (doc.draft !== null)) tabs()
  keep()
  mark()
  planSoon()
}

function keep() {
  try {
    sessionStorage.setItem(store, JSON.stringify(Object.fromEntries(docs.filter((doc) => doc.draft !== null).map((doc) => [doc.id, doc.draft]))))
  } catch { /* forbidden: drafts last as long as the page */ }
}

/** @returns {Object<string, string>} by the tab's id */
function drafts() {
  try {
    return JSON.parse(sessionStorage.getItem(store) ?? "{}")
  } catch {
    return {}
  }
}

/** Somebody applied something, perhaps elsewhere: the texts are fetched again. @param {Set<string>} [known] what is not among them is shown */
async function fetchDocuments(known) {
  const answer = await fetch(`${room.base}/documents`).catch(() => null)
  if (!answer?.ok) return
  adopt(await answer.json(), false)
  const made = known ? docs.findIndex((doc) => doc.ref && !known.has(doc.id)) : -1
  if (made >= 0) choose(made)
}

/** The answer to Apply came. What was applied is no draft any more; the tab goes with the object that the text made. @param {boolean} good */
function answered(good) {
  if (!good) return
  const doc = docs[active]
  doc.text = doc.draft ?? doc.text
  doc.draft = null
  keep()
  fetchDocuments(before)
}

/** A text without an object is refused as kubectl refuses it. @param {Event} event */
function refuseNothing(event) {
  before = new Set(docs.map(({id}) => id))
  if (editor.text().split("\n").some((line) => !/^\s*(#.*|---.*)?$/.test(line))) return
  event.preventDefault()
  tell("error: no objects passed to apply", false)
  showPlan({problems: [{line: 1, message: say("no_objects")}], documents: []})
}

/** A refusal of what the editor holds is said by the plan and its line; only what has no line needs an answer apart. @param {Event} event */
async function besideTheLine(event) {
  const {xhr, requestConfig} = sent(event)
  if (requestConfig?.elt !== form || xhr.status < 400) return
  sent(event).shouldSwap = false
  const said = parsed(xhr.responseText).querySelector(".answer p")?.textContent
  await plan()
  if (wrong.length) editor.reveal(wrong[0].line)
  else tell(said?.trim() ?? String(xhr.status), false)
}

function showLive() {
  const ref = docs[active]?.ref
  if (ref) open(`${ref[0]}/${ref[1] || "-"}/${ref[2]}`, byId("show-live"))
  else tell(say("draft"), false)
}

// ------------------------------------------------------------------------------------------------- plan

/** Lines that differ from what was applied: all between the common beginning and the common end. */
function mark() {
  const doc = docs[active]
  const [now, was] = [editor.text().split("\n"), (doc.text || "").split("\n")]
  if (!doc.ref || doc.draft === null) {
    editor.setChanged([])
    return
  }
  let [start, end] = [0, 0]
  while (start < now.length && start < was.length && now[start] === was[start]) start++
  while (end < now.length - start && end < was.length - start && now.at(-1 - end) === was.at(-1 - end)) end++
  const inside = new Set(was.slice(start, was.length - end))
  const changed = []
  for (let index = start; index < now.length - end; index++) if (!inside.has(now[index])) changed.push(index + 1)
  editor.setChanged(changed)
}

function planSoon() {
  clearTimeout(planning)
  planning = setTimeout(plan, WAIT_MS)
}

/** Asks the server what applying would do; nothing is changed by asking. */
async function plan() {
  clearTimeout(planning)
  if (room.whyNot) return void (foot.textContent = room.whyNot)
  asking?.abort()
  asking = new AbortController()
  const text = editor.text()
  if (!text.trim()) {
    showPlan({problems: [], documents: []})
    return
  }
  try {
    const answer = await ask("plan", {manifest: text}, asking.signal)
    const found = await answer.json()
    if (answer.ok) showPlan(found)
    else showPlan({problems: [{line: 1, message: found.message ?? String(answer.status)}], documents: []})
  } catch (error) {
    if (!isAbort(error)) foot.textContent = say("offline")
  }
}

/** @param {Plan} plan */
function showPlan({problems, documents, unavailable}) {
  editor.setProblems(problems)
  foot.dataset.bad = String(problems.length > 0)
  const errors = problems.filter((problem) => problem.severity !== "warning")
  wrong = errors
  foot.replaceChildren(...(errors.length ? [line("problem", problemText(errors))] : unavailable ? [line("drift", unavailable)] : news(documents)))
}

/** @param {Planned[]} documents */
function news(documents) {
  const lines = documents.flatMap(planned)
  if (!lines.length) return documents.length ? [make("span", {textContent: say("unchanged")})] : []
  const isWritten = docs[active]?.ref && docs[active].draft === null
  return isWritten ? [line("drift", say("drift")), ...lines] : lines
}

/** @param {Problem[]} errors at least one */
function problemText(errors) {
  const [first] = errors
  const plain = first.message.replace(/ \(e\.g\. .*\)$/s, "") // the mark in the editor tells the pattern too
  const said = first.fix ? `${say("fix", {fix: first.fix})}\n${plain}` : plain
  const where = first.line ? `${say("line", {n: first.line})}: ` : ""
  return where + (errors.length === 1 ? said : say("problems", {n: errors.length, message: said}))
}

/** @param {Planned} document */
function planned({kind, name, operation, changes}) {
  if (operation === "created") return [line("change", say("created", {what: `${kind.toLowerCase()}/${name}`}))]
  return (changes ?? []).map(({path, old, new: next}) => {
    const change = line("change", `${path} `)
    if (old !== null && old !== undefined) change.append(make("del", {textContent: brief(old)}), " ")
    change.append("→ ", next === null || next === undefined ? `(${say("deleted")})` : brief(next))
    return change
  })
}

/** @param {unknown} value */
const brief = (value) => (typeof value === "string" ? value : JSON.stringify(value))

/** @param {string} className @param {string} textContent */
const line = (className, textContent) => make("div", {className, textContent})

