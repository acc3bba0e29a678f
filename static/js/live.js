// What the socket brings is put in place, by id: an element that exists is morphed, a new one goes where its data-place
// says, one that is gone leaves.
import * as board from "./board.js"
import * as caption from "./caption.js"
import {byId, parsed} from "./dom.js"
import {canJoin, joined, read} from "./frames.js"
import {changeCells} from "./manypods.js"
import {morph} from "./morph.js"
import {keepOpen} from "./socket.js"
import {data, frameCame, room, say, snapshotCame, state} from "./state.js"

/** @import {Frame} from "./frames.js" */
/** @import {State} from "./types.js" */

const banner = byId("connection")
// A browser that is slow draws less often: for as long as a frame took, so many times as long it has for people.
const REST = 2
const REGIONS = ["told", "loops", "minis", "board", "caption", "ending", "faults", "on-call", "frame", "data"]
let lost = false
let fetching = false
/** @type {Frame[]} what is not in place yet: a snapshot is on its way, or the browser rests */
const waiting = []
let [due, restsUntil] = [0, 0]

/** What comes may be made into something else before it is put in place: a page to look on has no controls. */
let prepared = (/** @type {HTMLElement} */ piece) => piece

/** @param {(piece: HTMLElement) => HTMLElement} [prepare] */
export function startLive(prepare = prepared) {
  prepared = prepare
  const path = () => `${room.base}/live?lang=${room.lang}&frame=${state.frame}&epoch=${state.epoch}`
  keepOpen(path, {opened, heard, closed})
}

/** @param {string} message a frame, a heartbeat, or that the page should fetch everything */
function heard(message) {
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
  const next = !fetching && waiting.shift()
  if (!next) return
  const began = performance.now()
  apply(next)
  const took = performance.now() - began
  rest(took)
  requestAnimationFrame((since) => setTimeout(() => {
    rest(took + performance.now() - since) // and to draw it
    soon()
  }))
}

/** @param {number} took ms */
const rest = (took) => { restsUntil = performance.now() + REST * took }

/** @param {Frame} frame */
function apply({pieces, state: next}) {
  if (next.epoch !== state.epoch || next.mode !== state.mode || !knowsLoops(next)) {
    resnapshot()
    return
  }
  if (next.frame <= state.frame) return // the snapshot was newer
  for (const piece of pieces) put(prepared(piece))
  frameCame(next)
  board.settle()
}

/** One that people write, or a second copy, has a lane and a ring of its own, which only a snapshot brings. @param {State} next */
function knowsLoops({actors}) {
  const [known, loops] = [data.lanes.filter(([role]) => !/^(you$|@)/.test(role)), Object.keys(actors)]
  return known.length === loops.length && known.every(([role]) => role in actors)
}

/** @param {HTMLElement} piece */
function put(piece) {
  const present = document.getElementById(piece.id)
  if (piece.id === "cells-changed") {
    changeCells(JSON.parse(piece.textContent))
  } else if (piece.id === "caption") {
    caption.say(piece)
  } else if (piece.dataset.gone !== undefined) {
    if (present) board.leave(present)
  } else if (piece.dataset.place) {
    board.place(present, piece)
  } else if (present) {
    morph(present, piece)
  } else if (piece.classList.contains("loop")) {
    byId("loops").append(piece)
  }
}

/** Everything anew, by HTTP: at a new epoch, after falling behind, when the server asks for it. */
export async function resnapshot() {
  if (fetching) return
  fetching = true
  try {
    const answer = await fetch(`${room.base}/snapshot?lang=${room.lang}`, {headers: {Accept: "text/html"}})
    if (answer.headers.get("Loopscope-Room") === "stopped") { // a page says why
      location.reload()
      return
    }
    if (!answer.ok) throw new Error(String(answer.status))
    const whole = parsed(await answer.text())
    for (const id of REGIONS) {
      const next = whole.getElementById(id)
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

function closed() {
  lost = true
  show("reconnecting")
  document.dispatchEvent(new Event("loopscope:lost"))
}

/** @param {"back"|"reconnecting"} name */
function show(name) {
  banner.dataset.state = name
  banner.textContent = say(name)
  banner.hidden = false
}
