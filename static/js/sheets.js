// Stylesheets that come when something first needs them.
/** @type {Map<string, Promise<unknown>>} by name */
const known = new Map()

/** @param {string} name @returns {Promise<unknown>} when it is there */
export function sheet(name) {
  if (!known.has(name)) known.set(name, fetched(new URL(`../css/${name}.css`, import.meta.url).href))
  return known.get(name)
}

function fetched(href) {
  if ([...document.styleSheets].some((one) => one.href === href)) return Promise.resolve()
  const link = Object.assign(document.createElement("link"), {rel: "stylesheet", href})
  document.head.append(link)
  return new Promise((done) => (link.onload = link.onerror = done))
}
