// Tabs of the editor: as many as there is room for, the chosen one always among them, the others behind "+3".
import {all, byId, hit, make, one} from "./dom.js"
import {say} from "./state.js"

const list = byId("tabs")
const more = byId("more-tabs")
/** @type {Object<string, number>} */
const WAYS = {ArrowLeft: -1, ArrowRight: 1}
let chosen = 0

/** @param {(index: number) => void} choose */
export function startTabs(choose) {
  list.addEventListener("click", (event) => {
    const tab = hit(event, "[role=tab]")
    if (tab) choose(tabsNow().indexOf(tab))
  })
  more.addEventListener("click", (event) => {
    const button = hit(event, "[data-tab]")
    if (button) choose(Number(button.dataset.tab))
  })
  list.addEventListener("keydown", (event) => {
    const step = WAYS[event.key]
    if (!step) return
    event.preventDefault()
    event.stopPropagation()
    choose((chosen + step + list.childElementCount) % list.childElementCount)
    tabsNow()[chosen].focus()
  })
  new ResizeObserver(fit).observe(list.parentElement ?? list)
}

const tabsNow = () => all("[role=tab]", list)

/** @param {{name: string, isDirty: boolean}[]} tabs @param {number} active */
export function drawTabs(tabs, active) {
  chosen = active
  list.replaceChildren(...tabs.map(({name, isDirty}, index) => {
    const button = make("button", {type: "button", id: `tab-${index}`, textContent: name, tabIndex: index === active ? 0 : -1})
    button.setAttribute("role", "tab")
    button.setAttribute("aria-controls", "editor")
    button.setAttribute("aria-selected", String(index === active))
    button.title = isDirty ? `${name}: ${say("draft")}` : name
    if (isDirty) button.dataset.dirty = ""
    return button
  }))
  fit()
}

function fit() {
  const tabs = tabsNow()
  for (const tab of tabs) tab.hidden = false
  more.hidden = true
  if (list.scrollWidth <= list.clientWidth || !tabs[chosen]) return
  more.hidden = false
  const {paddingLeft, paddingRight, columnGap} = getComputedStyle(list)
  const widths = tabs.map((tab) => tab.offsetWidth + parseFloat(columnGap))
  let room = list.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) - widths[chosen]
  const out = tabs.filter((tab) => tab !== tabs[chosen] && (room -= widths[tabs.indexOf(tab)]) < 0)
  for (const tab of out) tab.hidden = true
  const summary = one("summary", more)
  summary.textContent = `+${out.length} ▾`
  summary.setAttribute("aria-label", say("more_tabs", {n: out.length}))
  one(".sheet", more).replaceChildren(...out.map((tab) => {
    const button = make("button", {type: "button", textContent: tab.textContent})
    button.dataset.tab = String(tabs.indexOf(tab))
    return button
  }))
}
