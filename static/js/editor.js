// CodeMirror with what YAML for Kubernetes needs: marks for changed and wrong lines, explanations on hover, completion.
// And what it shares with the editor of another language (starlark.js).
import {pathAt} from "./yamlpath.js"
import {room, say} from "./state.js"

const body = document.body

export const codeMirror = () => import(body.dataset.editor)

/** @param {HTMLFormElement} form @param {HTMLTextAreaElement} field */
export async function richEditor(form, field, text) {
  const cm = await codeMirror()
  return editorIn(cm, form, field, text, 2, [cm.yaml(), hover(cm), completion(cm)])
}

/**
 * @param {any} cm CodeMirror @param {HTMLElement} parent
 * @param {HTMLTextAreaElement} field kept equal, it is what its form sends @param {string} text
 * @param {number} unit spaces that Tab indents by @param {any[]} language what makes it the editor of that
 */
export function editorIn(cm, parent, field, text, unit, language) {
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
      const found = problems.map((problem) => diagnostic(view, problem)).filter(Boolean)
      view.dispatch(cm.setDiagnostics(view.state, found))
      const wrong = problems.filter((problem) => problem.severity !== "warning").map((problem) => problem.line)
      view.dispatch({effects: broken.set.of(wrong)})
      view.contentDOM.setAttribute("aria-invalid", String(problems.length > 0))
    },
  }
}

function basics(cm, field, unit) {
  const apply = () => {
    field.form.requestSubmit()
    return true
  }
  const nonce = document.querySelector('meta[name="csp-nonce"]')?.nonce
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
      "aria-label": field.getAttribute("aria-label"),
      spellcheck: "false",
      autocapitalize: "off",
      autocorrect: "off",
    }),
    cm.keymap.of([...cm.completionKeymap, ...cm.lintKeymap, ...cm.closeBracketsKeymap, ...cm.historyKeymap, cm.indentWithTab, ...cm.defaultKeymap]),
  ]
}

/** A set of lines with a class, replaced whole by an effect. */
function lineMarks(cm, className) {
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

function diagnostic(view, {line, column, message, fix, severity}) {
  const doc = view.state.doc
  const at = doc.line(Math.max(1, Math.min(line || 1, doc.lines)))
  const indent = at.text.length - at.text.trimStart().length
  const from = Math.min(at.to, at.from + Math.max(indent, (column || 1) - 1))
  return {from, to: at.to, severity: severity === "warning" ? "warning" : "error", message: fix ? `${message}\n${say("fix", {fix})}` : message}
}

// -------------------------------------------------------------------------------------------- explaining

const known = new Map()

/** What the API says of a field; asked once, but of custom kinds, which may come, change and go. */
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

function explanation(name, {type, description, required, enum: values}) {
  const box = document.createElement("div")
  box.className = "explain"
  const head = document.createElement("div")
  head.append(piece("b", name), piece("i", [type, required ? say("required") : ""].filter(Boolean).join(", ")))
  box.append(head)
  if (description) box.append(piece("p", description))
  if (values?.length) box.append(piece("p", say("values", {values: values.join(", ")})))
  return box
}

function piece(tag, text) {
  const element = document.createElement(tag)
  element.textContent = text
  return element
}

function completion(cm) {
  return cm.autocompletion({activateOnTyping: true, icons: false, override: [async (context) => {
    const line = context.state.doc.lineAt(context.pos)
    const before = line.text.slice(0, context.pos - line.from)
    const word = /([\w.-]*)$/.exec(before)[1]
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

function option(field) {
  if (typeof field === "string") return {label: field, apply: `${field}: `}
  const deep = /^(\[\]|\{|map|object|array|[A-Z])/.test(field.type ?? "")
  return {label: field.name, detail: field.type, info: field.description, apply: deep ? `${field.name}:` : `${field.name}: `, boost: field.required ? 2 : 0}
}
