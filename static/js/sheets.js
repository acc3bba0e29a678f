// Stylesheets that come when something first needs them.

/** @param {string} name @returns {Promise<unknown>} when it is there */
export function sheet(name) {
  const {href} = new URL(`../css/${name}.css`, import.meta.url)
  if ([...document.styleSheets].some((one) => one.href === href)) return Promise.resolve()
  const link = Object.assign(document.createElement("link"), {rel: "stylesheet", href})
  const come = new Promise((done) => (link.onload = link.onerror = done))
  document.head.append(link)
  return come
}
