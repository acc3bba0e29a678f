// Runs before the first paint, so that a remembered theme or present mode does not flash.
(() => {
  const root = document.documentElement
  try {
    const theme = localStorage.getItem("theme")
    if (theme === "light" || theme === "dark") root.dataset.theme = theme
    if (localStorage.getItem("present") === "1") root.dataset.present = ""
  } catch { /* storage is forbidden: the system's theme will do */ }
})()
