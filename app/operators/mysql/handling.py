"""What mysql-operator does about a cluster, from one look at it. Pure.

It is edge-driven, as handlers of kopf are: a pod that is new, a container that started again, a pod that goes and a
field that was edited each have a handler, which is tried again after so many seconds until it ends well, and then never
again. What such handlers know of restarts is in the process alone: an operator that starts takes a restart that it did
not see for no restart. One handler of a cluster works at a time (`busy`); the others come back later.

Models `operator_cluster.py` and `cluster_controller.py` of mysql-operator 2.2.2.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from app.api import conditions, times
from app.api.mysql_groups import group_ref
from app.api.objects import Obj, Ref, annotations_of, is_terminating, labels_of, name_of, namespace_of, ref_of, uid_of
from app.component_helpers import pods
from app.operators.mysql import diagnosis, objects, written
from app.operators.mysql.diagnosis import Diagnosis, diagnose
from app.operators.mysql.objects import CLUSTER_FINALIZER, POD_FINALIZER, READY, ROLE_LABEL
from app.operators.mysql.places import place
from app.operators.mysql.sayings import NO_MEMBER
from app.operators.mysql.servers import Servers
from app.operators.mysql.views import Peer, View
from app.reconcile import Action, Announce, Difference, Patch, Remember, RequeueAfter

CONFIGURE_MS, MUTEX_MS, INITIALIZE_MS, REPAIR_MS, REMOVE_MS = 30_000, 10_000, 15_000, 5_000, 3_000
PATIENCE_MS = 60_000  # with what was ordered


@dataclass(frozen=True, slots=True)
class Memory:
    """What the process knows, and the next one will not."""

    restarts: tuple[tuple[str, int], ...] = ()  # of the container mysql, per pod (uid), as it was dealt with
    due: tuple[tuple[str, int], ...] = ()  # when a handler is tried again
    busy: str = ""  # the handler that works
    busy_ms: int = 0  # since when
    order: int = 0  # the newest
    refused: str = ""  # a version that was told to be wrong
    failed: tuple[str, ...] = ()  # handlers whose server did not come in: the next try is by a clone


@dataclass(frozen=True, slots=True)
class ClusterSeen:
    cluster: Obj
    pods: Sequence[Obj]  # of its servers, by ordinal
    there: Mapping[Ref, Obj]  # what was made of it and is there
    group: Obj | None
    sandboxes: Sequence[Obj]
    machines: Sequence[Obj]
    memory: Memory
    now_ms: int


class Task(NamedTuple):
    what: str  # create, restart or delete
    pod: Obj

    @property
    def key(self) -> str:
        return f"{self.what} {name_of(self.pod)}"


class Handling:
    """One look, turned into differences; `memory` is what the process knows after it."""

    def __init__(self, seen: ClusterSeen) -> None:
        self.seen = seen
        self.cluster, self.now_ms = seen.cluster, seen.now_ms
        self.memory = seen.memory
        self.name, self.about = name_of(seen.cluster), ref_of(seen.cluster)
        status = (seen.group or {}).get("status") or {}
        self.servers: Servers = written.servers_of(status, seen.now_ms)
        self.place = place(seen.sandboxes, seen.machines)
        self.diagnosis: Diagnosis = diagnose(seen.cluster, seen.pods, self.servers, self.place, seen.now_ms)
        self.orders: list[dict[str, Any]] = []  # given in this look
        self.sent: list[dict[str, Any]] = []  # those of them that some difference bears
        self.completed = ""  # a handler that has just ended well

    def differences(self) -> Iterator[Difference]:
        self._notice_restarts()
        yield from self._label()
        yield from self._finish()
        for task in self._tasks():
            if task.key != self.completed and dict(self.memory.due).get(task.key, self.now_ms) <= self.now_ms:
                yield from self._handle(task)
        if self.completed and self._is_complete():
            yield from self._raise_routers()
        yield from self._status()

    # ------------------------------------------------------------------------------------------ what is to do

    def _tasks(self) -> list[Task]:
        tasks = []
        for pod in self.seen.pods:
            is_member = POD_FINALIZER in (pod["metadata"].get("finalizers") or ())
            if is_terminating(pod):
                tasks += [Task("delete", pod)] if is_member else []
            elif not is_member:
                tasks.append(Task("create", pod))
            elif self._restarted(pod):
                tasks.append(Task("restart", pod))
        return tasks

    def _notice_restarts(self) -> None:
        known = dict(self.memory.restarts)
        there = {uid_of(pod): known.get(uid_of(pod), _restarts(pod)) for pod in self.seen.pods}
        self.memory = replace(self.memory, restarts=tuple(there.items()))

    def _restarted(self, pod: Obj) -> bool:
        """And its containers are ready again, so that it can be asked."""
        statuses = pods.container_statuses(pod)
        ready = bool(statuses) and all(each["ready"] for each in statuses)
        return ready and _restarts(pod) > dict(self.memory.restarts).get(uid_of(pod), 0)

    def _handle(self, task: Task) -> Iterator[Difference]:
        if self.memory.busy:
            self._again(task, MUTEX_MS)
            return
        match task.what:
            case "create":
                yield from self._pod_created(task)
            case "restart":
                yield from self._pod_restarted(task)
            case _:
                yield from self._pod_goes(task)

    def _again(self, task: Task, after_ms: int) -> None:
        due = {**dict(self.memory.due), task.key: self.now_ms + after_ms}
        self.memory = replace(self.memory, due=tuple(due.items()))

    def _done(self, key: str) -> None:
        due = tuple(each for each in self.memory.due if each[0] != key)
        self.memory = replace(self.memory, due=due, busy="", busy_ms=0)

    def _work(self, key: str) -> None:
        self.memory = replace(self.memory, busy=key, busy_ms=self.now_ms)

    # ------------------------------------------------------------------------------------------ its handlers

    def _pod_created(self, task: Task) -> Iterator[Difference]:
        pod = name_of(task.pod)
        if not conditions.is_true((task.pod.get("status") or {}).get("conditions"), objects.CONFIGURED):
            self._again(task, CONFIGURE_MS)
        elif self.diagnosis.status == diagnosis.INITIALIZING:
            if _ordinal(pod):
                self._again(task, INITIALIZE_MS)
                return
            self._work(task.key)
            multi = "group_replication_single_primary_mode=OFF" in (self.cluster["spec"].get("mycnf") or "")
            self._order("create", pod, multi=multi)
            yield self._told("GroupMissing", "a group", "none", ())
        elif self.diagnosis.is_online:
            yield from self._join(task, "MemberJoins", ("Join", "Joining"))
        else:
            self._again(task, REPAIR_MS)
            yield from self._repair()

    def _pod_restarted(self, task: Task) -> Iterator[Difference]:
        if not self.diagnosis.is_online:
            self._again(task, REPAIR_MS)
            yield from self._repair()
        elif self.diagnosis.states.get(name_of(task.pod)) in (diagnosis.ONLINE, "RECOVERING"):
            self._forget_restart(task.pod)
            self._done(task.key)
        else:
            yield from self._join(task, "MemberRejoins", ("Rejoin", "Rejoining"))

    def _join(self, task: Task, reason: str, words: tuple[str, str]) -> Iterator[Difference]:
        pod, (event, doing) = name_of(task.pod), words
        state = self.diagnosis.states.get(pod)
        if state == diagnosis.ONLINE:
            self._work(task.key)  # by itself, or by the handler of another
            return
        if state != diagnosis.OFFLINE or self.servers.servers[pod].member is None:
            self._again(task, REPAIR_MS)
            return
        if errant := diagnosis.errant(pod, self.servers, self.diagnosis):
            self._forget_restart(task.pod)
            self._again(task, PATIENCE_MS)
            yield self._told("ErrantTransactions", 0, errant, (), task.pod)
            return
        seeds = [name for name, each in self.diagnosis.states.items() if each == diagnosis.ONLINE]
        method = "clone" if task.key in self.memory.failed else "incremental"
        self._work(task.key)
        self._order("join", pod, seeds=seeds, method=method)
        told = Announce(self.cluster, "Normal", event, f"{doing} {pod} to cluster", "ReconcilePod")
        yield self._told(reason, diagnosis.ONLINE, state, (told,), task.pod)

    def _pod_goes(self, task: Task) -> Iterator[Difference]:
        """It is taken out of the group by its peers, and the finalizer goes whatever came of that."""
        pod, state = name_of(task.pod), self.diagnosis.states.get(name_of(task.pod))
        more = self.diagnosis.online > 1 or is_terminating(self.cluster)
        if self.diagnosis.is_online and state == diagnosis.ONLINE and more:
            self._order("leave", pod)
        elif not is_terminating(self.cluster) and self.diagnosis.status.startswith(diagnosis.NO_QUORUM):
            self._again(task, REMOVE_MS)
            yield from self._repair()
            return
        self._done(task.key)
        yield self._told(
            "MemberGoes", "removed", state or "", (_finalizers(task.pod, without=POD_FINALIZER),), task.pod
        )

    def _finish(self) -> Iterator[Difference]:
        """What was ordered has come about, or is waited for no longer."""
        what, _, pod = self.memory.busy.partition(" ")
        if not what:
            return
        found = next((each for each in self.seen.pods if name_of(each) == pod), None)
        came = self.diagnosis.states.get(pod) == diagnosis.ONLINE
        came = self.diagnosis.is_online if what in ("reboot", "force") else came
        if not came and found is not None and self.now_ms < self.memory.busy_ms + PATIENCE_MS:
            return
        tried = self.memory.busy
        self._done(tried)
        failed = tuple(each for each in self.memory.failed if each != tried)
        self.memory = replace(self.memory, failed=failed if came or found is None else (*failed, tried))
        if not came or found is None:
            return
        self.completed = tried
        if what == "restart":
            self._forget_restart(found)
        if what in ("create", "restart"):
            yield from self._welcome(found, what)

    def _welcome(self, pod: Obj, what: str) -> Iterator[Difference]:
        """The pod is a member from now on: it may not go without the group knowing."""
        actions: list[Action] = []
        if CLUSTER_FINALIZER not in (self.cluster["metadata"].get("finalizers") or ()):
            actions.append(_finalizers(self.cluster, add=CLUSTER_FINALIZER))
        if "createTime" not in (self.cluster.get("status") or {}):
            created = {"status": {"createTime": times.rfc3339(self.now_ms)}}
            actions.append(Patch(self.about, created, subresource="status"))
            self.cluster = {**self.cluster, "status": {**(self.cluster.get("status") or {}), **created["status"]}}
            self.diagnosis = diagnose(self.cluster, self.seen.pods, self.servers, self.place, self.now_ms)
        if POD_FINALIZER not in (pod["metadata"].get("finalizers") or ()):
            actions.append(_finalizers(pod, add=POD_FINALIZER))
        if actions:
            yield self._told("MemberIn", "a member", what, tuple(actions), pod)

    def _forget_restart(self, pod: Obj) -> None:
        known = {**dict(self.memory.restarts), uid_of(pod): _restarts(pod)}
        self.memory = replace(self.memory, restarts=tuple(known.items()))

    def goings(self) -> Iterator[Difference]:
        """Of a cluster that is deleted: only pods that go."""
        for task in self._tasks():
            if task.what == "delete":
                yield from self._pod_goes(task)

    # ------------------------------------------------------------------------------------------ repair

    def _repair(self) -> Iterator[Difference]:
        if self.memory.busy:
            return
        status, states = self.diagnosis.status, self.diagnosis.states
        if status == diagnosis.NO_QUORUM and self.diagnosis.blocked:
            pod = self.diagnosis.blocked[0]
            self._work(f"force {pod}")
            self._order("force", pod, seeds=list(self.diagnosis.blocked))
            told = Announce(self.cluster, "Normal", "RestoreQuorum", "Restoring quorum of cluster", "RestoreCluster")
            yield self._told("QuorumMissing", diagnosis.ONLINE, status, (told,))
        elif status == diagnosis.OFFLINE and all(self._answers(pod) for pod in self.seen.pods):
            pod = diagnosis.best(self.seen.pods, self.servers)
            self._work(f"reboot {pod}")
            self._order("reboot", pod, above=diagnosis.newest_view(self.servers))
            for other in sorted(set(states) - {pod}):
                self._order("join", other, seeds=[pod])
            text = f"Restoring OFFLINE cluster through pod {_ordinal(pod)}"
            told = Announce(self.cluster, "Normal", "Rebooting", text, "RestoreCluster")
            yield self._told("ClusterOffline", diagnosis.ONLINE, status, (told,))
        elif status.startswith(diagnosis.SPLIT_BRAIN):
            text = "Cluster is in a SPLIT-BRAIN state and cannot be restored automatically."
            told = Announce(self.cluster, "Error", "SplitBrain", text, "UnrecoverableState")
            yield self._told("SplitBrain", diagnosis.ONLINE, status, (told,))

    def _answers(self, pod: Obj) -> bool:
        server = self.servers.servers.get(name_of(pod))
        return server is not None and server.member is not None and name_of(pod) in self.place.processes

    def _order(self, do: str, server: str, **more: Any) -> None:
        self.memory = replace(self.memory, order=max(self.memory.order, self.servers.handled, self._newest()) + 1)
        self.orders.append({"id": self.memory.order, "do": do, "server": server, **more})

    def _newest(self) -> int:
        orders = ((self.seen.group or {}).get("spec") or {}).get("orders") or []
        return max((each["id"] for each in orders), default=0)

    def _sending(self) -> tuple[Action, ...]:
        """The orders that were given since, to the servers, behind those that they have not carried out yet."""
        if not self.orders:
            return ()
        known = ((self.seen.group or {}).get("spec") or {}).get("orders") or []
        waiting = [each for each in known if each["id"] > self.servers.handled]
        self.sent, self.orders = [*self.sent, *self.orders], []
        return (Patch(group_ref(namespace_of(self.cluster), self.name), {"spec": {"orders": [*waiting, *self.sent]}}),)

    # ------------------------------------------------------------------------------------------ labels and status

    def _label(self) -> Iterator[Difference]:
        """What the view says of each pod's server: its label, its annotation and its gate."""
        view = self.diagnosis.view
        for pod in self.seen.pods:
            peer = view.peer(name_of(pod)) if view is not None else None
            if peer is None and view is None and self.diagnosis.states[name_of(pod)] != diagnosis.OFFLINE:
                continue  # nobody says anything of it
            role = ""
            if peer is not None and view is not None and peer.online:
                role = "PRIMARY" if peer.name in view.writers else "SECONDARY"
            actions = (*self._membership(pod, role, peer, view), *self._gate(pod, is_member=bool(role)))
            if actions:
                observed = labels_of(pod).get(ROLE_LABEL, "")
                yield self._told("RoleChanged", role or NO_MEMBER, observed or NO_MEMBER, actions, pod)

    def _membership(self, pod: Obj, role: str, peer: Peer | None, view: View | None) -> Iterator[Action]:
        known = json.loads(annotations_of(pod).get(objects.MEMBERSHIP, "{}"))
        if not role and not known:
            return
        if labels_of(pod).get(ROLE_LABEL, "") == role and known.get("role") == role:
            return
        now = times.rfc3339(self.now_ms)
        info = {
            "memberId": peer.uuid if peer is not None else known.get("memberId", ""),
            "lastTransitionTime": now,
            "lastProbeTime": now,
            "groupViewId": str(view.number) if view is not None else known.get("groupViewId", ""),
            "status": "ONLINE" if role else "OFFLINE",
            "version": peer.version if peer is not None else known.get("version", ""),
            "role": role,
            "joinTime": known.get("joinTime", now),
        }
        marks = {"labels": {ROLE_LABEL: role or None}, "annotations": {objects.MEMBERSHIP: json.dumps(info)}}
        yield Patch(ref_of(pod), {"metadata": marks}, uid=uid_of(pod))

    def _gate(self, pod: Obj, *, is_member: bool) -> Iterator[Action]:
        was = (pod.get("status") or {}).get("conditions") or []
        if is_member == conditions.is_true(was, READY) or not (is_member or conditions.find(was, READY)):
            return
        gate: conditions.Condition = {"type": READY, "status": str(is_member), "lastProbeTime": None}
        status = {"status": {"conditions": conditions.with_condition(was, gate, self.now_ms)}}
        yield Patch(ref_of(pod), status, uid=uid_of(pod), subresource="status")

    def _status(self) -> Iterator[Difference]:
        old = (self.cluster.get("status") or {}).get("cluster") or {}
        status, online = self.diagnosis.status, self.diagnosis.online
        if status == diagnosis.INITIALIZING and old.get("status") == diagnosis.PENDING and not self.memory.busy:
            return
        if (old.get("status"), old.get("onlineInstances")) == (status, online):
            return
        new = {"status": status, "onlineInstances": online, "lastProbeTime": times.rfc3339(self.now_ms)}
        text = f"Cluster status changed to {status}. {online} member(s) ONLINE"
        is_new = old.get("status") != status
        told = Announce(self.cluster, "Normal", "StatusChange", text, "ClusterStatus") if is_new else None
        patch = Patch(self.about, {"status": {"cluster": new}}, subresource="status", announce=told)
        yield Difference(self.about, "status.cluster", f"{status} {online}", _shown(old), "StatusOutdated", (patch,))

    def _is_complete(self) -> bool:
        return self.diagnosis.is_online and self.diagnosis.online >= objects.instances_of(self.cluster)

    def _raise_routers(self) -> Iterator[Difference]:
        routers = self.seen.there.get(objects.router_deployment(self.cluster))
        wanted = objects.routers_of(self.cluster)
        if routers is not None and not routers["spec"]["replicas"] and wanted:
            patch = Patch(ref_of(routers), {"spec": {"replicas": wanted}})
            yield Difference(ref_of(routers), "spec.replicas", wanted, 0, "RoutersWanted", (patch,))

    # ------------------------------------------------------------------------------------------ telling

    def _told(
        self, reason: str, desired: Any, observed: Any, actions: tuple[Action, ...], about: Obj | None = None
    ) -> Difference:
        where = ref_of(about) if about is not None else self.about
        return Difference(where, "cluster", desired, observed, reason, (*self._sending(), *actions))

    def remembered(self) -> Iterator[Difference]:
        """What is kept in memory, and when the next handler is tried again."""
        actions: list[Action] = [Remember(self.memory)] if self.memory != self.seen.memory else []
        waiting = {task.key for task in self._tasks()}
        self.memory = replace(self.memory, due=tuple(each for each in self.memory.due if each[0] in waiting))
        times_ms = [at_ms for _, at_ms in self.memory.due if at_ms > self.now_ms]
        if self.memory.busy:
            times_ms.append(self.memory.busy_ms + PATIENCE_MS)
        if times_ms:
            actions.append(RequeueAfter(max(0, min(times_ms) - self.now_ms), "next try"))
        if actions:
            yield Difference(self.about, "handlers", "done", list(waiting), "TriesAgain", tuple(actions))


def _restarts(pod: Obj) -> int:
    return int((pods.container_status(pod, "mysql") or {}).get("restartCount", 0))


def _ordinal(pod: str) -> int:
    return int(pod.rpartition("-")[2])


def _shown(cluster: Mapping[str, Any]) -> str:
    return f"{cluster.get('status', '')} {cluster.get('onlineInstances', 0)}".strip()


def _finalizers(obj: Obj, *, add: str = "", without: str = "") -> Patch:
    kept = [each for each in obj["metadata"].get("finalizers") or () if each != without]
    finalizers = [*kept, add] if add else kept
    return Patch(ref_of(obj), {"metadata": {"finalizers": finalizers}}, uid=uid_of(obj))
