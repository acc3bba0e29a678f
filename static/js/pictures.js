// The dialog with pictures to take away: a moment as SVG or PNG, the story as GIF, the room as a frame. It comes when it
// is asked for. The server draws (app/web/pictures.py); here it becomes pixels.
import {openDialog} from "./dialogs.js"
import {all, byId, hit, make, one, parsed} from "./dom.js"
import {isPast} from "./past.js"
import {pixels} from "./pixels.js"
import {sheet} from "./sheets.js"
import {room} from "./state.js"
import {path} from "./story.js"

const MOST_FRAMES = 60 // of a GIF
const [LEAST_S, LAST_S] = [0.9, 3] // a frame stands at least, the last one
const [PNG_WIDTH, PNG_HEIGHT] = [2560, 1440] // twice what was drawn, for large screens

/** @type {?AbortController} what is being made */
let making = null

export async function open() {
  if (openDialog()) return
  const [answer] = await Promise.all([fetch(`${room.base}/pictures?lang=${room.lang}`), sheet("pictures")])
  if (!answer.ok || openDialog()) return
  document.getElementById("pictures")?.remove()
  document.body.append(parsed(await answer.text()))
  show()
  const dialog = home()
  dialog.addEventListener("click", clicked)
  dialog.addEventListener("close", () => making?.abort())
  form().addEventListener("change", snippet)
  form().addEventListener("submit", (event) => event.preventDefault())
  dialog.showModal()
}

/** @returns {HTMLDialogElement} */
const home = () => byId("pictures")
const find = (/** @type {string} */ selector) => one(selector, home())
/** @returns {HTMLFormElement} */
const form = () => one("form", home())
/** @returns {HTMLButtonElement[]} */
const makers = () => all("[data-png], [data-gif]", home())
const shownStep = () => isPast() || path().at(-1)?.step || ""

/** @param {Event} event */
function clicked(event) {
  if (event.target === home() || hit(event, "[data-close-dialog]")) home().close()
  if (hit(event, "[data-png]")) draw(png)
  if (hit(event, "[data-gif]")) draw(gif)
  if (hit(event, "[data-cancel]")) making?.abort()
}

function show() {
  const step = shownStep()
  Object.assign(find("img"), {src: address(step)})
  Object.assign(find("[data-svg]"), {href: address(step), download: fileName(step, "svg")})
  const moments = told()
  const about = find("[data-about-gif]")
  ready()
  const {words = "", cut = "", none = ""} = about.dataset
  const text = !moments.length ? none : moments.length < path().length ? cut : words
  about.textContent = filled(text, {n: moments.length, time: Math.round(moments.reduce((sum, {stands}) => sum + stands, 0))})
  snippet()
}

/** The moments of the story and how long each stands. */
function told() {
  const moments = path().slice(-MOST_FRAMES).map(({step, stands}) => ({step, stands: Math.max(LEAST_S, stands)}))
  const last = moments.at(-1)
  if (last) last.stands = Math.max(LAST_S, last.stands)
  return moments
}

/** What can be made, while nothing is. */
const ready = () => { for (const button of makers()) button.disabled = button.matches("[data-gif]") && !told().length }

/** @param {string} text @param {Object<string, number>} values */
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]))
const address = (/** @type {number|string} */ step) => `${room.base}/picture.svg?step=${step}&lang=${room.lang}&theme=${theme()}`
const fileName = (/** @type {number|string} */ step, /** @type {string} */ suffix) => `loopscope-${step || "now"}.${suffix}`

function theme() {
  const chosen = document.documentElement.dataset.theme
  return chosen ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")
}

// ------------------------------------------------------------------------------------------------- pixels

/** One thing at a time; it may be cancelled. @param {(signal: AbortSignal) => Promise<void>} work */
async function draw(work) {
  if (making) return
  making = new AbortController()
  for (const button of makers()) button.disabled = true
  find(".refused").textContent = ""
  try {
    await work(making.signal)
  } catch (error) {
    if (!making.signal.aborted) find(".refused").textContent = error instanceof Error ? error.message : String(error)
  }
  making = null
  find(".making").hidden = true
  ready()
}

/** @param {AbortSignal} signal */
async function png(signal) {
  const canvas = await pixels(address(shownStep()), PNG_WIDTH, PNG_HEIGHT, signal)
  canvas.toBlob((blob) => { if (blob) save(blob, fileName(shownStep(), "png")) }, "image/png")
}

/** @param {AbortSignal} signal */
async function gif(signal) {
  const [moments, line] = [told(), find(".making")]
  line.hidden = false
  const progress = (/** @type {number} */ done) => {
    Object.assign(find("progress"), {value: done / moments.length})
    one("span", line).textContent = `${done}/${moments.length}`
  }
  progress(0)
  const {moving} = await import("./gif.js")
  const bytes = await moving(moments.map(({step, stands}) => ({url: address(step), stands})), progress, signal)
  if (bytes) save(new Blob([bytes], {type: "image/gif"}), fileName(moments.at(-1)?.step ?? "", "gif"))
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const link = make("a", {href: URL.createObjectURL(blob), download: name})
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

// ------------------------------------------------------------------------------------------------- a frame

function snippet() {
  const values = new FormData(form())
  const panels = values.getAll("panel")
  const [width, height] = String(values.get("size")).split(" ")
  const code = find("[data-frame]")
  const query = new URLSearchParams({panels: panels.join(","), lang: room.lang})
  if (values.has("still") && shownStep()) query.set("step", String(shownStep()))
  const frame = document.createElement("iframe")
  const source = `${code.dataset.address}?${query}`.replaceAll("%2C", ",")
  for (const [name, value] of Object.entries({src: source, width, height, title: code.dataset.title ?? ""})) frame.setAttribute(name, value)
  code.textContent = find("[data-copy]").dataset.copy = frame.outerHTML
}
