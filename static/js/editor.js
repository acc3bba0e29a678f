// CodeMirror with what YAML for Kubernetes needs: marks for changed and wrong lines, explanations on hover, completion.
// And what it shares with the editor of another language (starlark.js).
import {pathAt} from "./yamlpath.js"
import {make, one} from "./dom.js"
import {room, say} from "./state.js"

/** @import {Diagnostic} from "@codemirror/lint" */
/** @import {Extension, StateEffectType} from "@codemirror/state" */
/** @import {EditorView} from "@codemirror/view" */
/** @import {CM, Editor, Explained, Field, Problem} from "./types.js" */

/** @returns {Promise<CM>} */
export const codeMirror = () => import(document.body.dataset.editor ?? "")

/** @param {HTMLFormElement} form @param {HTMLTextAreaElement} field @param {string} text */
export async function richEditor(form, field, text) {
  const cm = await codeMirror()
  return editorIn(cm, form, field, text, 2, [cm.yaml(), hover(cm), completion(cm)])
}

/**
 * @param {CM} cm @param {HTMLElement} parent
 * @param {HTMLTextAreaElement} field kept equal, it is what its form sends @param {string} text
 * @param {number} unit spaces that Tab indents by @param {Extension[]} language what makes it the editor of that
 * @returns {Editor}
 */
export function editorIn(cm, parent, field, text, unit, language) {
  /** @type {Set<() => void>} */
  const heard = new Set()
  const changed = lineMarks(cm, "cm-changed")
  const broken = lineMarks(cm, "cm-broken")
  let quiet = false
  const view = new cm.EditorView({
    parent,
    state: cm.EditorState.create({
      doc: text,
      extensions: [...basics(cm, field, unit), ...language, changed.field, broken.field, cm.lintGutter(), cm.EditorView.updateListener.of((update) => {
        if (!update.docChanged) return
        field.value = update.state.doc.toString()
        if (!quiet) for (const listener of heard) listener()
      })],
    }),
  })
  field.hidden = true
  field.value = text
  return {
    text: () => view.state.doc.toString(),
    setText(next) {
      quiet = true
      view.dispatch({changes: {from: 0, to: view.state.doc.length, insert: next}, selection: {anchor: 0}})
      quiet = false
    },
    focus: () => view.focus(),
    onChange: (listener) => heard.add(listener),
    reveal(line) {
      const {to} = view.state.doc.line(Math.max(1, Math.min(line || 1, view.state.doc.lines)))
      view.dispatch({selection: {anchor: to}, effects: cm.EditorView.scrollIntoView(to, {y: "center"})})
      view.focus()
    },
    setChanged: (lines) => view.dispatch({effects: changed.set.of(lines)}),
    setProblems(problems) {
      view.dispatch(cm.setDiagnostics(view.state, problems.map((problem) => diagnostic(view, problem))))
      const wrong = problems.filter((problem) => problem.severity !== "warning").map((problem) => problem.line)
      view.dispatch({effects: broken.set.of(wrong)})
      view.contentDOM.setAttribute("aria-invalid", String(problems.length > 0))
    },
  }
}

/** @param {CM} cm @param {HTMLTextAreaElement} field @param {number} unit */
function basics(cm, field, unit) {
  const apply = () => {
    field.form?.requestSubmit()
    return true
  }
  const {nonce} = one('meta[name="csp-nonce"]')
  return [
    cm.EditorState.readOnly.of(Boolean(room.whyNot)),
    cm.Prec.highest(cm.keymap.of([{key: "Mod-Enter", run: apply}, {key: "Ctrl-Enter", run: apply}])),
    ...(nonce ? [cm.EditorView.cspNonce.of(nonce)] : []),
    cm.lineNumbers(),
    cm.highlightActiveLine(),
    cm.highlightActiveLineGutter(),
    cm.highlightSpecialChars(),
    cm.history(),
    cm.drawSelection(),
    cm.indentUnit.of(" ".repeat(unit)),
    cm.EditorState.tabSize.of(unit),
    cm.indentOnInput(),
    cm.bracketMatching(),
    cm.closeBrackets(),
    cm.syntaxHighlighting(cm.classHighlighter),
    cm.EditorView.contentAttributes.of({
      "aria-label": field.getAttribute("aria-label") ?? "",
      spellcheck: "false",
      autocapitalize: "off",
      autocorrect: "off",
    }),
    cm.keymap.of([...cm.completionKeymap, ...cm.lintKeymap, ...cm.closeBracketsKeymap, ...cm.historyKeymap, cm.indentWithTab, ...cm.defaultKeymap]),
  ]
}

