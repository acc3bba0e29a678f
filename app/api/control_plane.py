"""ControlPlane: what is broken of the control plane at the moment. An internal kind: no API client sees it.

There is one. Commands patch it, the engine follows it (app/engine/faults.py), and the chaos monkey lives by it.

    spec:
      apiServer: "up" | "down"
      stopped:      {deployment-controller: true}    # the process was stopped
      edge:         {replicaset-controller: true}    # does not notice that its watch lost something
      watchDelayMs: {replicaset-controller: 5000}    # beside the usual latency
      onCall:       {replicaset-controller: true}    # a person acts in its place (app/engine/oncall.py)
      dropEvery:    {replicaset-controller: 3}       # every third event of its watches is lost
      chaosPerMinute: 6                              # kills at random

An actor is named in full (`kubelet/node-1`) or by its role (`kubelet`: on every machine).
"""

from __future__ import annotations

from app.api.kinds import INTERNAL_V1
from app.api.objects import Obj, Ref

CONTROL_PLANE = Ref("ControlPlane", "", "control-plane")


def new_control_plane() -> Obj:
    """All is well."""
    kind = CONTROL_PLANE.kind
    return {"apiVersion": INTERNAL_V1, "kind": kind, "metadata": {"name": CONTROL_PLANE.name}, "spec": {}}
