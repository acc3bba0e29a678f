// What the server sends (app/web/present/room.py) and what modules share, for `make types`. No browser loads it.
import type * as CodeMirror from "../vendor/codemirror.js"

declare global {
  interface Window {
    htmx: {
      ajax(verb: "GET" | "POST", path: string, how: {target: string, swap: string, values?: Values}): Promise<void>
      process(element: Element): void
    }
  }
}

/** Of a form. */
export type Values = Record<string, string | number | boolean>

/** A request of htmx's, in the `detail` of its events. */
export interface Sent {
  xhr: XMLHttpRequest
  requestConfig?: {elt: Element}
  successful: boolean
  shouldSwap: boolean
}

// --------------------------------------------------------------------------------------------------- a frame

export interface State {
  frame: number
  epoch: number
  /** "": its owner has given it no name. */
  title: string
  /** Only its owner changes the room. */
  protected: boolean
  /** Virtual ms since the room began. */
  now: number
  quiet: boolean
  /** "" in a room that is quiet, and in one that works. */
  waits_for: string
  told: Pointers | null
  /** The step in which somebody did something last; 0: nobody did. */
  act: number
  thread: {ids: string[], lanes: string[]} | null
  pace: {mode: "story" | "clock", speed: number, paused: boolean}
  restless: boolean
  /** The past was another version's. */
  retold: boolean
  latencies: string
  called: boolean
  scenario: string
  viewers: number
  /** Virtual ms that are skipped, and the seconds that it takes. */
  waiting: {from: number, to: number, wall: number} | null
  applied: number
  /** By role: phase, keys in work, keys that wait. */
  actors: Record<string, [phase: string, running: number, queued: number]>
  mistakes: Record<string, string>
  waits: Record<string, string>
  awake: string[]
  zones: [zone: string, isDark: boolean][]
  control: Control
  pods: number
  mode: "cards" | "cells"
  steps: Row[]
  replicas: Series
  script: Script | null
  /** By namespace/name of the Service, of those that changed; null: nobody uses it any more. */
  traffic: Record<string, Traffic | null>
  cpu?: Series
  acts?: [at: number, said: string][]
  path?: Moment[]
}

/** The spec of the ControlPlane. */
export type Control = Record<string, string | number | Record<string, string | number | boolean>>

/** What was done, and the same in a few words. */
export type Row = [number: number, at: number, lane: string, phase: string, cause: number, ok: boolean, key: string, said: string, few: string]

/** By the workload's element, points: virtual ms, and two numbers. */
export type Series = Record<string, Point[]>
export type Point = [at: number, one: number, other: number]

/** A step that was told, and for how many seconds. */
export interface Moment {
  step: number
  role: string
  phase: string
  stands: number
  repeat: boolean
}

/** The elements of the board that it is about. */
export interface Pointers extends Moment {
  gaze: string[]
  about: string[]
  deed: string[]
  slots: [have: number, missing: number, extra: number] | null
}

export interface Script {
  steps: {pressed: boolean, done: boolean, reached: Record<string, string>}[]
  latest: number | null
  ending: string
}

// -------------------------------------------------------------------------------------------------- traffic

export type Failed = Record<string, number>
export type Second = [at: number, sent: number, failed: Failed | 0, p50: number, p99: number]

/** See app/web/present/traffic.py; what comes after `path` is there once a second has passed. */
export interface Traffic {
  rps: number
  pattern: string
  path: string
  rows?: Second[]
  why?: [at: number, said: string] | null
  since?: [at: number, sent: number, failed: Failed]
  workload?: string
  pods?: Record<string, Busy>
  samples?: [at: number, node: number, pod: number, outcome: string][]
  names?: string[]
}

export type Busy = [percent: number, queued: number, percentOfQueue: number]

// ----------------------------------------------------------------------------------- what comes with a snapshot

export interface Data {
  lanes: [role: string, title: string][]
  steps: Row[]
  chart: Series
  acted: string[]
  cells: Cell[] | null
  cell_nodes: NodeCell[] | null
  documents: Written[]
  words: Record<string, string>
  templates: {name: string, text: string}[]
  scenario: Lesson
}

export type Cell = [id: string, node: string, tone: string]
export type NodeCell = [name: string, zone: string, isReady: boolean, words: string]
export type Ref = [kind: string, namespace: string, name: string]

/** A manifest that was applied. */
export interface Written {
  id: string
  ref: Ref
  text: string
}

export interface Lesson {
  id: string
  title: string
  promise: string
  steps: LessonStep[]
}

export interface LessonStep {
  press: string
  say: string
  kubectl: string
  expects_refusal: boolean
  milestones: {id: string, words: string, reading_ms: number}[]
}

// ---------------------------------------------------------------------- a story without a server (app/web/story)

export interface Story {
  /** What stands between two `<`. */
  tags: string[]
  /** Of which tags each is made. */
  texts: number[][]
  elements: Record<string, Reeled[]>
  moments: Played[]
  /** By namespace/name of the Service, all that is known. */
  rows: Record<string, Second[]>
  cpu: Series
  acts: [at: number, said: string][]
}

/** From which moment on, the number of a text (-1: it is gone), the seat in its list (none: it is always there). */
export type Reeled = [since: number, text: number, seat?: number]

export interface Played extends Pointers {
  at: number
  act: number
  pods: number
  said: string
  /** `known`: how many of its rows. */
  traffic?: Record<string, Traffic & {known: number}>
  /** Too many pods for a board of cards. */
  crowded?: boolean
}

// --------------------------------------------------------------------------------------------------- editors

/** What is wrong with a line. */
export interface Problem {
  line: number
  column?: number
  message: string
  fix?: string
  severity?: string
}

export interface Editor {
  text(): string
  setText(text: string): void
  focus(): void
  onChange(heard: () => void): void
  reveal(line: number): void
  setChanged(lines: number[]): void
  setProblems(problems: Problem[]): void
}

/** What the API says of a field, and of those within it. */
export interface Explained {
  type: string
  description: string
  required: boolean
  enum: string[]
  fields: Field[]
  lasting: boolean
}

export type Field = {name: string, type: string, required: boolean}

export type CM = typeof CodeMirror
