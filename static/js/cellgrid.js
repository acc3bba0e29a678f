// Where the squares of a large cluster stand: a block for each node, zone by zone, as large as fits.

// px: squares, the edge for what is drawn around them, named squares of an enlarged node, what stands above a block and above a
// zone; pods: by which blocks grow
const [LARGEST, SMALLEST, EDGE, LABEL, HEAD, ZONE, GAP, ROUND] = [14, 6, 3, 72, 20, 22, 10, 10]
const NAMED = {width: 66, height: 24}

/**
 * @typedef {{name: string, zone: string, pods: [string, string][]}} Group name "": pods that wait for a node
 * @typedef {{group: Group, x: number, y: number, across: number, bottom: number}} Block
 * @typedef {{name: string, y: number}} Zone
 * @typedef {{size: {width: number, height: number}, named: boolean, blocks: Block[], zones: Zone[], bottom: number}} Grid
 */

/** The largest squares with which everything is in sight. @param {Group[]} groups @param {number} width @param {number} height @returns {Grid} */
export function arrange(groups, width, height) {
  const most = Math.max(...groups.filter(({name}) => name).map(({pods}) => pods.length), 1)
  const places = Math.ceil(most / ROUND) * ROUND // in steps, so that blocks do not move with every pod
  const widest = Math.ceil(Math.sqrt(places * 1.8))
  const shapes = Array.from({length: Math.max(4, 3 * widest) - 3}, (_, index) => index + 4)
  shapes.sort((one, other) => Math.abs(one - widest) - Math.abs(other - widest)) // the squarest blocks first
  for (let side = LARGEST; side >= SMALLEST; side--) {
    for (const across of shapes) {
      const grid = layout(groups, width, places, across, {width: side, height: side})
      if (grid.bottom <= height - 4 && across * side <= width - EDGE) return grid
    }
  }
  return layout(groups, width, places, widest, {width: SMALLEST, height: SMALLEST}) // and one scrolls
}

/** One node alone, its pods with their names. @param {Group} group @param {number} width @returns {Grid} */
export function enlarge(group, width) {
  const across = Math.max(1, Math.floor((width - EDGE) / NAMED.width))
  const bottom = HEAD + Math.ceil(group.pods.length / across) * NAMED.height
  return {size: NAMED, named: true, zones: [], bottom, blocks: [{group, x: EDGE, y: 0, across, bottom}]}
}

/** Where the i-th square of a block stands. @param {Block} block @param {number} index @param {Grid} grid */
export const place = ({x, y, across}, index, {size}) => [x + (index % across) * size.width, y + HEAD + Math.floor(index / across) * size.height]

/**
 * Pods without a node are a band above; below it the zones, each with a block for each of its nodes.
 * @param {Group[]} groups @param {number} width @param {number} places of a node @param {number} across squares
 * @param {{width: number, height: number}} size of a square @returns {Grid}
 */
function layout(groups, width, places, across, size) {
  const step = Math.max(across * size.width, LABEL) + GAP
  const row = Math.ceil(places / across) * size.height + HEAD + 6
  const columns = Math.max(1, Math.floor((width - EDGE + GAP) / step))
  /** @type {Block[]} */
  const blocks = []
  /** @type {Zone[]} */
  const zones = []
  let y = 0
  const waiting = groups.find(({name}) => !name)
  if (waiting) {
    const band = Math.max(1, Math.floor((width - EDGE) / size.width))
    y = Math.ceil(waiting.pods.length / band) * size.height + HEAD + 6
    blocks.push({group: waiting, x: EDGE, y: 0, across: band, bottom: y})
  }
  const placed = groups.filter(({name}) => name)
  const names = [...new Set(placed.map(({zone}) => zone))]
  for (const zone of names) {
    if (names.length > 1) {
      zones.push({name: zone, y})
      y += ZONE
    }
    const own = placed.filter((group) => group.zone === zone)
    own.forEach((group, index) => {
      const top = y + Math.floor(index / columns) * row
      blocks.push({group, x: EDGE + (index % columns) * step, y: top, across, bottom: top + row})
    })
    y += Math.ceil(own.length / columns) * row
  }
  return {size, named: false, blocks, zones, bottom: y}
}
