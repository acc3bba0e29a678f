"""Every way in which a replayed scenario differs from the recording of a real cluster, and why. The only list there is:
a difference that is not here fails, and so does one that is here and no longer occurs.

A row is (sort, scenarios, group, path, reason): sort is `facts` or `fields`, each letter a scenario in which the
difference occurs, group and path are patterns as of a shell.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

Row = tuple[str, str, str, str, str]

SPEED = (
    "machines start and stop programs at their own speed (the recording's stand-in: 1 s each, without a spread), so "
    "pods of one step come and go together or one by one, and an aggregated count turns elsewhere"
)
STOPPING = "a stopping program serves until it has ended: its address stays listed as serving for as long"
AGGREGATED = (
    "from the tenth similar event of one object within ten minutes on they are combined; which of the known ones is "
    "forgotten for the newest is drawn by lot there, and how many there are is a matter of speed"
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
RETRIED = "how often a Service is tried again whose pods are on a Node that is gone is a matter of speed"
CANCELLED = "a planned eviction whose pod is deleted by others first is forgotten without a word"
KUBELET = (
    "there is no kubelet in the recording but its recorder's stand-in: it ends every program well and "
    "leaves out what a kubelet reports of resources, images and a container that never ran"
)
MACHINE = "the recording's machines are no machines: what runs on them, and their ids, are its stand-in's"
ROUTED = "nodes have a range of pod addresses, as kubeadm's do; the recorded controllers were told to give them none"
ATTACHED = "kubelets say that the controllers attach their volumes, as real ones do; the recorder's do not"
ACCOUNT = "the recorded API server ran without the admission of accounts"
RESTARTED = "a machine that was off starts its containers anew when it is back; there it only had not answered"
TTL = "there is no ttl-controller: a Node has its annotation from its kubelet, with its first write"
BEFORE = "a replay begins with its machines; there they had been started long before, or by another scenario"
OTHERS = "pods of another scenario were on the same machines"
LATER = "here the look comes a moment later or earlier in the life of what it shows"
MEASURED = (
    "the recording's stand-in for metrics-server measured the same memory for every pod and the same use of a node"
)
WORDS = (
    "what is applied is in our words: without an empty list of annotations, and how long a program runs stands in its "
    "command"
)

DIFFERENCES: tuple[Row, ...] = (
    ("facts", "a", "EndpointSlice web-*", "serving", STOPPING),
    ("facts", "b", "Deployment web", "condition Progressing", RESUMED),
    ("facts", "b", "Deployment web", "status.*Replicas", SPEED),
    ("facts", "b", "Deployment web", "status.replicas", SPEED),
    ("facts", "b", "ReplicaSet web-*", "status.terminatingReplicas", SPEED),
    ("facts", "b", "EndpointSlice web-*", "ready", SPEED),
    ("facts", "b", "EndpointSlice web-*", "terminating", SPEED),
    ("facts", "b", "EndpointSlice web-*", "serving", STOPPING),
    ("facts", "b", "Events Deployment Normal ScalingReplicaSet *", "*", AGGREGATED),
    ("facts", "g", "Job good", "status.uncountedTerminatedPods", SPEED),
    ("facts", "h", "DaemonSet agent", "status.numberUnavailable", SPEED),
    ("facts", "h", "Deployment web", "status.*eplicas", PLACED),
    ("facts", "h", "ReplicaSet web-*", "status.*eplicas", PLACED),
    ("facts", "h", "Events Pod Normal TaintManagerEviction *", "Cancelling deletion *", CANCELLED),
    ("facts", "h", "Events Service Warning FailedToUpdateEndpointSlices *", "*", RETRIED),
    ("facts", "i", "EndpointSlice web-*", "serving", STOPPING),
    ("facts", "i", "Node node-[12]", "taints", PLACED),
    ("facts", "l", "Deployment web", "*", YOUNG),
    ("facts", "l", "ReplicaSet web-*", "*", YOUNG),
    ("facts", "l", "HorizontalPodAutoscaler web", "condition *", YOUNG),
    ("facts", "l", "Events HorizontalPodAutoscaler Normal SuccessfulRescale *", "New size: 8; *", YOUNG),
    ("facts", "l", "Events Deployment Normal ScalingReplicaSet *", "Scaled up *", YOUNG),
    ("fields", "abcefghil", "Pod *", "* / spec / serviceAccount*", ACCOUNT),
    (
        "fields",
        "abcefghil",
        "Node *",
        "* / annotations / volumes.kubernetes.io/controller-managed-attach-detach",
        ATTACHED,
    ),
    ("fields", "abcefghil", "Node *", "* / spec / podCIDR*", ROUTED),
    ("fields", "abcefghil", "Node *", "* / nodeInfo / *", MACHINE),
    ("fields", "abcefghil", "Node *", "* / status / images*", KUBELET),
    ("fields", "f", "Node node-4", "first / metadata / annotations", TTL),
    ("fields", "h", "Node node-3", "first / metadata / annotations / node.alpha.kubernetes.io/ttl", TTL),
    ("fields", "h", "Node node-3", "first / spec / ", ROUTED),
    ("fields", "abcefghil", "Pod *", "* / containerStatuses / ?0] / *esources*", KUBELET),
    ("fields", "b", "Pod web-559f8cf658-*", "deleted / status / containerStatuses / ?0] / state / *", KUBELET),
    ("fields", "ghi", "Pod *", "deleted / status / containerStatuses / ?0] / state / terminated / *", KUBELET),
    ("fields", "ghi", "Pod *", "deleted / status / conditions / * / reason", KUBELET),
    ("fields", "ghi", "Pod *", "deleted / status / phase", KUBELET),
    ("fields", "h", "Pod *", "last / status / containerStatuses / ?0] / *", RESTARTED),
    ("fields", "h", "Event Pod * from kubelet", "last / count", RESTARTED),
    ("fields", "h", "Event Node * from kubelet", "", RESTARTED),
    ("fields", "h", "Event Pod Killing from kubelet", "", RESTARTED),
    ("fields", "b", "Event Pod Pull* from kubelet", "*", KUBELET),
    ("fields", "b", "Event Pod * from kubelet", "last / count", SPEED),
    ("fields", "b", "EndpointSlice web-*", "last / endpoints / * / nodeName", PLACED),
    ("fields", "bi", "EndpointSlice web-*", "* / generation", SPEED),
    ("fields", "h", "EndpointSlice web-*", "* / generation", RETRIED),
    ("fields", "h", "Event Service FailedToUpdateEndpointSlices *", "last / count", RETRIED),
    ("fields", "b", "Event Deployment ScalingReplicaSet *", "* / count", AGGREGATED),
    ("fields", "g", "Job *", "*/last-applied-configuration / spec / template / metadata", WORDS),
    ("fields", "l", "*", "* / *eneration", YOUNG),
    ("fields", "l", "Event *", "* / message", YOUNG),
    ("outputs", "abcefghil", "* get nodes -o wide", "*", MACHINE),
    ("outputs", "ahi", "* describe node*", "? * Version:*", MACHINE),
    ("outputs", "ahi", "* describe node*", "? * OS Image:*", MACHINE),
    ("outputs", "ahi", "* describe node*", "+ PodCIDR*", ROUTED),
    ("outputs", "ahi", "* describe node*", "+ * volumes.kubernetes.io/controller-managed-attach-detach*", ATTACHED),
    ("outputs", "hi", "* describe node*", "? * Node NODE1 status is now: *", BEFORE),
    ("outputs", "hi", "* describe node*", "+ * Starting kubelet.", BEFORE),
    ("outputs", "a", "* describe nodes", "? Events:*", BEFORE),
    ("outputs", "a", "* describe nodes", "+   [NT-]*", BEFORE),
    ("outputs", "h", "* describe node*", "? Non-terminated Pods:*", OTHERS),
    ("outputs", "h", "* describe nodes", "?   default  *", PLACED),
    ("outputs", "abeh", "* describe pod*", "+ Service Account:  default", ACCOUNT),
    ("outputs", "b", "*", "*  Pull*", KUBELET),
    ("outputs", "b", "*", "*ImagePull*", KUBELET),
    ("outputs", "b", "*", "*pull*image*", KUBELET),
    ("outputs", "b", "*", "*ScalingReplicaSet*", AGGREGATED),
    ("outputs", "g", "* describe *job*", "*", WORDS),
    ("outputs", "g", "* get *", "*", LATER),
    ("outputs", "h", "*", "* Running *", RESTARTED),
    ("outputs", "h", "* get events *", "* kubelet, NODE1 *", RESTARTED),
    ("outputs", "h", "* get events *", "- *Cancelling deletion*", CANCELLED),
    ("outputs", "h", "* get events *", "? *FailedToUpdateEndpointSlices*", RETRIED),
    ("outputs", "h", "6 get pods -o wide", "*", LATER),
    ("outputs", "l", "2 top *", "*", MEASURED),
    ("outputs", "l", "2 get hpa,deploy", "? horizontalpodautoscaler*", YOUNG),
    ("outputs", "l", "3 describe hpa web", "+ *New size: 8;*", YOUNG),
    ("outputs", "l", "3 get events *", "+ *New size: 8;*", YOUNG),
    ("outputs", "l", "3 *", "? *Scaled up replica set *", YOUNG),
)


def reason(scenario: str, sort: str, group: str, path: str) -> Row | None:
    """The row that a difference is listed by."""
    for row in DIFFERENCES:
        if row[0] == sort and scenario in row[1] and fnmatchcase(group, row[2]) and fnmatchcase(path, row[3]):
            return row
    return None
