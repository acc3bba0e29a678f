"""Every way in which a replayed scenario differs from the recording of a real cluster, and why. The only list there is:
a difference that is not here fails, and so does one that is here and no longer occurs.

A row is (scenario, group, path, reason); group and path are patterns as of a shell.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

SPEED = (
    "machines start and stop programs at their own speed (the recording's stand-in: 1 s each, without a spread), so "
    "pods of one step come and go together or one by one, and an aggregated count turns elsewhere"
)
STOPPING = "a stopping program serves until it has ended: its address stays listed as serving for as long"
AGGREGATED = (
    "similar events are combined after ten of one object within ten minutes; which is the eleventh is a matter of speed"
)
ANNOUNCED = "node-lifecycle does not announce that it registers or removes a Node"
BORN_READY = "a Node is Ready from its first write, so admission has no not-ready taint to add"
GRACE_0 = "a deletion with no grace is one write here; the real API server writes the timestamp first"
QUARANTINE = (
    "pod GC came before the DaemonSet's template was changed; there its 40 s and 20 s had not passed after 61 s"
)
YOUNG = (
    "four pods are too young for their CPU to count, so the step to 10 goes by 8; the recording's stand-in for "
    "metrics-server gave them a window that made them count at once"
)
PLACED = "which of equal nodes gets a pod is drawn by lot there"

RESUMED = (
    "there the write of DeploymentResumed makes the next one, of NewReplicaSetCreated, fail with a conflict; here what "
    "one look finds is one write"
)
NODE_GONE = "endpoints of pods whose Node object is gone stay listed until pod GC; the real one refuses, and says so"
CANCELLED = "a planned eviction whose pod is deleted by others first is forgotten without a word"
EARLY = "the budget is looked at before the Deployment's first pod is there, which is said"

DIFFERENCES: tuple[tuple[str, str, str, str], ...] = (
    ("a", "EndpointSlice web-*", "serving", STOPPING),
    ("b", "Deployment web", "condition Progressing", RESUMED),
    ("b", "Deployment web", "status.*Replicas", SPEED),
    ("b", "Deployment web", "status.replicas", SPEED),
    ("b", "ReplicaSet web-*", "status.terminatingReplicas", SPEED),
    ("b", "EndpointSlice web-*", "ready", SPEED),
    ("b", "EndpointSlice web-*", "terminating", SPEED),
    ("b", "EndpointSlice web-*", "serving", STOPPING),
    ("b", "Events Deployment Normal ScalingReplicaSet *", "*", AGGREGATED),
    ("f", "Events DaemonSet Normal SuccessfulCreate *", "*", AGGREGATED),
    ("f", "Events DaemonSet Normal SuccessfulDelete *", "*", QUARANTINE),
    ("f", "Pods of DaemonSet agent", "lives / *PodGC*", QUARANTINE),
    ("f", "Events Node Normal Re*Node *", "", ANNOUNCED),
    ("f", "Node node-4", "taints", BORN_READY),
    ("g", "Job good", "status.uncountedTerminatedPods", SPEED),
    ("g", "Pods of Job ttl", "lives / *", GRACE_0),
    ("h", "DaemonSet agent", "status.numberUnavailable", SPEED),
    ("h", "Deployment web", "status.*eplicas", PLACED),
    ("h", "ReplicaSet web-*", "status.*eplicas", PLACED),
    ("h", "Events Pod Normal TaintManagerEviction *", "Cancelling deletion *", CANCELLED),
    ("h", "EndpointSlice web-*", "terminating", NODE_GONE),
    ("h", "Events Service Warning FailedToUpdateEndpointSlices *", "", NODE_GONE),
    ("h", "Events Node Normal Re*Node *", "", ANNOUNCED),
    ("h", "Node node-3 (2)", "taints", BORN_READY),
    ("h", "Pods of *", "lives / *PodGC*", GRACE_0),
    ("i", "EndpointSlice web-*", "serving", STOPPING),
    ("i", "Events PodDisruptionBudget Normal NoPods *", "", EARLY),
    ("i", "Node node-[12]", "taints", PLACED),
    ("l", "Deployment web", "*", YOUNG),
    ("l", "ReplicaSet web-*", "*", YOUNG),
    ("l", "HorizontalPodAutoscaler web", "condition *", YOUNG),
    ("l", "Events HorizontalPodAutoscaler Normal SuccessfulRescale *", "New size: 8; *", YOUNG),
    ("l", "Events Deployment Normal ScalingReplicaSet *", "Scaled up *", YOUNG),
    ("l", "Events ReplicaSet Normal SuccessfulCreate *", "*", AGGREGATED),
)


def reason(scenario: str, group: str, path: str) -> tuple[str, str, str, str] | None:
    """The row that a difference is listed by."""
    for row in DIFFERENCES:
        if row[0] == scenario and fnmatchcase(group, row[1]) and fnmatchcase(path, row[2]):
            return row
    return None
