// What few ask for is loaded when somebody does: Why?, the list of changes, and the dialog to share.
import {byId, hit} from "./dom.js"

export function startAsking() {
  const whys = "[data-why], [data-why-verdict], [data-changes]"
  const why = once(async () => (await import("./why.js")).startWhy())
  const share = once(async () => (await import("./share.js")).startShare())
  document.addEventListener("click", (event) => {
    const asked = hit(event, whys)
    if (asked && !why.done) why.load().then(() => asked.click())
  })
  document.addEventListener("loopscope:why", () => {
    if (!why.done) why.load().then(() => document.dispatchEvent(new Event("loopscope:why")))
  })
  byId("share-open").addEventListener("click", share.load)
  if (new URLSearchParams(location.search).has("step")) share.load()
}

/** @param {() => Promise<void>} start */
function once(start) {
  /** @type {?Promise<void>} */
  let loading = null
  const part = {done: false, load: () => (loading ??= start().then(() => { part.done = true }))}
  return part
}
