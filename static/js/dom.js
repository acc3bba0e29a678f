// Elements of the page: those it must have, whose absence is said by name; those that an event is about; new ones.

/** @template {Element} [E=HTMLElement] @param {string} id @returns {E} */
export function byId(id) {
  return there(/** @type {?E} */ (/** @type {?Element} */ (document.getElementById(id))), id)
}

/** @template {Element} [E=HTMLElement] @param {string} selector @param {ParentNode} [within] @returns {E} */
export function one(selector, within = document) {
  return there(/** @type {?E} */ (within.querySelector(selector)), selector)
}

/** @template {Element} E @param {?E} found @param {string} name @returns {E} */
function there(found, name) {
  if (!found) throw new Error(`the page has no ${name}`)
  return found
}

/** @template {Element} [E=HTMLElement] @param {string} selector @param {ParentNode} [within] @returns {E[]} */
export const all = (selector, within = document) => [.../** @type {NodeListOf<E>} */ (within.querySelectorAll(selector))]

/**
 * What it happened on or within.
 * @template {Element} [E=HTMLElement] @param {Event} event @param {string} selector @returns {?E}
 */
export const hit = ({target}, selector) => (target instanceof Element ? target.closest(selector) : null)

/** @param {string} html */
export function parsed(html) {
  const template = document.createElement("template")
  template.innerHTML = html
  return template.content
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Partial<HTMLElementTagNameMap[T]>} [properties] @returns {HTMLElementTagNameMap[T]}
 */
export const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties)

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag @param {Object<string, string|number>} [attributes] @returns {SVGElementTagNameMap[T]}
 */
export function svgOf(tag, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  return element
}

/** Touches the page only where something changes. @param {Node} element @param {string} text */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** What has the focus. @returns {?HTMLElement} */
export const focused = () => (document.activeElement instanceof HTMLElement ? document.activeElement : null)

/** Which of them has it; -1: none. @param {HTMLElement[]} elements */
export const focusIn = (elements) => elements.indexOf(/** @type {HTMLElement} */ (document.activeElement))
