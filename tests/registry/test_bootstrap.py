"""What every cluster has: one set of objects for all clusters of a time, and what an older room lacks it gets."""

from __future__ import annotations

import json

from app.api.objects import Obj, Ref
from app.cluster import Cluster, checkpoint
from app.commands import DeleteObject
from app.registry import bootstrap

ROLE = Ref("ClusterRole", "", "edit")
EPOCH_MS = 1_790_000_000_000


def lines_of(cluster: Cluster) -> list[bytes]:
    return b"".join(checkpoint.written(cluster.copy())).splitlines()


def test_clusters_of_the_same_time_share_them() -> None:
    first, second = Cluster(epoch_ms=EPOCH_MS), Cluster(seed=2, epoch_ms=EPOCH_MS)
    for ref, obj in bootstrap.objects(EPOCH_MS).items():
        assert first.get(ref) is second.get(ref) is obj


def test_a_cluster_that_was_written_down_shares_them_again() -> None:
    made = Cluster(epoch_ms=EPOCH_MS)
    made.run()
    again = checkpoint.resumed(lines_of(made), list(made.journal))
    assert again.get(ROLE) is made.get(ROLE)


def test_what_somebody_changed_is_read_as_it_was_written() -> None:
    theirs = bootstrap.objects(EPOCH_MS)[ROLE]
    mine: Obj = {**theirs, "rules": []}
    assert bootstrap.shared(mine) is mine
    assert bootstrap.shared(json.loads(json.dumps(theirs))) is theirs


def test_what_was_deleted_stays_away_in_a_room_that_goes_on() -> None:
    made = Cluster(epoch_ms=EPOCH_MS)
    made.submit(DeleteObject(ROLE))
    made.run()
    assert checkpoint.resumed(lines_of(made), list(made.journal)).get(ROLE) is None


def test_a_room_of_an_older_version_gets_what_it_lacks() -> None:
    made = Cluster(epoch_ms=EPOCH_MS)
    made.run()
    lacking = [ref for ref in bootstrap.objects(EPOCH_MS) if ref.kind != "Namespace"]
    for ref in lacking:
        made.store.remove(ref)
    older = lines_of(made)
    revived = checkpoint.revived(older, list(made.journal))
    assert all(revived.get(ref) is not None for ref in lacking)
    assert revived.run().reason == "quiet"


def test_their_names_are_all_there_are() -> None:
    refs = bootstrap.objects(EPOCH_MS)
    assert all(bootstrap.is_built_in(ref) for ref in refs)
    assert bootstrap.is_built_in(Ref("ServiceAccount", "shop", "default"))
    assert not bootstrap.is_built_in(Ref("ServiceAccount", "shop", "robot"))
