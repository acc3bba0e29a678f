// The dialog with the links to this room, which the server writes: to take part, to watch, to the moment that is shown.
// And a link to a moment opens it.
import {tell} from "./commands.js"
import {openDialog} from "./dialogs.js"
import {byId} from "./dom.js"
import {isPast, showStep} from "./past.js"
import {sheet} from "./sheets.js"
import {data, room, say, watch} from "./state.js"

const place = byId("shared")
let newest = 0

export function startShare() {
  byId("share-open").addEventListener("click", load)
  if (openDialog()?.id === "share") load() // somebody was faster than this file
  watch((now) => { newest = Math.max(newest, (now.steps.at(-1) ?? [0])[0]) })
  place.addEventListener("htmx:afterRequest", (event) => {
    const {detail} = /** @type {CustomEvent} */ (event)
    if (detail.successful && detail.requestConfig.verb === "post") load()
  })
  openMoment()
}

async function load() {
  const moment = isPast() || Number(byId("caption").dataset.step) || Math.max(newest, (data.steps.at(-1) ?? [0])[0])
  const said = document.getElementById("share-said")?.innerHTML ?? ""
  const [answer] = await Promise.all([
    fetch(`${room.base}/share?lang=${room.lang}&step=${moment}`, {headers: {Accept: "text/html"}}).catch(() => null),
    sheet("share"),
  ])
  if (!answer?.ok) return void (place.textContent = say("offline"))
  place.innerHTML = await answer.text()
  window.htmx.process(place)
  const again = document.getElementById("share-said")
  if (again) again.innerHTML = said
}

async function openMoment() {
  const n = Number(new URLSearchParams(location.search).get("step"))
  if (!(n > 0)) return
  if (!(await showStep(n))) tell(say("no_moment", {n}), false)
  document.addEventListener("loopscope:now", () => history.replaceState(null, "", location.pathname), {once: true})
}
