// The parts of CodeMirror 6 that Loopscope's editor uses, as one ES module: static/vendor/codemirror.js.
// Everything the page may import is named here and in static/vendor/README.md; the rest is left out by the bundler.

export {
  Annotation,
  Compartment,
  EditorSelection,
  EditorState,
  Facet,
  Prec,
  RangeSet,
  RangeSetBuilder,
  StateEffect,
  StateField,
  Text,
  Transaction,
} from "@codemirror/state"

export {
  crosshairCursor,
  Decoration,
  drawSelection,
  EditorView,
  GutterMarker,
  gutter,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  hoverTooltip,
  keymap,
  lineNumbers,
  placeholder,
  rectangularSelection,
  showPanel,
  showTooltip,
  tooltips,
  ViewPlugin,
  WidgetType,
} from "@codemirror/view"

export {
  defaultKeymap,
  history,
  historyKeymap,
  indentLess,
  indentMore,
  indentWithTab,
  insertNewlineAndIndent,
  redo,
  toggleComment,
  undo,
} from "@codemirror/commands"

export {
  bracketMatching,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  indentService,
  indentUnit,
  StreamLanguage,
  syntaxHighlighting,
  syntaxTree,
} from "@codemirror/language"

export {yaml} from "@codemirror/lang-yaml"

export {
  diagnosticCount,
  forceLinting,
  lintGutter,
  linter,
  lintKeymap,
  nextDiagnostic,
  openLintPanel,
  setDiagnostics,
} from "@codemirror/lint"

export {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  completionStatus,
  startCompletion,
} from "@codemirror/autocomplete"

export {classHighlighter, tags} from "@lezer/highlight"
