// The page comes alive: each module looks after one part of it, `state` tells them of every frame.
import {startAwake} from "./awake.js"
import {settle, startBoard} from "./board.js"
import {startBreaking} from "./breaking.js"
import {startChart} from "./chart.js"
import {startClock} from "./clock.js"
import {startCommands} from "./commands.js"
import {startDesired} from "./desired.js"
import {startDialogs} from "./dialogs.js"
import {startInspector} from "./inspector.js"
import {startKeys} from "./keys.js"
import {startLive} from "./live.js"
import {startLoops} from "./loops.js"
import {startManyPods} from "./manypods.js"
import {startMarks} from "./marks.js"
import {startOnCall} from "./oncall.js"
import {startOwn} from "./own.js"
import {startPast} from "./past.js"
import {startPopovers} from "./popovers.js"
import {startPrefs} from "./prefs.js"
import {startScript} from "./script.js"
import {startStory} from "./story.js"
import {startStrip} from "./strip.js"
import {startTimeline} from "./timeline.js"
import {startTraffic} from "./traffic.js"

startLive()
startPrefs()
startClock()
startCommands()
startScript()
startAwake()
startPast()
startLoops()
startBoard()
startMarks()
startStory()
startTimeline()
startStrip()
startChart()
startManyPods(settle)
startInspector()
startBreaking()
startPopovers()
startDialogs()
startOnCall()
startOwn()
startKeys()
startDesired()
startTraffic()
setTimeout(async () => { // what the page does not need at once
  const [{startRuler}, {startWhy}, {startShare}] = await Promise.all(["ruler", "why", "share"].map((name) => import(`./${name}.js`)))
  startRuler()
  startWhy()
  startShare()
}, 300)
