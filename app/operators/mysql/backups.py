"""mysql-backups: the part of the MySQL operator that has backups made.

A MySQLBackup becomes a Job, whose end is written down as its status. Of a schedule there is a CronJob, whose pods do no
more than create a MySQLBackup: here that is done when such a Job has ended. Runs in the operator's pod. Models the
backup controller of mysql-operator 2.2.2 (`mysqloperator/controller/backup`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.api import conditions, times
from app.api.messages import N_, Message, message
from app.api.mysql_groups import INNODB_CLUSTER, MYSQL_BACKUP
from app.api.objects import Obj, Ref, labels_of, name_of, namespace_of, owned, ref_of
from app.operators.mysql import objects, sayings
from app.operators.mysql.objects import CLUSTER_LABEL, PROFILE_LABEL, ROLE_LABEL, SCHEDULE_LABEL
from app.reconcile import Cache, Controller, Create, Difference, Patch, Reader, Wake, itself, owns

_RECENT_MS = 60_000


@dataclass(frozen=True, slots=True)
class BackupSeen:
    name: Ref
    backup: Obj | None
    scheduled: Obj | None  # the Job of a schedule that bears its name
    job: Obj | None  # that makes it
    cluster: Obj | None
    source: str  # the server that is copied: a secondary, if there is one
    now_ms: int


class MySQLBackups(Controller[BackupSeen]):
    name = "mysql-backups"
    title = N_("MySQL backups")
    subject = N_("The MySQL operator")
    component = "operator"
    lane = 5
    reconciles = MYSQL_BACKUP
    runs_in = objects.PROGRAM
    says = sayings.BACKUPS

    def __init__(self) -> None:
        self.wakes = (itself(MYSQL_BACKUP), owns("Job", MYSQL_BACKUP), Wake("Job", _of_schedule))
        self.reads = (
            Cache("Job", selects=_is_ours),
            Cache(INNODB_CLUSTER, sees=lambda old, new: old["spec"] != new["spec"]),
        )

    def observe(self, key: Ref, reader: Reader) -> BackupSeen | None:
        backup = reader.get(key)
        scheduled = reader.get(Ref("Job", key.namespace, key.name))
        if backup is None:
            return None if scheduled is None else BackupSeen(key, None, scheduled, None, None, "", reader.now_ms)
        cluster = reader.get(Ref(INNODB_CLUSTER, key.namespace, backup["spec"]["clusterName"]))
        job = reader.get(Ref("Job", key.namespace, _job_name(backup)))
        source = "" if job is not None else _source(backup, reader)
        return BackupSeen(key, backup, scheduled, job, cluster, source, reader.now_ms)

    @staticmethod
    def saw(seen: BackupSeen) -> Message:
        return message(N_("%(who)s looks at the backup %(name)s."), name=seen.name.name)

    def diff(self, seen: BackupSeen) -> Iterable[Difference]:
        if seen.backup is None:
            return _scheduled(seen)
        status = (seen.backup.get("status") or {}).get("status")
        if status is None:
            return _begin(seen, seen.backup)
        if status == "Running" and seen.job is not None:
            return _end(seen, seen.backup, seen.job)
        return ()


def _scheduled(seen: BackupSeen) -> Iterator[Difference]:
    """What the pod of a schedule does before it ends."""
    job = seen.scheduled
    ended = ((job or {}).get("status") or {}).get("completionTime")
    if job is None or ended is None or seen.now_ms - times.parse(ended) > _RECENT_MS:
        return
    spec = {"clusterName": labels_of(job)[CLUSTER_LABEL]}
    if PROFILE_LABEL in labels_of(job):
        spec["backupProfileName"] = labels_of(job)[PROFILE_LABEL]
    wanted = {
        "apiVersion": "mysql.oracle.com/v2",
        "kind": "MySQLBackup",
        "metadata": {"namespace": seen.name.namespace, "name": seen.name.name},
        "spec": spec,
    }
    yield Difference(seen.name, "exists", True, False, "BackupScheduled", (Create(wanted),))


def _begin(seen: BackupSeen, backup: Obj) -> Iterator[Difference]:
    profile = _profile(backup, seen.cluster)
    if seen.cluster is None or profile is None:
        why = "no such profile" if seen.cluster is not None else "no such cluster"
        patch = Patch(seen.name, {"status": {"status": "Error", "message": why}}, subresource="status")
        yield Difference(seen.name, "status.status", "Completed", why, "BackupRefused", (patch,))
        return
    method = "snapshot" if "snapshot" in profile else "dumpInstance"
    stamped = backup["spec"].get("addTimestampToBackupDirectory", True)
    status = {
        "status": "Running",
        "startTime": times.rfc3339(seen.now_ms),
        "output": _job_name(backup) if stamped else name_of(backup),
        "method": method,
        "source": seen.source,
    }
    actions = (Create(_job(backup, seen.cluster)), Patch(seen.name, {"status": status}, subresource="status"))
    yield Difference(seen.name, "status.status", "Completed", "", "BackupWanted", actions)


def _end(seen: BackupSeen, backup: Obj, job: Obj) -> Iterator[Difference]:
    found = (job.get("status") or {}).get("conditions")
    ended = next((type_ for type_ in ("Complete", "Failed") if conditions.is_true(found, type_)), "")
    if not ended:
        return
    began_ms = times.parse(backup["status"]["startTime"])
    seconds = (seen.now_ms - began_ms) // 1000
    status = {
        "status": "Completed" if ended == "Complete" else "Error",
        "completionTime": times.rfc3339(seen.now_ms),
        "elapsedTime": f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}",
    }
    patch = Patch(seen.name, {"status": status}, subresource="status")
    yield Difference(seen.name, "status.status", status["status"], "Running", "BackupEnded", (patch,))


def _profile(backup: Obj, cluster: Obj | None) -> Mapping[str, Any] | None:
    if "backupProfile" in backup["spec"]:
        return dict(backup["spec"]["backupProfile"])
    name = backup["spec"].get("backupProfileName")
    profiles = ((cluster or {}).get("spec") or {}).get("backupProfiles") or ()
    return next((each for each in profiles if each.get("name") == name), None)


def _job_name(backup: Obj) -> str:
    stamp = backup["metadata"]["creationTimestamp"]
    return f"{name_of(backup)}-{stamp.replace('-', '').replace(':', '').replace('T', '-').removesuffix('Z')}"


def _job(backup: Obj, cluster: Obj) -> Obj:
    container = {
        "name": "operator-backup-job",
        "image": objects.image(cluster, "operator", objects.OPERATOR_VERSION),
        "command": ["sh", "-c", "mysqlsh --pym mysqloperator backup --command execute-backup; sleep 5"],
    }
    pod = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 60, "containers": [container]}
    spec = {"backoffLimit": 0, "template": {"spec": pod}}
    return owned(backup, "batch/v1", "Job", _job_name(backup), {CLUSTER_LABEL: name_of(cluster)}, spec=spec)


def _source(backup: Obj, reader: Reader) -> str:
    """A secondary that is ONLINE, or else the primary: asked anew, since who that is changes."""
    wanted = backup["spec"]["clusterName"]
    found = [pod for pod in reader.live("Pod", namespace_of(backup)) if labels_of(pod).get(CLUSTER_LABEL) == wanted]
    roles = {labels_of(pod).get(ROLE_LABEL, ""): name_of(pod) for pod in found}
    return roles.get("SECONDARY") or roles.get("PRIMARY", "")


def _is_ours(job: Obj) -> bool:
    return CLUSTER_LABEL in labels_of(job)


def _of_schedule(job: Obj, reader: Reader) -> Iterator[Ref]:
    if SCHEDULE_LABEL in labels_of(job):
        yield Ref(MYSQL_BACKUP, *ref_of(job)[1:])
