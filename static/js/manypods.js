// Too many pods for cards: the canvas comes with the first snapshot that needs it; what changes meanwhile waits for it.
import {watch} from "./state.js"

/** @typedef {typeof import("./cells.js")} Cells */

/** @type {?Cells} */
let cells = null
/** @type {Parameters<Cells["change"]>[0][]} */
let missed = []

/** @param {() => void} settle the board counts again */
export function startManyPods(settle) {
  watch(async ({mode}, fresh) => {
    if (mode !== "cells" || cells) return
    if (fresh) missed = []
    const come = await import("./cells.js")
    if (cells) return
    cells = come
    cells.startCells()
    for (const change of missed.splice(0)) cells.change(change)
    settle()
  })
}

/** See cells.js. @type {Cells["change"]} */
export const changeCells = (change) => {
  if (cells) cells.change(change)
  else missed.push(change)
}
/** @param {string} prefix */
export const chosenCell = (prefix) => cells?.chosenCell(prefix) ?? null
export const nextCell = () => cells?.nextCell() ?? false
export const readyCells = () => cells?.readyCells() ?? 0