/** A set of lines with a class, replaced whole by an effect. @param {CM} cm @param {string} className */
function lineMarks(cm, className) {
  /** @type {StateEffectType<number[]>} */
  const set = cm.StateEffect.define()
  const line = cm.Decoration.line({class: className})
  const field = cm.StateField.define({
    create: () => cm.Decoration.none,
    update(marks, transaction) {
      let next = marks.map(transaction.changes)
      for (const effect of transaction.effects) {
        if (!effect.is(set)) continue
        const doc = transaction.state.doc
        const lines = [...new Set(effect.value)].filter((n) => n >= 1 && n <= doc.lines).sort((a, b) => a - b)
        next = cm.Decoration.set(lines.map((n) => line.range(doc.line(n).from)))
      }
      return next
    },
    provide: (self) => cm.EditorView.decorations.from(self),
  })
  return {set, field}
}

/** @param {EditorView} view @param {Problem} problem @returns {Diagnostic} */
function diagnostic(view, {line, column, message, fix, severity}) {
  const doc = view.state.doc
  const at = doc.line(Math.max(1, Math.min(line || 1, doc.lines)))
  const indent = at.text.length - at.text.trimStart().length
  const from = Math.min(at.to, at.from + Math.max(indent, (column || 1) - 1))
  return {from, to: at.to, severity: severity === "warning" ? "warning" : "error", message: fix ? `${message}\n${say("fix", {fix})}` : message}
}

// -------------------------------------------------------------------------------------------- explaining

/** @type {Map<string, Promise<?Explained>>} */
const known = new Map()

/**
 * What the API says of a field; asked once, but of custom kinds, which may come, change and go.
 * @param {string} kind @param {string} path
 */
function explain(kind, path) {
  const key = `${kind}:${path}`
  if (!known.has(key)) {
    const query = new URLSearchParams({kind, path, lang: room.lang})
    const asked = fetch(`${room.base}/explain?${query}`, {headers: {Accept: "application/json"}}).then((answer) => (answer.ok ? answer.json() : null))
    known.set(key, asked.catch(() => null))
    asked.then((found) => found?.lasting || known.delete(key)).catch(() => known.delete(key))
  }
  return known.get(key)
}

/** @param {CM} cm */
function hover(cm) {
  return cm.hoverTooltip(async (view, pos) => {
    const line = view.state.doc.lineAt(pos)
    const match = /^(\s*(?:- )*)([\w.$/-]+):/.exec(line.text)
    if (!match || pos < line.from + match[1].length || pos > line.from + match[0].length) return null
    const {kind, path} = pathAt(view.state.doc.toString(), line.number, true)
    const found = kind && path && (await explain(kind, path))
    if (!found) return null
    return {pos: line.from + match[1].length, end: line.from + match[0].length, above: true, create: () => ({dom: explanation(match[2], found)})}
  }, {hoverTime: 350})
}

/** @param {string} name @param {Explained} found */
function explanation(name, {type, description, required, enum: values}) {
  const [box, head] = [make("div", {className: "explain"}), make("div")]
  const about = [type, required ? say("required") : ""].filter(Boolean).join(", ")
  head.append(make("b", {textContent: name}), make("i", {textContent: about}))
  box.append(head)
  if (description) box.append(make("p", {textContent: description}))
  if (values?.length) box.append(make("p", {textContent: say("values", {values: values.join(", ")})}))
  return box
}

/** @param {CM} cm */
function completion(cm) {
  return cm.autocompletion({activateOnTyping: true, icons: false, override: [async (context) => {
    const line = context.state.doc.lineAt(context.pos)
    const before = line.text.slice(0, context.pos - line.from)
    const word = /[\w.-]*$/.exec(before)?.[0] ?? ""
    const value = /^\s*(?:- )*([\w.-]+):\s+([\w.-]*)$/.exec(before)
    if (!value && !/^\s*(?:- )*[\w.-]*$/.test(before)) return null
    if (!context.explicit && !word) return null
    const {kind, path} = pathAt(context.state.doc.toString(), line.number, Boolean(value))
    const found = kind && (await explain(kind, path))
    if (!found) return null
    const options = value ? (found.enum ?? []).map((label) => ({label})) : (found.fields ?? []).map(option)
    return options.length ? {from: context.pos - word.length, options, validFor: /^[\w.-]*$/} : null
  }]})
}

/** @param {Field} field */
function option({name, type, required}) {
  const deep = /^(\[\]|\{|map|object|array|[A-Z])/.test(type)
  return {label: name, detail: type, apply: deep ? `${name}:` : `${name}: `, boost: required ? 2 : 0}
}
