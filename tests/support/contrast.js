// Texts whose contrast is less than wanted: see contrast.py. One function, evaluated in the page.
([selector, least]) => {
  const pen = document.createElement("canvas").getContext("2d", {willReadFrequently: true})
  const rgba = (colour) => {
    pen.clearRect(0, 0, 1, 1)
    pen.fillStyle = colour
    pen.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1]
  const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4)
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
  const ratio = (one, two) => {
    const [low, high] = [light(one), light(two)].sort((a, b) => a - b)
    return (high + 0.05) / (low + 0.05)
  }
  /** Every colour that may stand behind: stripes count one by one. */
  const behind = (element) => {
    if (!element) return [rgba(getComputedStyle(document.documentElement).getPropertyValue("--bg") || "white")]
    const style = getComputedStyle(element)
    const stripes = style.backgroundImage === "none" ? [] : style.backgroundImage.match(/(?:rgba?|color)\([^)]*\)/g) ?? []
    const own = [style.backgroundColor, ...stripes].map(rgba).filter(([, , , a]) => a > 0)
    const solid = own.filter(([, , , a]) => a === 1)
    if (solid.length) return stripes.length ? own.map((one) => over(one, solid[0])) : solid
    const below = behind(element.parentElement)
    return own.length ? below.flatMap((one) => own.map((two) => over(two, one))) : below
  }
  const opacity = (element) => (element ? Number(getComputedStyle(element).opacity) * opacity(element.parentElement) : 1)
  const found = []
  for (const element of document.querySelectorAll(`:is(${selector}), :is(${selector}) *`)) {
    if (!element.checkVisibility({opacityProperty: true, visibilityProperty: true}) || element.closest("svg, .away")) continue
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.nodeValue.trim()).join(" ").trim()
    if (!text) continue
    const papers = behind(element)
    const [r, g, b, a] = rgba(getComputedStyle(element).color)
    const worst = Math.min(...papers.map((paper) => ratio(over([r, g, b, a * opacity(element)], paper), paper)))
    if (worst < least) found.push(`${worst.toFixed(2)}: ${element.className} "${text}"`)
  }
  return found
}
