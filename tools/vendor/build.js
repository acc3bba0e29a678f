// Writes static/vendor/: htmx and gifenc as published, CodeMirror as one file of picked parts with its types, and the
// licences of all of them. Run by `make vendor`, after npm has installed what package-lock.json names.

import {copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync} from "node:fs"
import {dirname, join} from "node:path"
import {fileURLToPath} from "node:url"
import {gzipSync} from "node:zlib"
import {build} from "esbuild"

const here = dirname(fileURLToPath(import.meta.url))
const modules = join(here, "../../node_modules")
const out = process.env.VENDOR_OUT ?? join(here, "../../static/vendor")
mkdirSync(out, {recursive: true})

copyFileSync(join(modules, "htmx.org/dist/htmx.min.js"), join(out, "htmx.min.js"))
copyFileSync(join(modules, "htmx.org/LICENSE"), join(out, "htmx.LICENSE.txt"))
// The comment that names a map we do not carry is left out.
const gifenc = readFileSync(join(modules, "gifenc/dist/gifenc.esm.js"), "utf8").replace(/\/\/# sourceMappingURL=.*\s*$/, "")
writeFileSync(join(out, "gifenc.js"), gifenc)
copyFileSync(join(here, "gifenc.d.ts"), join(out, "gifenc.d.ts"))
copyFileSync(join(modules, "gifenc/LICENSE.md"), join(out, "gifenc.LICENSE.txt"))
copyFileSync(join(here, "codemirror.js"), join(out, "codemirror.d.ts"))

const {metafile} = await build({
  absWorkingDir: here,
  entryPoints: ["codemirror.js"],
  outfile: join(out, "codemirror.js"),
  bundle: true,
  charset: "utf8",
  format: "esm",
  legalComments: "none",
  metafile: true,
  minify: true,
  target: "es2022",
})
writeFileSync(join(out, "codemirror.LICENSE.txt"), licences(bundled(metafile)))

for (const name of ["htmx.min.js", "codemirror.js", "gifenc.js"]) {
  const bytes = readFileSync(join(out, name))
  console.log(`${name}: ${bytes.length} bytes, ${gzipSync(bytes).length} compressed`)
}

/** The packages that really went into the bundle, by name. */
function bundled({inputs}) {
  const packages = Object.keys(inputs).map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
  return [...new Set(packages.filter(Boolean))].sort()
}

/** One text with the licence of each package; packages with the same text share it. */
function licences(packages) {
  const byText = new Map()
  for (const name of packages) {
    const file = join(modules, name, "LICENSE")
    if (!existsSync(file)) throw new Error(`${name} has no LICENSE file`)
    const {version} = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"))
    const text = readFileSync(file, "utf8").trim()
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version}`])
  }
  return [...byText].map(([text, names]) => `${names.join("\n")}\n\n${text}\n`).join(`\n${"-".repeat(78)}\n\n`)
}
