"""Which lane an actor belongs to and what people call it; what people call that which only a machine knows."""

from __future__ import annotations

from collections.abc import Iterable

from app.api.objects import Ref
from app.web.present.words import N_, Words

YOU = "you"

TITLES = {
    YOU: N_("you"),
    "cronjob-controller": "CronJob",
    "job-controller": "Job",
    "deployment-controller": "Deployment",
    "replicaset-controller": "ReplicaSet",
    "replication-controller": "RC",
    "statefulset-controller": "StatefulSet",
    "daemonset-controller": "DaemonSet",
    "horizontal-pod-autoscaler": "HPA",
    "default-scheduler": N_("Scheduler"),
    "kubelet": "kubelet",
    "container-runtime": N_("Runtime"),
    "endpointslice-controller": N_("Endpoints"),
    "service-lb-controller": N_("Cloud LB"),
    "kube-proxy": "kube-proxy",
    "load-balancer": N_("LB targets"),
    "traffic": N_("Traffic"),
    "metrics-server": N_("Metrics"),
    "persistentvolume-binder": "Volumes",
    "disruption-controller": N_("Disruption"),
    "resourcequota-controller": N_("Quota"),
    "ttl-after-finished-controller": "Job TTL",
    "garbage-collector": N_("Garbage"),
    "namespace-controller": "Namespace",
    "kubelet-node-status": N_("Node status"),
    "node-lifecycle-controller": N_("Node health"),
    "taint-eviction-controller": N_("Eviction"),
    "pod-garbage-collector-controller": N_("Pod GC"),
    "cloud-node-lifecycle-controller": N_("Cloud nodes"),
    "cluster-autoscaler": N_("Node scaler"),
    "chaos-monkey": N_("Chaos"),
}
"""Kinds and program names stay as they are in every language."""

ORDER = tuple(TITLES)


def lane_of(actor: str) -> str:
    """All instances of a loop share a lane: `kubelet/node-1` -> `kubelet`."""
    return actor.partition("/")[0]


def lanes(actors: Iterable[str]) -> tuple[str, ...]:
    """The lanes from top to bottom: you, then in the order a Deployment passes through them, then the rest by name."""
    names = {lane_of(actor) for actor in actors} | {YOU}
    return tuple(sorted(names, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)))


def known(ref: Ref) -> Ref:
    """The object that people know: what a machine keeps of a pod, or of itself, is found by their names."""
    if ref.kind == "PodSandbox":
        return Ref("Pod", ref.namespace, ref.name.rpartition(".")[0])
    if ref.kind == "DataPath":
        return Ref("Service", ref.namespace, ref.name.rpartition(".")[0])
    if ref.kind == "Load":
        return Ref("Service", ref.namespace, ref.name)
    return Ref("Node", "", ref.name) if ref.kind == "Machine" else ref


def kind_in_words(kind: str, _: Words) -> str:
    """Before the name of the object that is `known`."""
    if kind == "PodSandbox":
        return _("the container runtime’s sandbox of Pod")
    if kind == "DataPath":
        return _("the rules for Service")
    if kind == "Load":
        return _("the traffic of Service")
    return _("the machine of Node") if kind == "Machine" else kind


def role_title(role: str, _: Words) -> str:
    title = TITLES.get(role)
    return _(title) if title else role.removesuffix("-controller").replace("-", " ")


def subject(actor: str, _: Words) -> str:
    """An actor as the subject of a sentence."""
    role, _slash, machine = actor.partition("/")
    if role == "default-scheduler":
        return _("The scheduler")
    if role == "kubelet":
        return _("The kubelet of %(node)s", node=machine)
    if role == "endpointslice-controller":
        return _("The EndpointSlice controller")
    if role == "replication-controller":
        return _("The replication controller")
    if role == "garbage-collector":
        return _("The garbage collector")
    if role == "kubelet-node-status":
        return _("The kubelet of %(node)s", node=machine)
    if role == "container-runtime":
        return _("The container runtime of %(node)s", node=machine)
    if role == "kube-proxy":
        return _("kube-proxy of %(node)s", node=machine)
    if role == "traffic":
        return _("The request generator")
    if role == "load-balancer":
        return _("The load balancer")
    if role == "service-lb-controller":
        return _("The cloud’s service controller")
    if machine:
        return f"{role_title(role, _)} ({machine})"
    return _("The %(name)s controller", name=role_title(role, _))
