"""Sentences that the browser needs of its own: connection, editor, keys. And the manifests that *new* begins with."""

from __future__ import annotations

from app.rooms import kind_templates
from app.web.present import traffic
from app.web.present.words import Words


def browser_words(_: Words) -> dict[str, str]:
    """By the name static/js uses. Placeholders are `{name}`, filled in by the browser."""
    return {
        **traffic.words(_),
        "reconnecting": _("Connection lost. Trying again."),
        "back": _("Connected again."),
        "quiet": _("Quiet: nothing to do until something changes."),
        "running": _("Running"),
        "nothing_before": _("Nothing was told before this."),
        "pinned": _("Pinned"),
        "follow": _("Follow"),
        "paused": _("Paused"),
        "reset_again": _("R again starts the room anew: what was declared and done in it goes."),
        "retold": _(
            "Loopscope was upgraded: everything in this room is as it was, but another version told its past,"
            " so the timeline begins here."
        ),
        "restless": _("Paused: ten minutes on, something is still tried again and again."),
        "pause": _("Pause"),
        "resume": _("Resume"),
        "lens_waits": _("waiting"),
        "lens": _("{gap} of waiting, shown in {wall}"),
        "watching": _("{n} watching"),
        "unchanged": _("Nothing would change."),
        "drift": _("The live object differs from what you wrote. Apply would change:"),
        "no_objects": _("There is no object in this text. Write one, or begin with + new."),
        "created": _("{what} will be created"),
        "deleted": _("deleted"),
        "problems": _("{n} problems. First: {message}"),
        "fix": _("Fix: {fix}"),
        "new": _("new"),
        "draft": _("not applied yet"),
        "more_tabs": _("{n} more manifests"),
        "line": _("line {n}"),
        "copied": _("Copied"),
        "not_copied": _("The browser did not let it be copied: select it by hand."),
        "no_kubectl": _("kubectl has no command for this."),
        "finished": _("You have finished this lesson."),
        "offline": _("The server cannot be reached."),
        "no_moment": _("The moment of this link, step {n}, is not kept any more. This is now."),
        **_board_words(_),
    }


def _board_words(_: Words) -> dict[str, str]:
    return {
        "step": _("{lane}, {phase}, {time}, {key}"),
        "observe": _("Observe"),
        "diff": _("Diff"),
        "same": _("Diff: nothing to do"),
        "act": _("Act"),
        "you": _("You"),
        "error": _("failed"),
        "gap": _("{gap} later"),
        "now": _("now"),
        "quiet_loops": _("+{n} quiet"),
        "fold_lanes": _("− fold"),
        "more_workloads": _("{n} more workloads"),
        "more_waiting": _("{n} more pods wait"),
        "fewer": _("fewer"),
        "cells": _("{n} pods, {ready} ready. Each square is a pod."),
        "cells_keys": _("Arrow keys go from pod to pod, Enter opens, K kills, Z enlarges the node."),
        "cells_all": _("all nodes"),
        "cells_node": _("{node}: {n} pods"),
        "tone_ready": _("running and ready"),
        "tone_unready": _("running, not ready"),
        "tone_wait": _("waiting"),
        "tone_new": _("starting"),
        "tone_dying": _("terminating"),
        "tone_bad": _("in trouble"),
        "tone_done": _("completed"),
        "waiting": _("Waiting for a node"),
        "ruler": _(
            "The room's past: arrow keys move, Page Up and Page Down go from act to act,"
            " with Shift from fault to fault, End is now"
        ),
        "fault": _("Fault: {what}"),
        "ruler_at": _("step {n}, {time}"),
        "changes": _("Changes"),
        "changes_about": _("What changed, by which loop (,)"),
        "board_now": _("as it is now, not at step {n}"),
        "board_then": _("as it was at step {n}"),
        "required": _("required"),
        "values": _("one of: {values}"),
        "editor_plain": _("The editor did not load; this plain text field works as well."),
        "theme_auto": _("Colours: as the system"),
        "theme_light": _("Colours: light"),
        "theme_dark": _("Colours: dark"),
        "desired": _("desired"),
        "ready": _("ready"),
        "chart": _("{name}: {desired} desired, {ready} ready"),
    }


OF_THE_BOARD = ("now", "more_workloads", "more_waiting", "fewer", "chart", "theme_auto", "theme_light", "theme_dark")


