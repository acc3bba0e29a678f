// The parts of CodeMirror 6 that Loopscope's editors use, as one ES module: static/vendor/codemirror.js.
// Everything the page may import is named here and in static/vendor/README.md; the rest is left out by the bundler.

export {EditorState, Prec, StateEffect, StateField} from "@codemirror/state"

export {
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  hoverTooltip,
  keymap,
  lineNumbers,
} from "@codemirror/view"

export {defaultKeymap, history, historyKeymap, indentWithTab} from "@codemirror/commands"

export {
  bracketMatching,
  indentOnInput,
  indentService,
  indentUnit,
  StreamLanguage,
  syntaxHighlighting,
} from "@codemirror/language"

export {yaml} from "@codemirror/lang-yaml"

export {lintGutter, lintKeymap, setDiagnostics} from "@codemirror/lint"

export {autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap} from "@codemirror/autocomplete"

export {classHighlighter} from "@lezer/highlight"
