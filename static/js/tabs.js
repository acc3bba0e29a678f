// Tabs of the editor: as many as there is room for, the chosen one always among them, the others behind "+3".
import {say} from "./state.js"

const list = document.getElementById("tabs")
const more = document.getElementById("more-tabs")
let chosen = 0

/** @param {(index: number) => void} choose */
export function startTabs(choose) {
  list.addEventListener("click", (event) => choose([...list.children].indexOf(event.target.closest("[role=tab]"))))
  more.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tab]")
    if (button) choose(Number(button.dataset.tab))
  })
  list.addEventListener("keydown", (event) => {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key]
    if (!step) return
    event.preventDefault()
    event.stopPropagation()
    choose((chosen + step + list.childElementCount) % list.childElementCount)
    list.children[chosen].focus()
  })
  new ResizeObserver(fit).observe(list.parentElement)
}

/** @param {{name: string, isDirty: boolean}[]} tabs @param {number} active */
export function drawTabs(tabs, active) {
  chosen = active
  list.replaceChildren(...tabs.map(({name, isDirty}, index) => {
    const button = document.createElement("button")
    Object.assign(button, {type: "button", id: `tab-${index}`, textContent: name, tabIndex: index === active ? 0 : -1})
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
  const tabs = [...list.children]
  for (const tab of tabs) tab.hidden = false
  more.hidden = true
  if (list.scrollWidth <= list.clientWidth || !tabs[chosen]) return
  more.hidden = false
  const {paddingLeft, paddingRight, columnGap} = getComputedStyle(list)
  const widths = tabs.map((tab) => tab.offsetWidth + parseFloat(columnGap))
  let room = list.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) - widths[chosen]
  const out = tabs.filter((tab, index) => index !== chosen && (room -= widths[index]) < 0)
  for (const tab of out) tab.hidden = true
  more.firstElementChild.textContent = `+${out.length} ▾`
  more.firstElementChild.setAttribute("aria-label", say("more_tabs", {n: out.length}))
  more.lastElementChild.replaceChildren(...out.map((tab) => {
    const button = document.createElement("button")
    Object.assign(button, {type: "button", textContent: tab.textContent})
    button.dataset.tab = String(tabs.indexOf(tab))
    return button
  }))
}
