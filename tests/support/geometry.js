// What is wrong with how a page lies, at the size that it has: see geometry.py. One function, evaluated in the page.
() => {
  const LEAST_TEXT = 12, LEAST_CAPTION = 20, LEAST_TARGET = 24, WIDE = 901 // px
  const SAID = 3 // elements that have the same fault
  const NEAR = 1.5 // px by which two edges may miss each other
  const CONTROLS = "button, a[href], summary, input, select, textarea, [role=tab], [role=switch], [role=button], [role=slider]"
  // What people opened on purpose lies over the page, and what is below it is not looked at.
  const LAYERS = "dialog[open], [popover]:popover-open, details[open] > .sheet, #inspector, .cm-tooltip"
  // Long lines of code, tables and the past are read by scrolling sideways; nothing else is.
  const SIDEWAYS = ".cm-scroller, textarea, #lane-scroll, .table, .yaml, .described, pre, code"
  // CodeMirror sets their heights itself, a little late; the area around them scrolls.
  const MEASURED = ".cm-gutter"
  // Dense on purpose, and what they do can be done by larger targets too: the small rings, Back and Next.
  const DENSE = "#lanes-svg *, .lane-names *"

  const root = document.querySelector("dialog:modal") ?? document.body
  const moving = document.getAnimations()
    .filter((one) => one.playState === "running" && one.effect.getComputedTiming().iterations !== Infinity)
    .map((one) => one.effect.target)
  /** What is wrong -> the elements that it is wrong with. */
  const found = new Map()
  const fault = (what, element) => found.set(what, (found.get(what) ?? new Set()).add(name(element)))

  // ------------------------------------------------------------------------------------------- what there is
  const isSeen = (element) => {
    if (!element.checkVisibility({opacityProperty: true, visibilityProperty: true})) return false
    if (!element.getClientRects().length) return false
    if (element.closest(".away, .leaving, defs, symbol")) return false
    return !moving.some((one) => one?.contains(element))
  }
  const seen = [...root.querySelectorAll("*")].filter(isSeen)
  const layer = (element) => element.closest(LAYERS)

  /** Each line of text that an element bears itself, as boxes. */
  const lines = (element) => {
    const boxes = []
    for (const node of element.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || !node.nodeValue.trim()) continue
      const range = document.createRange()
      const [start, end] = [node.nodeValue.search(/\S/), node.nodeValue.trimEnd().length]
      range.setStart(node, start)
      range.setEnd(node, end)
      boxes.push(...[...range.getClientRects()].filter((box) => box.width > 0 && box.height > 0))
    }
    return boxes
  }
  const texts = seen
    .map((element) => ({element, boxes: lines(element)}))
    .filter(({boxes}) => boxes.length)
  const controls = seen.filter((element) => element.matches(CONTROLS) && !element.disabled && element.getBoundingClientRect().width)

  // --------------------------------------------------------------------------------------------------- boxes
  const within = (one, two) => {
    const [left, top] = [Math.max(one.left, two.left), Math.max(one.top, two.top)]
    const [right, bottom] = [Math.min(one.right, two.right), Math.min(one.bottom, two.bottom)]
    return {left, top, right, bottom, width: right - left, height: bottom - top}
  }
  /** A line of text without the air that fonts keep above and below. */
  const glyphs = ({left, top, right, bottom, height}) => {
    const air = height * 0.22
    return {left: left + 1, right: right - 1, top: top + air, bottom: bottom - air, width: right - left - 2, height: height - 2 * air}
  }
  const inner = (element) => {
    const box = element.getBoundingClientRect()
    const [left, top] = [box.left + element.clientLeft, box.top + element.clientTop]
    return within(box, {left, top, right: left + element.clientWidth, bottom: top + element.clientHeight})
  }
  const screen = {left: 0, top: 0, right: innerWidth, bottom: innerHeight}
  /** Boxes that cut what stands out of them, innermost first; the window is the last. */
  const cutters = (element) => {
    const list = []
    let position = "static" // of what is asked about, as far as ancestors are its containing block
    for (let one = element; one && one !== document.body; one = one.parentElement) {
      const style = getComputedStyle(one)
      const isHome = one === element || position === "static" || style.transform !== "none" || (position === "absolute" && style.position !== "static")
      if (!isHome) continue
      const [x, y] = [cut(style.overflowX), cut(style.overflowY)]
      if ((x || y) && style.display !== "inline" && !one.matches(MEASURED) && (one !== element || lines(one).length)) list.push({one, box: inner(one), x, y})
      position = ["absolute", "fixed"].includes(style.position) ? style.position : "static"
    }
    const scrolls = position !== "fixed" && getComputedStyle(document.body).overflowY === "visible"
    return [...list, {one: document.body, box: screen, x: "hidden", y: scrolls ? "scroll" : "hidden"}]
  }
  const cut = (overflow) => (overflow === "visible" ? "" : overflow === "auto" || overflow === "scroll" ? "scroll" : "hidden")
  /** The part of a box that is in sight, or null. */
  const visible = (box, element) => {
    let part = box
    for (const {box: edge, x, y} of cutters(element)) {
      part = within(part, {left: x ? edge.left : -Infinity, right: x ? edge.right : Infinity, top: y ? edge.top : -Infinity, bottom: y ? edge.bottom : Infinity})
    }
    return part.width > 2 && part.height > 2 ? part : null
  }

  // ------------------------------------------------------------------------------------------------- cut off
  /** Shortened with an ellipsis, and whole in a title: that is no fault, but for what the page is there to say. */
  const isShortened = (element, one) => {
    const style = getComputedStyle(one)
    const dots = style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none"
    return dots && element.closest("[title]")?.title && !element.closest("#caption, #ending, .answer")
  }
  const over = (box, {box: edge, x, y}) => {
    const sides = []
    if (x === "hidden" && (box.left < edge.left - NEAR || box.right > edge.right + NEAR)) sides.push("sideways")
    if (y === "hidden" && (box.top < edge.top - NEAR || box.bottom > edge.bottom + NEAR)) sides.push("in height")
    return sides
  }
  const cutOff = (element, boxes) => {
    for (let edge of cutters(element)) {
      const sides = new Set(boxes.flatMap((box) => over(box, edge)))
      if (sides.size) {
        if (isShortened(element, edge.one)) return
        return fault(`cut off ${[...sides].join(" and ")} by ${edge.one === document.body ? "the window" : edge.one === element ? "itself" : name(edge.one)}`, element)
      }
      // What an area scrolls can be brought into sight, as far as the area itself is.
      if (edge.x === "scroll" || edge.y === "scroll") boxes = boxes.map((box) => within(box, edge.box)).filter((box) => box.width > 0 && box.height > 0)
    }
  }
  const scrollsTooLittle = (element) => {
    const style = getComputedStyle(element)
    const line = parseFloat(style.lineHeight) || 1.2 * parseFloat(style.fontSize)
    if (cut(style.overflowY) === "scroll" && element.scrollHeight > element.clientHeight + 2 && element.clientHeight < line) {
      fault("cut off, less than a line is in sight", element)
    }
    if (cut(style.overflowX) === "scroll" && element.scrollWidth > element.clientWidth + 1 && !element.matches(SIDEWAYS)) {
      fault("scrolls sideways", element)
    }
  }

  // ------------------------------------------------------------------------------------------------- covered
  const related = (one, two) => one.contains(two) || two.contains(one)
  const isPainted = (element) => {
    const style = getComputedStyle(element)
    if (element.matches("svg, svg *")) return false // lines and marks
    const alpha = /(?:,|\/)\s*([\d.]+%?)\s*\)$/.exec(style.backgroundColor)?.[1]
    const solid = style.backgroundColor !== "transparent" && !(style.backgroundColor.startsWith("rgba") && parseFloat(alpha) < 0.3)
    return solid || style.backgroundImage !== "none"
  }
  /** Stands still while what is behind it scrolls: it can be scrolled out from there. */
  const isSticky = (cover, element) => {
    for (let one = cover; one && !one.contains(element); one = one.parentElement) if (getComputedStyle(one).position === "sticky") return true
    return false
  }
  /** The unrelated thing that is painted over this point of an element. */
  const coverAt = (element, x, y) => {
    for (const top of document.elementsFromPoint(x, y)) {
      if (related(top, element)) return null
      if (isPainted(top) && isSeen(top)) return top
    }
    return null
  }
  const covered = (element, box) => {
    const part = visible(box, element)
    if (!part) return
    const [y, third] = [(part.top + part.bottom) / 2, Math.min(6, part.width / 3)]
    for (const x of [part.left + third, (part.left + part.right) / 2, part.right - third]) {
      const cover = coverAt(element, x, y)
      if (!cover || isSticky(cover, element)) continue
      if (layer(cover) && layer(cover) !== layer(element)) continue
      return fault(`covered by ${name(cover)}`, element)
    }
  }
  /** Two lines of text, or two controls, in one place. */
  const collide = (things, kind) => {
    const placed = things.map(({element, box}) => ({element, part: visible(box, element)})).filter(({part}) => part)
    placed.sort((one, two) => one.part.left - two.part.left)
    placed.forEach(({element, part}, index) => {
      for (let next = index + 1; next < placed.length && placed[next].part.left < part.right - NEAR; next++) {
        const other = placed[next]
        if (related(element, other.element) || layer(element) !== layer(other.element)) continue
        const both = within(part, other.part)
        if (both.width <= NEAR || both.height <= NEAR) continue
        const hidden = [element, other.element].some((one) => coverAt(one, (both.left + both.right) / 2, (both.top + both.bottom) / 2))
        if (!hidden) fault(`${kind} ${name(other.element)}`, element) // else it was told as covered
      }
    })
  }

  // ----------------------------------------------------------------------------------------------- too small
  const sizeOf = (element) => {
    const size = parseFloat(getComputedStyle(element).fontSize)
    const scale = element instanceof SVGGraphicsElement ? element.getScreenCTM().a : 1
    return size * scale
  }
  const smallText = (element) => {
    const size = sizeOf(element)
    const least = innerWidth >= WIDE && element.closest("#caption .text, #ending b") && !element.closest("body:not(.in-past) .said:has(#ending:not([hidden])) #caption") ? LEAST_CAPTION : LEAST_TEXT
    if (size < least - 0.05) fault(`small text, ${size.toFixed(1)} px`, element)
  }
  /** Where a click reaches it: its box, and what it spreads beyond (a label, a pseudo-element over a card). */
  const reaches = (element, x, y) => {
    const top = document.elementFromPoint(x, y)
    return top && (element.contains(top) || [...(element.labels ?? [])].some((label) => label.contains(top)))
  }
  const smallTarget = (element) => {
    const box = visible(element.getBoundingClientRect(), element)
    if (!box || element.matches(DENSE)) return
    const [x, y, half] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2, LEAST_TARGET / 2 - 0.75]
    const wide = box.width >= LEAST_TARGET - 0.5 || (reaches(element, x - half, y) && reaches(element, x + half, y))
    const tall = box.height >= LEAST_TARGET - 0.5 || (reaches(element, x, y - half) && reaches(element, x, y + half))
    const isScrolledHalfOut = cutters(element).some(({box: edge, x: sideways, y: down}) => {
      const own = element.getBoundingClientRect()
      return (down === "scroll" && (own.top < edge.top || own.bottom > edge.bottom)) || (sideways === "scroll" && (own.left < edge.left || own.right > edge.right))
    })
    if (!(wide && tall) && !isScrolledHalfOut) fault(`small target, ${Math.round(box.width)} x ${Math.round(box.height)} px`, element)
  }

  // --------------------------------------------------------------------------------------------------- names
  function name(element) {
    const of = (one) => {
      const data = one.dataset?.name && one.dataset.kind ? `[${one.dataset.kind} ${one.dataset.name}]` : ""
      return one.id ? `#${one.id}` : `${one.localName}${[...one.classList].slice(0, 2).map((each) => `.${each}`).join("")}${data}`
    }
    const home = element.id ? null : element.parentElement?.closest("[id]:not(body)")
    const text = (element.getAttribute("aria-label") ?? element.textContent).replace(/\s+/g, " ").trim().slice(0, 40)
    return `${home ? `${of(home)} ` : ""}${of(element)}${text ? ` "${text}"` : ""}`
  }

  // ---------------------------------------------------------------------------------------------------------
  const page = document.documentElement
  if (page.scrollWidth > innerWidth) fault("scrolls sideways", document.body)
  // Whatever is drawn covers, also what lets clicks through.
  const sheet = new CSSStyleSheet()
  sheet.replaceSync("* { pointer-events: auto !important; }")
  const sheets = [...document.adoptedStyleSheets]
  controls.forEach(smallTarget)
  document.adoptedStyleSheets = [...sheets, sheet]
  try {
    seen.forEach(scrollsTooLittle)
    for (const {element, boxes} of texts) {
      smallText(element)
      cutOff(element, boxes.map(glyphs))
      boxes.forEach((box) => covered(element, glyphs(box)))
    }
    for (const element of controls) {
      if (!element.matches(DENSE)) cutOff(element, [element.getBoundingClientRect()])
    }
    collide(texts.flatMap(({element, boxes}) => boxes.map((box) => ({element, box: glyphs(box)}))), "text over text")
    collide(controls.filter((one) => !one.matches(DENSE)).map((element) => ({element, box: element.getBoundingClientRect()})), "control over control")
  } finally {
    document.adoptedStyleSheets = sheets
  }
  return [...found].map(([what, names]) => `${what}: ${[...names].slice(0, SAID).join(", ")}${names.size > SAID ? `, and ${names.size - SAID} more` : ""}`)
}
