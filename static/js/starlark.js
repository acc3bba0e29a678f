// Starlark in the editor: its colours, and where a new line begins.
import {codeMirror, editorIn} from "./editor.js"

const UNIT = 4
const KEYWORDS = new Set("and break continue def elif else for if in lambda load not or pass return".split(" "))
const ATOMS = new Set(["True", "False", "None"])
const NUMBER = /^(?:0x[\da-f]+|0o[0-7]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)/i
const ENDS_A_BLOCK = /^\s*(?:return|pass|break|continue)\b/

/** @import {StreamParser, StringStream} from "@codemirror/language" */
/** @import {CM} from "./types.js" */
/** @typedef {{quote: string, defines: boolean}} Within `quote`: of the text one is in; `defines`: what comes next is the name of a function */

/** @param {HTMLElement} parent @param {HTMLTextAreaElement} field @param {string} text */
export async function starlarkEditor(parent, field, text) {
  const cm = await codeMirror()
  return editorIn(cm, parent, field, text, UNIT, [cm.StreamLanguage.define(language), indentation(cm)])
}

/** @type {StreamParser<Within>} */
const language = {
  name: "starlark",
  startState: () => ({quote: "", defines: false}),
  token(stream, state) {
    if (state.quote) return text(stream, state)
    if (stream.eatSpace()) return null
    if (stream.match(/^#.*/)) return "comment"
    const begun = matched(stream, /^[rb]{0,2}("""|'''|"|')/i)
    if (begun) {
      state.quote = begun[1]
      return text(stream, state)
    }
    if (stream.match(NUMBER)) return "number"
    const word = matched(stream, /^[a-z_]\w*/i)
    if (word) return named(word[0], state)
    stream.next()
    return null
  },
  languageData: {commentTokens: {line: "#"}, closeBrackets: {brackets: ["(", "[", "{", "'", '"', "'''", '"""']}},
}

/** @param {StringStream} stream @param {RegExp} pattern */
const matched = (stream, pattern) => /** @type {?RegExpMatchArray} */ (stream.match(pattern))

/** @param {StringStream} stream @param {Within} state */
function text(stream, state) {
  while (!stream.eol()) {
    if (stream.match(state.quote)) {
      state.quote = ""
      return "string"
    }
    if (stream.next() === "\\") stream.next()
  }
  if (state.quote.length === 1) state.quote = ""
  return "string"
}

/** @param {string} word @param {Within} state */
function named(word, state) {
  const isDefined = state.defines
  state.defines = word === "def"
  if (KEYWORDS.has(word)) return "keyword"
  if (ATOMS.has(word)) return "atom"
  return isDefined ? "variableName.definition" : "variableName"
}

/** After what opens a block or a bracket one further in; after what ends a block one back. @param {CM} cm */
const indentation = (cm) => cm.indentService.of((context, pos) => {
  const line = context.lineAt(pos, -1)
  const here = context.lineIndent(line.from, -1)
  const said = line.text.replace(/\s*(?:#.*)?$/, "")
  if (/[:([{]$/.test(said)) return here + context.unit
  return ENDS_A_BLOCK.test(said) ? Math.max(0, here - context.unit) : here
})
