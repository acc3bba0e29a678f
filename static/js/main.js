// The page comes alive: each module looks after one part of it, `state` tells them of every frame.
import {startAsking} from "./asked.js"
import {startBreaking} from "./breaking.js"
import {startCommands} from "./commands.js"
import {startDesired} from "./desired.js"
import {startDialogs} from "./dialogs.js"
import {startInspector} from "./inspector.js"
import {startKeys} from "./keys.js"
import {startLive} from "./live.js"
import {startOnCall} from "./oncall.js"
import {startOwn} from "./own.js"
import {startPopovers} from "./popovers.js"
import {startPrefs} from "./prefs.js"
import {startScript} from "./script.js"
import {startStrip} from "./strip.js"
import {startViewing} from "./viewing.js"

startLive()
startPrefs()
startCommands()
startScript()
startViewing()
startStrip()
startInspector()
startBreaking()
startPopovers()
startDialogs()
startOnCall()
startOwn()
startKeys()
startDesired()
startAsking()
setTimeout(async () => (await import("./ruler.js")).startRuler(), 300) // what the page does not need at once
