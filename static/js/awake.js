// Which loops have a place on the page: those that look after something declared, or ever acted. The others fold.
import {data, state, watch} from "./state.js"

/** @type {[media: string, lanes: number][]} */
const ROOM = [["(max-height: 760px), (max-width: 1199px)", 6], ["(max-height: 880px)", 10]]
const MOST_OUTSIDE = 5
const ROOM_ELSE = 14
/** @type {Map<string, number>} the step in which a loop acted last; 0: only that it ever did */
let last = new Map()
/** @type {Set<string>} */
let shown = new Set()

export function startAwake() {
  watch((state, fresh) => {
    if (fresh) last = new Map(data.acted.map((role) => [role, 0]))
    for (const [, , lane] of fresh ? data.steps : state.steps) fromOutside(lane)
    for (const [number, , lane, phase] of fresh ? data.steps : state.steps) if (phase === "act") last.set(lane, number)
    if (state.told) last.set(state.told.role, state.told.step)
    choose()
  })
  addEventListener("resize", choose)
}

/** A program outside that writes gets a lane below people's. @param {string} lane */
function fromOutside(lane) {
  if (!lane.startsWith("@") || data.lanes.some(([role]) => role === lane)) return
  const known = data.lanes.filter(([role]) => role.startsWith("@")).length
  if (known < MOST_OUTSIDE) data.lanes.splice(1 + known, 0, [lane, lane.slice(1)])
}

/** @param {string} role */
export const isAwake = (role) => shown.has(role)

/** More than there is room for: those that acted last stay, and the second copy of a loop as long as there is one. */
function choose() {
  const awake = data.lanes.map(([role]) => role).filter((role) => role === "you" || last.has(role) || state.awake.includes(role))
  const room = ROOM.find(([media]) => matchMedia(media).matches)?.[1] ?? ROOM_ELSE
  /** @param {string} role */
  const rank = (role) => role.endsWith("_2") ? 1e9 : last.get(role) ?? -1
  const latest = awake.filter((role) => role !== "you").sort((a, b) => rank(b) - rank(a))
  shown = new Set(["you", ...latest.slice(0, room)])
}
