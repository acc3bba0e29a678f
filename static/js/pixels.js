// A picture that the server draws, as pixels.
import {make} from "./dom.js"

/**
 * @param {string} url of an SVG @param {number} width @param {number} height @param {AbortSignal} signal
 * @returns {Promise<HTMLCanvasElement>}
 */
export async function pixels(url, width, height, signal) {
  const answer = await fetch(url, {signal, headers: {Accept: "image/svg+xml, application/json"}})
  if (!answer.ok) throw new Error((await answer.json().catch(() => null))?.message ?? String(answer.status))
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(await answer.text())}`
  await image.decode()
  signal.throwIfAborted()
  const canvas = make("canvas", {width, height})
  canvas.getContext("2d", {willReadFrequently: true})?.drawImage(image, 0, 0, width, height)
  return canvas
}
