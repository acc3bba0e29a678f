"""What keeps pods running."""

from __future__ import annotations

from app.api import kinds
from app.api.objects import Obj, controller_of, get_path, name_of
from app.api.selectors import format_labels, format_selector
from app.kubectl.printers.printing import NONE, Cells, Printer, age_of, columns, container_columns, replicas


def _deployment(deployment: Obj, now_ms: int) -> Cells:
    spec, status = deployment["spec"], deployment.get("status") or {}
    selector = spec.get("selector")
    return (
        name_of(deployment),
        f"{status.get('readyReplicas', 0)}/{replicas(spec)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age_of(deployment, now_ms),
        *container_columns(spec["template"]),
        format_selector(selector) if selector else "",
    )


def _replica_set(replica_set: Obj, now_ms: int) -> Cells:
    spec, status = replica_set["spec"], replica_set.get("status") or {}
    return (
        name_of(replica_set),
        replicas(spec),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        age_of(replica_set, now_ms),
        *container_columns(spec.get("template") or {}),
        format_selector(spec.get("selector")),
    )


def _replication_controller(controller: Obj, now_ms: int) -> Cells:
    spec, status = controller["spec"], controller.get("status") or {}
    counts = (replicas(spec), status.get("replicas", 0), status.get("readyReplicas", 0))
    containers = container_columns(spec.get("template") or {})
    return (name_of(controller), *counts, age_of(controller, now_ms), *containers, format_labels(spec.get("selector")))


def _stateful_set(stateful_set: Obj, now_ms: int) -> Cells:
    spec, status = stateful_set["spec"], stateful_set.get("status") or {}
    ready = f"{status.get('readyReplicas', 0)}/{replicas(spec)}"
    return (name_of(stateful_set), ready, age_of(stateful_set, now_ms), *container_columns(spec["template"]))


_DAEMON_COUNTS = (
    "desiredNumberScheduled",
    "currentNumberScheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberAvailable",
)


def _daemon_set(daemon_set: Obj, now_ms: int) -> Cells:
    spec, status = daemon_set["spec"], daemon_set.get("status") or {}
    return (
        name_of(daemon_set),
        *(status.get(count, 0) for count in _DAEMON_COUNTS),
        format_labels(get_path(spec, "template.spec.nodeSelector")),
        age_of(daemon_set, now_ms),
        *container_columns(spec["template"]),
        format_selector(spec.get("selector")),
    )


def _controller_revision(revision: Obj, now_ms: int) -> Cells:
    owner = controller_of(revision)
    name = f"{kinds.printed(owner['apiVersion'], owner['kind'])}/{owner['name']}" if owner else NONE
    return name_of(revision), name, revision.get("revision", 0), age_of(revision, now_ms)


_TEMPLATE = "*Containers, *Images, *Selector"
PRINTERS = {
    "Deployment": Printer(
        columns("Name, Ready, Up-to-date, Available, Age, *Containers, *Images, *Selector"), _deployment
    ),
    "ReplicaSet": Printer(
        columns("Name, Desired:integer, Current:integer, Ready:integer, Age, *Containers, *Images, *Selector"),
        _replica_set,
    ),
    "ReplicationController": Printer(
        columns(f"Name, Desired:integer, Current:integer, Ready:integer, Age, {_TEMPLATE}"), _replication_controller
    ),
    "StatefulSet": Printer(columns("Name, Ready, Age, *Containers, *Images"), _stateful_set),
    "DaemonSet": Printer(
        columns(
            "Name, Desired:integer, Current:integer, Ready:integer, Up-to-date:integer, Available:integer, "
            f"Node Selector, Age, {_TEMPLATE}"
        ),
        _daemon_set,
    ),
    "ControllerRevision": Printer(columns("Name, Controller, Revision, Age"), _controller_revision),
}
