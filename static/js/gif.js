// A story as a picture that moves: each moment becomes pixels here and a frame in a worker, so the page goes on meanwhile.
import {pixels} from "./pixels.js"

const [WIDTH, HEIGHT] = [960, 540]

/**
 * @param {{url: string, stands: number}[]} moments seconds @param {(done: number) => void} progress
 * @param {AbortSignal} signal @returns {Promise<?BlobPart>} the file
 */
export async function moving(moments, progress, signal) {
  const worker = new Worker(new URL("./gifworker.js", import.meta.url), {type: "module"})
  try {
    /** @type {?BlobPart} */
    let file = null
    for (const [index, {url, stands}] of moments.entries()) {
      const canvas = await pixels(url, WIDTH, HEIGHT, signal)
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
      const {buffer} = context.getImageData(0, 0, WIDTH, HEIGHT).data
      file = await asked(worker, {buffer, width: WIDTH, height: HEIGHT, delay: Math.round(stands * 1000), isLast: index === moments.length - 1})
      signal.throwIfAborted()
      progress(index + 1)
    }
    return file
  } finally {
    worker.terminate()
  }
}

/**
 * One frame at a time: no more than one waits.
 * @param {Worker} worker @param {{buffer: ArrayBuffer, width: number, height: number, delay: number, isLast: boolean}} frame @returns {Promise<?BlobPart>}
 */
function asked(worker, frame) {
  return new Promise((done, fail) => {
    worker.onmessage = ({data}) => done(data)
    worker.onerror = (event) => fail(new Error(event.message || "gifworker.js"))
    worker.postMessage(frame, [frame.buffer])
  })
}
