// Makes one element equal to another without replacing it, so that focus, hover and half-made clicks survive a push.

/** @param {Element} from stays in the page @param {Element} to says how it should look */
export function morph(from, to) {
  if (from.nodeName !== to.nodeName) return from.replaceWith(to)
  attributes(from, to)
  if (!from.hasAttribute("data-keep")) children(from, to)
}

/** @template {Element} E @param {E} element @returns {E} with all that is in it */
export const copyOf = (element) => /** @type {E} */ (element.cloneNode(true))

/** @param {Element} from @param {Element} to */
function attributes(from, to) {
  for (const {name, value} of to.attributes) if (from.getAttribute(name) !== value) from.setAttribute(name, value)
  for (const {name} of [...from.attributes]) {
    if (!to.hasAttribute(name) && name !== "style" && name !== "open" && name !== "data-busy") from.removeAttribute(name)
  }
}

/** @param {Element} from @param {Element} to */
function children(from, to) {
  const wanted = [...to.childNodes]
  wanted.forEach((next, index) => {
    const have = from.childNodes[index]
    if (!have) from.append(next)
    else if (have instanceof Element && next instanceof Element && have.id === next.id) morph(have, next)
    else if (have instanceof Element || have.nodeType !== next.nodeType) have.replaceWith(next)
    else if (have.nodeValue !== next.nodeValue) have.nodeValue = next.nodeValue
  })
  while (from.lastChild && from.childNodes.length > wanted.length) from.lastChild.remove()
}
