// The way of a Service: from the middle of its lower edge in a curve to the door of a machine, down the gutter there, and to
// a pod. Its wires (wires.js) and the dots of its requests (traffic.js) go the same way.

/** @typedef {{x: number, y: number}} Spot px from the corner of what one draws on */
/** @typedef {{origin: DOMRect, window: DOMRect}} Frame what one draws on, and what of the machines is in sight */

// px: the first wire from the machine's edge, the others from each other, where a curve ends above the door
const [INSET, APART, ABOVE] = [5, 3, 2]
const LINE = 13 // px from the upper edge of a card to its name

/** @param {Element} service @param {Frame} frame @returns {Spot} */
export function startOf(service, {origin}) {
  const box = service.getBoundingClientRect()
  return {x: box.left + box.width / 2 - origin.left, y: box.bottom - origin.top}
}

/** @param {Element} machine @param {Frame} frame @param {number} index of the Service @returns {Spot} */
export function doorOf(machine, {origin, window}, index) {
  const box = machine.getBoundingClientRect()
  return {x: box.left - origin.left + INSET + Math.max(0, index) * APART, y: Math.max(box.top, window.top) - origin.top}
}

/** How far down the gutter a pod is. @param {DOMRect} pod @param {Frame} frame @returns {number} px */
export const levelOf = (pod, {origin}) => pod.top - origin.top + Math.min(pod.height / 2, LINE)

/** @param {Spot} from @param {Spot} door */
export function curve(from, door) {
  const end = door.y - ABOVE
  const half = (from.y + end) / 2
  return `C${from.x} ${half + 8} ${door.x} ${half - 8} ${door.x} ${end}`
}
