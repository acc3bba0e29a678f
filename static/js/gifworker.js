// Frames of a GIF, one after the other (gif.js); answers with the whole file after the last.
import {applyPalette, GIFEncoder, quantize} from "../vendor/gifenc.js"

const [COLOURS, STAY] = [255, 1] // one more means: as before
const gif = GIFEncoder()
/** @type {?Uint32Array} */
let before = null

addEventListener("message", ({data: {buffer, width, height, delay, isLast}}) => {
  const [bytes, pixels] = [new Uint8ClampedArray(buffer), new Uint32Array(buffer)]
  const palette = quantize(bytes, COLOURS)
  const indexed = applyPalette(bytes, palette)
  const asBefore = palette.length
  palette.push([0, 0, 0])
  if (before) for (let i = 0; i < pixels.length; i++) if (pixels[i] === before[i]) indexed[i] = asBefore
  gif.writeFrame(indexed, width, height, {palette, delay, transparent: before !== null, transparentIndex: asBefore, dispose: STAY, repeat: 0})
  before = pixels
  if (isLast) gif.finish()
  postMessage(isLast ? gif.bytes() : null)
})
