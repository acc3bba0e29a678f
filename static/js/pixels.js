// A picture that the server draws, as pixels.

/** @param {string} url of an SVG @param {AbortSignal} signal @returns {Promise<HTMLCanvasElement>} */
export async function pixels(url, width, height, signal) {
  const answer = await fetch(url, {signal, headers: {Accept: "image/svg+xml, application/json"}})
  if (!answer.ok) throw new Error((await answer.json().catch(() => null))?.message ?? String(answer.status))
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(await answer.text())}`
  await image.decode()
  signal.throwIfAborted()
  const canvas = Object.assign(document.createElement("canvas"), {width, height})
  canvas.getContext("2d", {willReadFrequently: true}).drawImage(image, 0, 0, width, height)
  return canvas
}