def player_words(_: Words) -> dict[str, str]:
    """The same for a story that plays without a server (static/js/player.js), which has some of the page's modules."""
    board = _board_words(_)
    return {
        **traffic.words(_),
        **{name: board[name] for name in OF_THE_BOARD},
        "play": _("Play"),
        "pause": _("Pause"),
        "moment_at": _("moment {n} of {all}, {time}"),
    }


def player_keys(_: Words) -> list[tuple[str, str]]:
    return [
        ("Space", _("play or pause")),
        ("← →", _("one moment back, or on")),
        ("PgUp PgDn", _("to the act before, or after")),
        ("Home End", _("to the beginning, to the ending")),
        ("- +", _("slower, faster")),
        ("D", _("light, dark or as the system")),
    ]


def keys(_: Words) -> list[tuple[str, list[tuple[str, str]]]]:
    """The list behind `?`. static/js/keys.js does what it says."""
    return [
        (
            _("Time"),
            [
                ("Space", _("pause or resume")),
                ("→", _("to the next moment, then pause")),
                ("←", _("one told step back")),
                (".", _("one phase further")),
                ("F", _("finish this loop")),
                ("Q End", _("skip to the ending")),
                ("A", _("say that again")),
                ("- +", _("slower, faster")),
                ("B", _("all loops at once, or one at a time")),
                ("M", _("next latencies")),
                ("R R", _("reset the room")),
            ],
        ),
        (_("Declare and break"), _keys_that_change(_)),
        (
            _("Look"),
            [
                ("0", _("follow what is told")),
                ("1 … 9", _("pin that loop")),
                ("T", _("go to the timeline")),
                ("H", _("arrows from cause to effect")),
                ("L", _("live object beside the manifest")),
                ("I", _("YAML or describe of the open object")),
                ("V", _("why: the causes of what is open or chosen")),
                (",", _("what changed, to go back to")),
                ("/", _("what every cluster has")),
            ],
        ),
        (
            _("Page"),
            [
                ("S", _("scenarios")),
                ("Y", _("press the next step of the lesson")),
                ("U", _("your own kubectl in this room")),
                ("@", _("share: links to take part, to watch, to this moment")),
                (";", _("fork this room, or export it; import another")),
                ("P", _("present: the stage, and back")),
                ("D", _("light, dark or as the system")),
                ("G", _("English or Japanese")),
                ("? Esc", _("this list, close, back to now")),
            ],
        ),
    ]


def _keys_that_change(_: Words) -> list[tuple[str, str]]:
    return [
        ("E", _("go to the editor")),
        ("Ctrl+⏎", _("apply")),
        ("N", _("new from a template, or of any kind")),
        ("Z", _("write a controller of your own")),
        ("Esc Tab", _("leave the editor")),
        ("J", _("next pod")),
        ("K", _("kill the chosen pod")),
        ("C", _("crash its container")),
        ("X", _("break things: API server, chaos, nodes")),
        ("W", _("break the loop that is shown")),
        ("O", _("next node, Enter breaks it")),
        ("!", _("do by hand what you are called for")),
        ("⏎", _("open what is chosen")),
        ("⇧+Click", _("copy a button’s kubectl command instead")),
    ]


def templates_of(_: Words) -> list[dict[str, str]]:
    """What *new* offers, smallest text that works."""
    return [{"name": name, "text": text} for name, text in (*TEMPLATES, *kind_templates())]


TEMPLATES = (
    (
        "Deployment",
        """apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  replicas: 2
  selector:
    matchLabels:
      app: api
  template:
    metadata:
      labels:
        app: api
    spec:
      containers:
      - name: api
        image: httpd:2.4
        ports:
        - containerPort: 80
        readinessProbe:
          httpGet:
            path: /
            port: 80
""",
    ),
    (
        "Service",
        """apiVersion: v1
kind: Service
metadata:
  name: api
spec:
  selector:
    app: api
  ports:
  - port: 80
    targetPort: 80
""",
    ),
    (
        "ConfigMap",
        """apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  greeting: hello
""",
    ),
    (
        "ReplicaSet",
        """apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: bare
spec:
  replicas: 2
  selector:
    matchLabels:
      app: bare
  template:
    metadata:
      labels:
        app: bare
    spec:
      containers:
      - name: nginx
        image: nginx:1.27
""",
    ),
    (
        "Pod",
        """apiVersion: v1
kind: Pod
metadata:
  name: alone
  labels:
    app: alone
spec:
  containers:
  - name: nginx
    image: nginx:1.27
""",
    ),
)
