// Small menus beside the button that opens them. The browser closes them, by Escape or a click elsewhere.
import {all, focusIn, hit} from "./dom.js"

/** @param {HTMLElement} menu @param {HTMLElement} button takes the focus back */
export function openBeside(menu, button) {
  if (menu.matches(":popover-open")) {
    menu.hidePopover()
    return
  }
  menu.showPopover()
  const [at, edge] = [button.getBoundingClientRect(), 8]
  const below = at.bottom + 6
  const fits = below + menu.offsetHeight <= innerHeight - edge
  menu.style.left = `${Math.max(edge, Math.min(at.left, innerWidth - menu.offsetWidth - edge))}px`
  const above = Math.min(at.top - menu.offsetHeight - 6, innerHeight - menu.offsetHeight - edge)
  menu.style.top = `${Math.max(edge, fits ? below : above)}px`
  all("button:not([hidden])", menu)[0]?.focus()
  /** @param {ToggleEvent} event */
  const closing = (event) => {
    if (event.newState !== "closed") return
    menu.removeEventListener("beforetoggle", closing)
    if (menu.contains(document.activeElement)) button.focus()
  }
  menu.addEventListener("beforetoggle", closing)
}

/** @type {Object<string, number>} */
const WAYS = {ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1}

/** Arrow keys go through what a menu offers. */
export function startPopovers() {
  document.addEventListener("keydown", (event) => {
    const menu = hit(event, ".breaker")
    const step = WAYS[event.key]
    if (!menu || !step) return
    event.preventDefault()
    const buttons = all("button", menu).filter((button) => button.offsetParent)
    buttons.at((focusIn(buttons) + step) % buttons.length)?.focus()
  })
}
