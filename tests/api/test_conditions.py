from __future__ import annotations

from app.api import conditions, times

T0 = times.parse("2026-11-23T10:06:17Z")
READY = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-23T10:06:17Z"}
SCHEDULED = {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-11-23T10:06:16Z"}


def test_a_condition_is_found_by_its_type():
    assert conditions.find([SCHEDULED, READY], "Ready") is READY
    assert conditions.find([SCHEDULED], "Ready") is None
    assert conditions.find(None, "Ready") is None


def test_only_the_status_true_is_true():
    assert conditions.is_true([READY], "Ready")
    assert not conditions.is_true([{**READY, "status": "Unknown"}], "Ready")
    assert not conditions.is_true([], "Ready")


def test_a_new_condition_goes_to_the_end_and_begins_now():
    assert conditions.with_condition([SCHEDULED], {"type": "Ready", "status": "True"}, T0) == [SCHEDULED, READY]
    assert conditions.with_condition(None, {"type": "Ready", "status": "True"}, T0) == [READY]


def test_nothing_changes_nothing():
    before = [SCHEDULED, READY]
    assert conditions.with_condition(before, {"type": "Ready", "status": "True"}, T0 + 5000) is before


def test_a_new_status_begins_a_transition_in_its_old_place():
    after = conditions.with_condition([READY, SCHEDULED], {"type": "Ready", "status": "False"}, T0 + 5000)
    assert after == [{"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-23T10:06:22Z"}, SCHEDULED]


def test_a_new_reason_alone_is_no_transition():
    after = conditions.with_condition([READY], {"type": "Ready", "status": "True", "reason": "Why"}, T0 + 5000)
    assert after == [{**READY, "reason": "Why"}]


def test_without_leaves_out_one_type():
    before = [SCHEDULED, READY]
    assert conditions.without(before, "Ready") == [SCHEDULED]
    assert conditions.without(before, "Other") is before
    assert conditions.without(None, "Other") == []


# Recording a: the conditions of a Deployment while its first ReplicaSet comes up and then loses a pod.


def of_deployment(type, status, reason, updated, since, message=""):
    return {
        "type": type,
        "status": status,
        "reason": reason,
        "message": message,
        "lastUpdateTime": f"2026-11-23T10:06:{updated}Z",
        "lastTransitionTime": f"2026-11-23T10:06:{since}Z",
    }


def progressing(reason):
    return {"type": "Progressing", "status": "True", "reason": reason, "message": ""}


def test_a_deployments_condition_that_changes_moves_to_the_end():
    available = of_deployment("Available", "True", "MinimumReplicasAvailable", "18", "18")
    before = [of_deployment("Progressing", "True", "NewReplicaSetCreated", "17", "17"), available]
    after = conditions.with_condition(before, progressing("ReplicaSetUpdated"), T0 + 1000, update_time=True)
    assert after == [available, of_deployment("Progressing", "True", "ReplicaSetUpdated", "18", "17")]


def test_a_deployments_condition_of_equal_status_and_reason_is_left_alone():
    before = [of_deployment("Progressing", "True", "ReplicaSetUpdated", "17", "17", "old words")]
    assert conditions.with_condition(before, progressing("ReplicaSetUpdated"), T0 + 1000, update_time=True) is before


def test_progress_renews_the_update_time_only():
    before = [of_deployment("Progressing", "True", "ReplicaSetUpdated", "17", "17")]
    after = conditions.with_condition(before, progressing("ReplicaSetUpdated"), T0 + 1000, update_time=True, touch=True)
    assert after == [of_deployment("Progressing", "True", "ReplicaSetUpdated", "18", "17")]
