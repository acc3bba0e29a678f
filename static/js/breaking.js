// What breaks and mends machines and loops. The menus are in the page (templates/_breaking.html); here they learn whom
// they are about and what is so now.
import {post} from "./commands.js"
import {current} from "./loops.js"
import {openBeside} from "./popovers.js"
import {state, watch} from "./state.js"

const node = document.getElementById("break-node")
const loop = document.getElementById("break-loop")
const things = document.getElementById("break-things")
const ORDINARY = {
  power: "on", network: "on", slow: 1, disk: "ok",
  stopped: false, edge: false, onCall: false, watchDelayMs: 0, dropEvery: 0, doubled: false,
  apiServer: "up", chaosPerMinute: 0,
}
let name = ""

export function startBreaking() {
  document.addEventListener("click", (event) => {
    const tool = event.target.closest("[data-do]")
    if (tool) return act(tool)
    const button = event.target.closest("[data-break-node]")
    if (button) open(node, button, button.dataset.breakNode)
  })
  document.getElementById("break-loop-open").addEventListener("click", breakLoop)
  document.getElementById("break-things-open").addEventListener("click", breakThings)
  watch(() => [node, loop, things].filter((menu) => menu.matches(":popover-open")).forEach(fill))
}

export const breakThings = () => open(things, document.getElementById("break-things-open"), "")
export const breakLoop = () => open(loop, document.getElementById("break-loop-open"), current() ?? "")

/** The next node's menu button takes the focus. */
export function nextNode() {
  const buttons = [...document.querySelectorAll("[data-break-node]")]
  buttons[(buttons.indexOf(document.activeElement) + 1) % buttons.length]?.focus()
}

function open(menu, button, whose) {
  name = whose
  fill(menu)
  openBeside(menu, button)
}

/** How the node, loop or control plane is that a menu is about. @returns {Object<string, any>} */
function subject(menu) {
  if (menu === node) return {...ORDINARY, ...document.querySelector(`.node[data-name="${CSS.escape(name)}"]`)?.dataset}
  const spec = state.control ?? {}
  if (menu === things) return {...ORDINARY, ...spec}
  const fields = ["stopped", "edge", "onCall", "watchDelayMs", "dropEvery", "doubled"]
  const own = fields.map((field) => [field, spec[field]?.[name] ?? ORDINARY[field]])
  return Object.fromEntries(own)
}

function fill(menu) {
  const now = subject(menu)
  const title = menu.querySelector("[data-subject]")
  if (title) title.textContent = name
  for (const tool of menu.querySelectorAll("[data-do]")) {
    if (tool.dataset.named) tool.setAttribute("aria-label", tool.dataset.named.replace("{name}", name))
    if (tool.dataset.if) tool.hidden = !holds(tool.dataset.if, now)
    if (tool.dataset.on) tool.setAttribute("aria-pressed", String(holds(tool.dataset.on, now)))
  }
  if (menu === things) zones()
}

const holds = (condition, now) => {
  const [field, value] = condition.split("=")
  return String(now[field]).toLowerCase() === value.toLowerCase()
}

/** A button for each zone: the two in the page are the pattern. */
function zones() {
  const list = things.querySelector("[data-zones]")
  list.patterns ??= [...list.children]
  list.hidden = !state.zones.length
  const wanted = state.zones.map(([zone, dark]) => `${zone} ${dark}`).join()
  if (list.dataset.shows === wanted) return
  list.dataset.shows = wanted
  list.replaceChildren(...state.zones.map(([zone, dark]) => {
    const button = list.patterns[dark ? 1 : 0].cloneNode(true)
    button.dataset.values = JSON.stringify({...JSON.parse(button.dataset.values), zone})
    button.lastChild.textContent = button.lastChild.textContent.replace("{zone}", zone)
    return button
  }))
}

function act(tool) {
  const {do: verb, ...values} = {...JSON.parse(tool.dataset.values || "{}"), do: tool.dataset.do}
  const menu = tool.closest(".breaker")
  if (menu === node) values.node = name
  if (menu === loop) values.actor = name
  post(`commands/${verb}`, values)
  if (menu && !tool.dataset.on) menu.hidePopover()
}
