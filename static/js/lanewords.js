// A few words beside a mark of the timeline, if they fit as a whole: "created web-…gkzql", else "created …gkzql".

const NS = "http://www.w3.org/2000/svg"
const BESIDE = 7 // px from the middle of the mark
const pen = document.createElement("canvas").getContext("2d")
/** @type {Map<string, number>} */
const widths = new Map()

/** @param {{element: SVGGElement, words?: SVGTextElement}} mark @param {string} [text] none: nothing @param {number} room px */
export function beside(mark, text, room) {
  const fits = text && [text, text.replace(/[\w.-]+-…/g, "…")].find((each) => widthOf(each) <= room)
  if (!fits) {
    mark.words?.remove()
    mark.words = undefined
    return
  }
  mark.words ??= mark.element.appendChild(newWords())
  if (mark.words.textContent !== fits) mark.words.textContent = fits
}

function newWords() {
  const words = document.createElementNS(NS, "text")
  words.setAttribute("class", "few")
  words.setAttribute("x", String(BESIDE))
  words.setAttribute("dy", ".34em")
  return words
}

/** The size of letters may be another. */
export function measureAnew() {
  widths.clear()
  const {fontSize, fontFamily} = getComputedStyle(document.getElementById("lane-names"))
  pen.font = `${fontSize} ${fontFamily}`
}

function widthOf(text) {
  if (!widths.has(text)) widths.set(text, pen.measureText(text).width)
  return widths.get(text)
}
