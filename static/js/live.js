// The socket only pushes. htmx's ws extension keeps it open; what arrives is put in place here, by id: an element that
// exists is morphed, a new one goes where its data-place says, one that is gone leaves.
import {canJoin, joined, read} from "./frames.js"
import {morph} from "./morph.js"
import {data, frameCame, room, say, snapshotCame, state} from "./state.js"
import * as board from "./board.js"
import * as caption from "./caption.js"
import {changeCells} from "./manypods.js"

const banner = document.getElementById("connection")
// A browser that is slow draws less often: for as long as a frame took, so many times as long it has for people.
const REST = 2
const REGIONS = ["told", "loops", "minis", "board", "caption", "ending", "faults", "on-call", "frame", "data"]
let lost = false
let fetching = false
/** @type {import("./frames.js").Frame[]} what is not in place yet: a snapshot is on its way, or the browser rests */
let waiting = []
let [due, restsUntil] = [0, 0]

/** What comes may be made into something else before it is put in place: a page to look on has no controls. */
let prepared = (piece) => piece

/** Must run before htmx processes the body, i.e. before DOMContentLoaded. @param {(piece: Element) => Element} [prepare] */
export function startLive(prepare = prepared) {
  prepared = prepare
  window.htmx.config.wsReconnectDelay = (tries) => Math.min(5000, 500 * 2 ** tries) * (0.5 + Math.random() / 2)
  window.htmx.createWebSocket = (url) => new WebSocket(`${url}&frame=${state.frame}&epoch=${state.epoch}`)
  document.body.addEventListener("htmx:wsBeforeMessage", (event) => {
    event.preventDefault()
    receive(event.detail.message)
  })
  document.body.addEventListener("htmx:wsOpen", opened)
  document.body.addEventListener("htmx:wsClose", closed)
}

/** @param {string} message */
function receive(message) {
  if (!message || message === " ") return
  if (message.startsWith("{")) {
    if (JSON.parse(message).resnapshot) resnapshot()
    return
  }
  const frame = read(message)
  const last = waiting.at(-1)
  if (last && !fetching && canJoin(last, frame)) waiting[waiting.length - 1] = joined(last, frame)
  else waiting.push(frame)
  soon()
}

function soon() {
  if (due || fetching || !waiting.length) return
  const rest = restsUntil - performance.now()
  if (rest > 0) due = setTimeout(catchUp, rest)
  else catchUp()
}

function catchUp() {
  due = 0
  if (fetching || !waiting.length) return
  const began = performance.now()
  apply(waiting.shift())
  const took = performance.now() - began
  rest(took)
  requestAnimationFrame((since) => setTimeout(() => {
    rest(took + performance.now() - since) // and to draw it
    soon()
  }))
}

const rest = (took) => { restsUntil = performance.now() + REST * took }

/** @param {import("./frames.js").Frame} frame */
function apply({pieces, state: next}) {
  if (next.epoch !== state.epoch || next.mode !== state.mode || !knowsLoops(next)) return resnapshot()
  if (next.frame <= state.frame) return undefined // the snapshot was newer
  for (const piece of pieces) put(prepared(piece))
  frameCame(next)
  board.settle()
}

/** One that people write, or a second copy, has a lane and a ring of its own, which only a snapshot brings. */
function knowsLoops({actors}) {
  const [known, loops] = [data.lanes.filter(([role]) => !/^(you$|@)/.test(role)), Object.keys(actors)]
  return known.length === loops.length && known.every(([role]) => role in actors)
}

/** @param {Element} piece */
function put(piece) {
  const operation = piece.getAttribute("hx-swap-oob")
  const present = document.getElementById(piece.id)
  piece.removeAttribute("hx-swap-oob")
  if (piece.id === "cells-changed") {
    changeCells(JSON.parse(piece.textContent))
  } else if (piece.id === "caption") {
    caption.say(piece)
  } else if (operation === "delete") {
    if (present) board.leave(present)
  } else if (piece.dataset.place) {
    board.place(present, piece)
  } else if (present) {
    morph(present, piece)
  } else if (piece.classList.contains("loop")) {
    document.getElementById("loops").append(piece)
  }
}

/** Everything anew, by HTTP: at a new epoch, after falling behind, when the server asks for it. */
export async function resnapshot() {
  if (fetching) return
  fetching = true
  try {
    const answer = await fetch(`${room.base}/snapshot?lang=${room.lang}`, {headers: {Accept: "text/html"}})
    if (answer.headers.get("Loopscope-Room") === "stopped") return location.reload()  // a page that says why
    if (!answer.ok) throw new Error(String(answer.status))
    const template = document.createElement("template")
    template.innerHTML = await answer.text()
    for (const id of REGIONS) {
      const next = template.content.getElementById(id)
      const present = document.getElementById(id)
      if (next && present) present.replaceWith(prepared(next))
    }
    snapshotCame()
    board.settle()
  } catch {
    setTimeout(resnapshot, 1000)
  } finally {
    fetching = false
    soon()
  }
}

function opened() {
  if (!lost) return
  lost = false
  show("back")
  setTimeout(() => { if (!lost) banner.hidden = true }, 2000)
}

function closed(event) {
  lost = true
  show("reconnecting")
  // The extension itself comes back only after some of the codes.
  const {code} = event.detail.event
  if (![1006, 1011, 1012, 1013].includes(code)) setTimeout(() => event.detail.socketWrapper.reconnect(), 800)
}

function show(name) {
  banner.dataset.state = name
  banner.textContent = say(name)
  banner.hidden = false
}
