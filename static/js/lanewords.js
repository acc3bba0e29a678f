// A few words beside a mark of the timeline, if they fit as a whole: "created web-…gkzql", else "created …gkzql".
import {byId, svgOf, write} from "./dom.js"

const BESIDE = 7 // px from the middle of the mark
const pen = document.createElement("canvas").getContext("2d")
/** @type {Map<string, number>} */
const widths = new Map()

/** @param {{element: SVGGElement, words?: SVGTextElement}} mark @param {string|undefined} text none: nothing @param {number} room px */
export function beside(mark, text, room) {
  const fits = text && [text, text.replace(/[\w.-]+-…/g, "…")].find((each) => widthOf(each) <= room)
  if (!fits) {
    mark.words?.remove()
    mark.words = undefined
    return
  }
  mark.words ??= mark.element.appendChild(svgOf("text", {class: "few", x: BESIDE, dy: ".34em"}))
  write(mark.words, fits)
}

/** The size of letters may be another. */
export function measureAnew() {
  widths.clear()
  const {fontSize, fontFamily} = getComputedStyle(byId("lane-names"))
  if (pen) pen.font = `${fontSize} ${fontFamily}`
}

/** @param {string} text @returns {number} px */
function widthOf(text) {
  const width = widths.get(text) ?? pen?.measureText(text).width ?? Infinity
  widths.set(text, width)
  return width
}
