// A frame is what changed: elements by id, and the new state. Those that came while the browser was busy become one.
import {one as only, parsed} from "./dom.js"

/** @import {State, Traffic} from "./types.js" */
/** @typedef {{pieces: HTMLElement[], state: State}} Frame */

/** @param {string} html @returns {Frame} */
export function read(html) {
  const content = parsed(html)
  const pieces = /** @type {HTMLElement[]} */ ([...content.children])
  return {pieces, state: JSON.parse(only("#frame", content).textContent)}
}

/** What is told one after the other stays two; by the clock only the newest is. @param {Frame} one @param {Frame} next */
export const canJoin = ({state: one}, {state: next}) =>
  one.epoch === next.epoch && one.mode === next.mode && (next.pace.mode === "clock" || one.told?.step === next.told?.step)

/** Of each element the newest, of cells and in the state all that was added. @param {Frame} one @param {Frame} next @returns {Frame} */
export function joined(one, next) {
  const replaced = new Set(next.pieces.map((piece) => piece.id).filter((id) => id !== "cells-changed"))
  return {
    pieces: [...one.pieces.filter((piece) => !replaced.has(piece.id)), ...next.pieces],
    state: {
      ...next.state,
      steps: [...one.state.steps, ...next.state.steps],
      acts: [...(one.state.acts ?? []), ...(next.state.acts ?? [])],
      path: next.state.path ?? one.state.path,
      script: next.state.script ?? one.state.script,
      replicas: added(one.state.replicas, next.state.replicas),
      cpu: added(one.state.cpu ?? {}, next.state.cpu ?? {}),
      traffic: loads(one.state.traffic ?? {}, next.state.traffic ?? {}),
    },
  }
}

/** @template T @param {Object<string, T[]>} one @param {Object<string, T[]>} next */
function added(one, next) {
  const all = {...one}
  for (const [id, points] of Object.entries(next)) all[id] = [...(all[id] ?? []), ...points]
  return all
}

/** @param {Object<string, ?Traffic>} one @param {Object<string, ?Traffic>} next */
function loads(one, next) {
  const all = {...one}
  for (const [key, view] of Object.entries(next)) {
    const rows = [...(all[key]?.rows ?? []), ...(view?.rows ?? [])]
    all[key] = view && (rows.length ? {...view, rows} : view)
  }
  return all
}
