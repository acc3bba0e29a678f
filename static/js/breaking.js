// What breaks and mends machines and loops. The menus are in the page (templates/_breaking.html); here they learn whom
// they are about and what is so now.
import {post} from "./commands.js"
import {all, byId, focusIn, hit, one} from "./dom.js"
import {current} from "./loops.js"
import {copyOf} from "./morph.js"
import {openBeside} from "./popovers.js"
import {state, watch} from "./state.js"

const node = byId("break-node")
const loop = byId("break-loop")
const things = byId("break-things")
/** @type {Object<string, string|number|boolean>} */
const ORDINARY = {
  power: "on", network: "on", slow: 1, disk: "ok",
  stopped: false, edge: false, onCall: false, watchDelayMs: 0, dropEvery: 0, doubled: false,
  apiServer: "up", chaosPerMinute: 0,
}
let name = ""
/** @type {Element[]} the buttons of the zones as the page came with them */
let patterns = []

export function startBreaking() {
  document.addEventListener("click", (event) => {
    const tool = hit(event, "[data-do]")
    if (tool) {
      act(tool)
      return
    }
    const button = hit(event, "[data-break-node]")
    if (button) open(node, button, button.dataset.breakNode ?? "")
  })
  byId("break-loop-open").addEventListener("click", breakLoop)
  byId("break-things-open").addEventListener("click", breakThings)
  watch(() => {
    for (const menu of [node, loop, things]) if (menu.matches(":popover-open")) fill(menu)
  })
}

export const breakThings = () => open(things, byId("break-things-open"), "")
export const breakLoop = () => open(loop, byId("break-loop-open"), current() ?? "")

/** The next node's menu button takes the focus. */
export function nextNode() {
  const buttons = all("[data-break-node]")
  buttons[(focusIn(buttons) + 1) % buttons.length]?.focus()
}

/** @param {HTMLElement} menu @param {HTMLElement} button @param {string} whose name of a node or a loop */
function open(menu, button, whose) {
  name = whose
  fill(menu)
  openBeside(menu, button)
}

/** How the node, loop or control plane is that a menu is about. @param {HTMLElement} menu @returns {Object<string, unknown>} */
function subject(menu) {
  if (menu === node) {
    const card = all(`.node[data-name="${CSS.escape(name)}"]`)[0]
    return {...ORDINARY, ...card?.dataset}
  }
  if (menu === things) return {...ORDINARY, ...state.control}
  return Object.fromEntries(Object.entries(ORDINARY).map(([field, usual]) => {
    const byName = state.control[field]
    return [field, (typeof byName === "object" && byName[name]) || usual]
  }))
}

/** @param {HTMLElement} menu */
function fill(menu) {
  const now = subject(menu)
  const title = menu.querySelector("[data-subject]")
  if (title) title.textContent = name
  for (const tool of all("[data-do]", menu)) {
    if (tool.dataset.named) tool.setAttribute("aria-label", tool.dataset.named.replace("{name}", name))
    if (tool.dataset.if) tool.hidden = !holds(tool.dataset.if, now)
    if (tool.dataset.on) tool.setAttribute("aria-pressed", String(holds(tool.dataset.on, now)))
  }
  if (menu === things) zones()
}

/** @param {string} condition field=value @param {Object<string, unknown>} now */
const holds = (condition, now) => {
  const [field, value] = condition.split("=")
  return String(now[field]).toLowerCase() === value.toLowerCase()
}

/** A button for each zone: the two in the page are the pattern. */
function zones() {
  const list = one("[data-zones]", things)
  if (!patterns.length) patterns = [...list.children]
  list.hidden = !state.zones.length
  const wanted = state.zones.map(([zone, dark]) => `${zone} ${dark}`).join()
  if (list.dataset.shows === wanted) return
  list.dataset.shows = wanted
  list.replaceChildren(...state.zones.map(([zone, dark]) => {
    const button = /** @type {HTMLElement} */ (copyOf(patterns[dark ? 1 : 0]))
    button.dataset.values = JSON.stringify({...JSON.parse(button.dataset.values ?? "{}"), zone})
    const words = button.lastChild
    if (words?.textContent) words.textContent = words.textContent.replace("{zone}", zone)
    return button
  }))
}

/** @param {HTMLElement} tool */
function act(tool) {
  const {do: verb, ...values} = {...JSON.parse(tool.dataset.values || "{}"), do: tool.dataset.do}
  /** @type {?HTMLElement} */
  const menu = tool.closest(".breaker")
  if (menu === node) values.node = name
  if (menu === loop) values.actor = name
  post(`commands/${verb}`, values)
  if (menu && !tool.dataset.on) menu.hidePopover()
}
