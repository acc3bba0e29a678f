"""Backups of a MySQL cluster: one that somebody asks for, and those of a schedule."""

from __future__ import annotations

import pytest

from app.api.mysql_groups import MYSQL_BACKUP
from app.api.objects import Obj, Ref, labels_of, name_of
from tests.support.mysql import ASKED, PROFILES, MySQLWorld, mysql

SCHEDULED = PROFILES + """, backupSchedules: [{name: hourly, schedule: "0 * * * *", backupProfileName: nightly}]"""


def backups(world: MySQLWorld) -> list[Obj]:
    return world.objects(MYSQL_BACKUP, "default")


def test_a_backup_becomes_a_job_and_is_completed_when_that_is() -> None:
    world = mysql(3, PROFILES)
    world.apply(ASKED % ("mycluster", "backupProfileName: nightly"))
    world.wait(3)
    (backup,) = backups(world)
    assert backup["status"]["status"] == "Running"
    assert backup["status"]["method"] == "dumpInstance"
    assert backup["status"]["source"] in world.others
    (job,) = world.objects("Job", "default")
    assert name_of(job).startswith("now-2026")
    assert job["metadata"]["ownerReferences"][0]["name"] == "now"
    world.come_to_rest()
    (backup,) = backups(world)
    assert backup["status"]["status"] == "Completed"
    assert backup["status"]["elapsedTime"].startswith("00:00:")


@pytest.mark.parametrize(
    ("cluster", "profile", "why"),
    [
        pytest.param("other", "backupProfileName: nightly", "no such cluster", id="there is no such cluster"),
        pytest.param("mycluster", "backupProfileName: weekly", "no such profile", id="there is no such profile"),
    ],
)
def test_a_backup_that_cannot_be_made(cluster: str, profile: str, why: str) -> None:
    world = mysql(3, PROFILES)
    world.apply(ASKED % (cluster, profile))
    world.come_to_rest()
    (backup,) = backups(world)
    assert backup["status"] == {"status": "Error", "message": why}
    assert world.objects("Job", "default") == []


def test_a_schedule_is_a_cron_job_whose_pod_asks_for_a_backup() -> None:
    world = mysql(1, SCHEDULED)
    assert world.get(Ref("CronJob", "default", "mycluster-hourly-cb")) is not None
    world.wait(3_700)
    (backup,) = backups(world)
    assert backup["spec"] == {
        "clusterName": "mycluster", "backupProfileName": "nightly", "addTimestampToBackupDirectory": True,
    }  # fmt: skip
    assert backup["status"]["status"] == "Completed"
    scheduled = [job for job in world.objects("Job", "default") if "mysql.oracle.com/backup-schedule" in labels_of(job)]
    assert [name_of(job) for job in scheduled] == [name_of(backup)]
