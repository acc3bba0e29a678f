// Where the squares of a large cluster stand.
import assert from "node:assert/strict"
import {test} from "node:test"
import {arrange, enlarge, place} from "../../static/js/cellgrid.js"

const pods = (count) => Array.from({length: count}, (_, index) => [`default/p-${index}`, "ready"])
const node = (name, count, zone = "") => ({name, zone, pods: pods(count)})

/** [x, y, right, bottom] of every square. */
const squares = (grid) => grid.blocks.flatMap((block) => block.group.pods.map((_, index) => {
  const [x, y] = place(block, index, grid)
  return [x, y, x + grid.size.width, y + grid.size.height]
}))

function noneOverlap(grid) {
  const seen = new Set(squares(grid).map(([x, y]) => `${x} ${y}`))
  assert.equal(seen.size, squares(grid).length)
}

test("a few are as large as they may be", () => {
  assert.deepEqual(arrange([node("a", 5), node("b", 3)], 800, 400).size, {width: 14, height: 14})
})

test("all of them are in sight, and none lies on another", () => {
  for (const [nodes, each] of [[3, 100], [10, 110], [50, 30], [100, 100]]) {
    const grid = arrange(Array.from({length: nodes}, (_, index) => node(`n-${index}`, each)), 1200, 700)
    noneOverlap(grid)
    assert.ok(grid.bottom <= 700, `${nodes} nodes of ${each}: ${grid.bottom}`)
    assert.ok(squares(grid).every(([x, y, right, bottom]) => x >= 0 && y >= 0 && right <= 1200 && bottom <= grid.bottom))
  }
})

test("of too many the smallest are as small as they may be, and one scrolls", () => {
  const grid = arrange(Array.from({length: 200}, (_, index) => node(`n-${index}`, 110)), 400, 300)
  assert.equal(grid.size.width, 6)
  assert.ok(grid.bottom > 300)
  noneOverlap(grid)
})

test("one pod more moves no block", () => {
  const where = (count) => arrange([node("a", count), node("b", 20)], 900, 500).blocks.map(({x, y}) => [x, y])
  assert.deepEqual(where(21), where(29))
})

test("who waits for a node stands above", () => {
  const grid = arrange([node("a", 10), {name: "", zone: "", pods: pods(120)}], 600, 500)
  const [waiting, a] = grid.blocks
  assert.equal(waiting.group.name, "")
  assert.ok(a.y >= waiting.bottom)
  noneOverlap(grid)
})

test("zones stand one below the other, each with its nodes; one zone needs no name", () => {
  const grid = arrange([node("a", 10, "east"), node("b", 10, "west"), node("c", 10, "east")], 900, 600)
  const y = Object.fromEntries(grid.blocks.map((block) => [block.group.name, block.y]))
  assert.deepEqual(grid.zones.map(({name}) => name), ["east", "west"])
  assert.equal(y.a, y.c)
  assert.ok(y.b > y.a && y.a > grid.zones[0].y && y.b > grid.zones[1].y)
  assert.deepEqual(arrange([node("a", 10, "east")], 900, 600).zones, [])
})

test("an empty cluster has no squares", () => {
  assert.deepEqual(squares(arrange([node("a", 0)], 900, 600)), [])
  assert.deepEqual(arrange([], 0, 0).blocks, [])
})

test("one node alone has room for names", () => {
  const grid = enlarge(node("a", 30), 400)
  assert.ok(grid.named && grid.blocks[0].across === 6)
  assert.equal(grid.bottom, Math.max(...squares(grid).map(([, , , bottom]) => bottom)))
  assert.equal(enlarge(node("a", 3), 20).blocks[0].across, 1)
  noneOverlap(grid)
})
