// Frames that came while the browser was busy become one.
import assert from "node:assert/strict"
import {test} from "node:test"
import {page} from "./page.js"

page("")
const {canJoin, joined, read} = await import("../../static/js/frames.js")

/** A frame with that state, and elements in HTML. */
const frame = (state, html = "") => {
  const {pieces} = read(`<div id="frame">{}</div>${html}`)
  return {pieces, state: {steps: [], replicas: {}, pace: {mode: "clock"}, ...state}}
}
const htmlOf = ({pieces}) => pieces.map((piece) => piece.id === "frame" ? "*" : piece.outerHTML).join("")

test("a frame is its elements, and the state in one of them", () => {
  const {pieces, state} = read('<div id="frame" hidden>{"frame": 7}</div><i id="a"></i>\n<b id="b"></b>')
  assert.deepEqual(pieces.map(({id}) => id), ["frame", "a", "b"])
  assert.deepEqual(state, {frame: 7})
})

test("of what is added all stays, and of the rest the newest", () => {
  const one = {frame: 7, steps: [1], replicas: {web: [1]}, script: "b", path: [1], acts: [1], cpu: {a: [1]}, traffic: {s: {rows: [1], rps: 1}, gone: {rps: 1}}}
  const next = {frame: 8, steps: [2], replicas: {web: [2], api: [3]}, script: null, acts: [2], cpu: {b: [1]}, traffic: {s: {rows: [2], rps: 5}, gone: null}}
  const {state} = joined(frame(one), frame(next))
  assert.deepEqual([state.frame, state.steps, state.acts], [8, [1, 2], [1, 2]])
  assert.deepEqual([state.replicas, state.cpu], [{web: [1, 2], api: [3]}, {a: [1], b: [1]}])
  assert.deepEqual([state.script, state.path], ["b", [1]])
  assert.deepEqual(joined(frame(one), frame({...next, path: [1, 2], script: "c"})).state.path, [1, 2])
  assert.deepEqual(state.traffic, {s: {rows: [1, 2], rps: 5}, gone: null})
})

test("what did not come in either is not made up", () => {
  const {state} = joined(frame({traffic: {s: {rps: 1}}}), frame({traffic: {s: {rps: 2}}}))
  assert.deepEqual(state.traffic, {s: {rps: 2}})
})

test("of an element the newest counts, of cells each change", () => {
  const first = frame({}, '<i id="a">1</i><i id="b">1</i><b id="cells-changed">1</b>')
  const second = frame({}, '<i id="a" data-gone=""></i><b id="cells-changed">2</b>')
  assert.equal(htmlOf(joined(first, second)), '<i id="b">1</i><b id="cells-changed">1</b>*<i id="a" data-gone=""></i><b id="cells-changed">2</b>')
})

test("what is told one after the other stays two", () => {
  const told = (step, more = {}) => frame({pace: {mode: "story"}, told: {step}, ...more})
  assert.ok(canJoin(told(1), told(1)))
  assert.ok(!canJoin(told(1), told(2)))
  assert.ok(canJoin(told(1), frame({told: {step: 2}})), "by the clock nobody reads each")
})

test("frames of another epoch, or of the other way to draw, stay two", () => {
  const [one, same] = [{epoch: 1, mode: "cards"}, {epoch: 1, mode: "cards"}].map((state) => frame(state))
  assert.ok(canJoin(one, same))
  assert.ok(!canJoin(one, frame({epoch: 2, mode: "cards"})))
  assert.ok(!canJoin(one, frame({epoch: 1, mode: "cells"})))
})
