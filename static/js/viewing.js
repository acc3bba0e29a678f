// What shows the room, and changes nothing in it: the whole page has more (main.js), a frame in another's page has no more.
import {startAwake} from "./awake.js"
import {settle, startBoard} from "./board.js"
import {startChart} from "./chart.js"
import {startClock} from "./clock.js"
import {startLoops} from "./loops.js"
import {startManyPods} from "./manypods.js"
import {startMarks} from "./marks.js"
import {startPast} from "./past.js"
import {startStory} from "./story.js"
import {startTimeline} from "./timeline.js"
import {startTraffic} from "./traffic.js"

export function startViewing() {
  startClock()
  startAwake()
  startPast()
  startLoops()
  startBoard()
  startMarks()
  startStory()
  startTimeline()
  startChart()
  startManyPods(settle)
  startTraffic()
}
