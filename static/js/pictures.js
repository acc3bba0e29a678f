// The dialog with pictures to take away: a moment as SVG or PNG, the story as GIF, the room as a frame. It comes when it
// is asked for. The server draws (app/web/pictures.py); here it becomes pixels.
import {openDialog} from "./dialogs.js"
import {isPast} from "./past.js"
import {pixels} from "./pixels.js"
import {sheet} from "./sheets.js"
import {room} from "./state.js"
import {path} from "./story.js"

const MOST_FRAMES = 60 // of a GIF
const [LEAST_S, LAST_S] = [0.9, 3] // a frame stands at least, the last one
const PNG_SIZE = [2560, 1440] // twice what was drawn, for large screens

/** @type {?HTMLDialogElement} */
let dialog = null
/** @type {?AbortController} what is being made */
let making = null

export async function open() {
  if (openDialog()) return
  const [answer] = await Promise.all([fetch(`${room.base}/pictures?lang=${room.lang}`), sheet("pictures")])
  if (!answer.ok || openDialog()) return
  dialog?.remove()
  const template = document.createElement("template")
  template.innerHTML = await answer.text()
  dialog = template.content.firstElementChild
  document.body.append(dialog)
  show()
  dialog.addEventListener("click", clicked)
  dialog.addEventListener("close", () => making?.abort())
  find("form").addEventListener("change", snippet)
  find("form").addEventListener("submit", (event) => event.preventDefault())
  dialog.showModal()
}

const find = (selector) => dialog.querySelector(selector)
const shownStep = () => isPast() || path().at(-1)?.step || ""

function clicked({target}) {
  if (target === dialog || target.closest("[data-close-dialog]")) dialog.close()
  if (target.closest("[data-png]")) make(png)
  if (target.closest("[data-gif]")) make(gif)
  if (target.closest("[data-cancel]")) making?.abort()
}

function show() {
  const step = shownStep()
  find("img").src = find("[data-svg]").href = address(step)
  find("[data-svg]").download = fileName(step, "svg")
  const moments = told()
  const about = find("[data-about-gif]")
  find("[data-gif]").disabled = !moments.length
  const {words, cut, none} = about.dataset
  const text = !moments.length ? none : moments.length < path().length ? cut : words
  about.textContent = filled(text, {n: moments.length, time: Math.round(moments.reduce((sum, {stands}) => sum + stands, 0))})
  snippet()
}

/** The moments of the story and how long each stands. */
function told() {
  const moments = path().slice(-MOST_FRAMES).map(({step, stands}) => ({step, stands: Math.max(LEAST_S, stands)}))
  if (moments.length) moments.at(-1).stands = Math.max(LAST_S, moments.at(-1).stands)
  return moments
}

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name])
const address = (step) => `${room.base}/picture.svg?step=${step}&lang=${room.lang}&theme=${theme()}`
const fileName = (step, suffix) => `loopscope-${step || "now"}.${suffix}`

function theme() {
  const chosen = document.documentElement.dataset.theme
  return chosen ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")
}

// ------------------------------------------------------------------------------------------------- pixels

/** One thing at a time; it may be cancelled. @param {(signal: AbortSignal) => Promise<void>} work */
async function make(work) {
  if (making) return
  making = new AbortController()
  for (const button of dialog.querySelectorAll("[data-png], [data-gif]")) button.disabled = true
  find(".refused").textContent = ""
  try {
    await work(making.signal)
  } catch (error) {
    if (!making.signal.aborted) find(".refused").textContent = error.message
  }
  making = null
  find(".making").hidden = true
  find("[data-png]").disabled = false
  find("[data-gif]").disabled = !told().length
}

async function png(signal) {
  const canvas = await pixels(address(shownStep()), ...PNG_SIZE, signal)
  save(await new Promise((done) => canvas.toBlob(done, "image/png")), fileName(shownStep(), "png"))
}

async function gif(signal) {
  const [moments, line] = [told(), find(".making")]
  line.hidden = false
  const progress = (done) => {
    line.querySelector("progress").value = done / moments.length
    line.querySelector("span").textContent = `${done}/${moments.length}`
  }
  progress(0)
  const {moving} = await import("./gif.js")
  const bytes = await moving(moments.map(({step, stands}) => ({url: address(step), stands})), progress, signal)
  save(new Blob([bytes], {type: "image/gif"}), fileName(moments.at(-1).step, "gif"))
}

/** @param {Blob} blob */
function save(blob, name) {
  const link = Object.assign(document.createElement("a"), {href: URL.createObjectURL(blob), download: name})
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

// ------------------------------------------------------------------------------------------------- a frame

function snippet() {
  const form = find("form")
  const panels = [...form.querySelectorAll("[name=panel]:checked")].map(({value}) => value)
  const [width, height] = form.elements.size.value.split(" ")
  const code = find("[data-frame]")
  const query = new URLSearchParams({panels: panels.join(","), lang: room.lang})
  if (form.elements.still.checked && shownStep()) query.set("step", String(shownStep()))
  const frame = document.createElement("iframe")
  const source = `${code.dataset.address}?${query}`.replaceAll("%2C", ",")
  for (const [name, value] of Object.entries({src: source, width, height, title: code.dataset.title})) frame.setAttribute(name, value)
  code.textContent = find("[data-copy]").dataset.copy = frame.outerHTML
}
