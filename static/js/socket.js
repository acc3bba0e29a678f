// The socket to the room: it only brings frames. Lost, it comes back by itself, later with each try that fails, and not all
// of a hall at once.

const [FIRST_MS, LONGEST_MS] = [500, 5000]

/**
 * How long until the next try. @param {number} tries that failed since it was open last
 * @param {number} chance 0 to 1 @returns {number} ms
 */
export const patience = (tries, chance = Math.random()) => Math.min(LONGEST_MS, FIRST_MS * 2 ** tries) * (0.5 + chance / 2)

/**
 * @param {() => string} path asked anew for each try: it says what is known already
 * @param {{opened: () => void, heard: (message: string) => void, closed: () => void}} tell
 */
export function keepOpen(path, {opened, heard, closed}) {
  let tries = 0
  const open = () => {
    const socket = new WebSocket(new URL(path(), location.href).href.replace(/^http/, "ws"))
    socket.onopen = () => {
      tries = 0
      opened()
    }
    socket.onmessage = ({data}) => heard(data)
    socket.onclose = () => {
      closed()
      setTimeout(open, patience(tries++))
    }
  }
  open()
}
