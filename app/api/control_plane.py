"""ControlPlane: what is broken of the control plane at the moment. An internal kind: no API client sees it.

There is one. Commands patch it, the engine follows it (app/engine/faults.py), and the chaos monkey lives by it.

    spec:
      apiServer: "up" | "down"
      stopped:      {deployment-controller: true}    # the process was stopped
      edge:         {replicaset-controller: true}    # does not notice that its watch lost something
      watchDelayMs: {replicaset-controller: 5000}    # beside the usual latency
      onCall:       {replicaset-controller: true}    # a person acts in its place (app/engine/oncall.py)
      dropEvery:    {replicaset-controller: 3}       # every third event of its watches is lost
      dropNext:     {replicaset-controller: Pod}     # the next event of that kind, or of "*", is lost unnoticed
      crashMidway:  {replicaset-controller: true}    # it dies between two writes of its next reconcile
      staleUntilMs: {replicaset-controller: 1767225605000}  # till then it sees of other kinds what was
      doubled:      {replicaset-controller: true}    # two copies of it run, for want of leader election
      chaosPerMinute: 6                              # kills at random

An actor is named in full (`kubelet/node-1`) or by its role (`kubelet`: on every machine). The second copy of a loop is
an actor of its own, `replicaset-controller_2`.
"""

from __future__ import annotations

from app.api.kinds import INTERNAL_V1
from app.api.objects import Obj, Ref

CONTROL_PLANE = Ref("ControlPlane", "", "control-plane")
OF_LOOPS = (
    "stopped", "edge", "watchDelayMs", "onCall", "dropEvery", "dropNext", "crashMidway", "staleUntilMs", "doubled",
)  # fmt: skip
"""What is set of single loops: tables by their names."""

ANY_KIND = "*"
_COPY = "_2"  # no loop's own name has an underscore in it


def new_control_plane() -> Obj:
    """All is well."""
    kind = CONTROL_PLANE.kind
    return {"apiVersion": INTERNAL_V1, "kind": kind, "metadata": {"name": CONTROL_PLANE.name}, "spec": {}}


def second_of(actor: str) -> str:
    """The second copy of a loop."""
    return actor + _COPY


def is_second(actor: str) -> bool:
    return actor.endswith(_COPY)


def first_of(actor: str) -> str:
    """The loop that an actor is, or is the second copy of."""
    return actor.removesuffix(_COPY)
