// Where in an object a line of YAML is, by its indentation: enough for block style, which is what people write here.

/**
 * @param {string} text @param {number} number of the line, from 1 @param {boolean} itself whether the path includes the
 *   line's own key
 * @returns {{kind: string, path: string}} kind of the document the line is in, path as kubectl explain takes it
 */
export function pathAt(text, number, itself) {
  const lines = text.split("\n")
  let [first, last] = [number - 1, number - 1]
  while (first > 0 && !lines[first - 1].startsWith("---")) first--
  while (last < lines.length - 1 && !lines[last + 1].startsWith("---")) last++
  const kind = lines.slice(first, last + 1).map((line) => /^kind:\s*["']?(\w+)/.exec(line)?.[1]).find(Boolean) ?? ""
  const here = key(lines[number - 1]) ?? {column: lines[number - 1].search(/\S|$/), name: ""}
  const path = itself && here.name ? [here.name] : []
  let column = here.column
  for (let index = number - 2; index >= first && column > 0; index--) {
    const above = key(lines[index])
    if (!above?.opens || above.column >= column) continue
    path.unshift(above.name)
    column = above.column
  }
  return {kind, path: path.join(".")}
}

/** Column of a key (after its dashes), its name, and whether something indented follows it. @param {string} [line] */
function key(line = "") {
  const match = /^(\s*)((?:- )*)(["']?)([\w.$/-]+)\3:(?=\s|$)/.exec(line)
  if (!match) return null
  const opens = /^\s*(#.*)?$/.test(line.slice(match[0].length))
  return {column: match[1].length + match[2].length, name: match[4], opens}
}
