"""The ClusterRole aggregation decides: a role that gathers, and all others -> the rules that it is to have."""

from __future__ import annotations

from typing import Any

from app.api.objects import Obj
from app.controllers.clusterrole_aggregation import ClusterRoleAggregationController, RoleSeen
from app.reconcile import Patch
from tests.support.world import World

PODS, NODES = {"resources": ["pods"], "verbs": ["get"]}, {"resources": ["nodes"], "verbs": ["list"]}


def role(name: str, *rules: Obj, **fields: Any) -> Obj:
    meta = {"name": name, "uid": name, "labels": fields.pop("labels", {})}
    kind = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}
    return {**kind, "metadata": meta, "rules": [*rules], **fields}


def gathering(*rules: Obj) -> Obj:
    return role("all", *rules, aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"to": "all"}}]})


def rules(of: Obj, *others: Obj) -> list[object]:
    gaps = ClusterRoleAggregationController().diff(RoleSeen(of, others))
    return [action.patch["rules"] for gap in gaps for action in gap.actions if isinstance(action, Patch)]


def test_it_gathers_the_rules_of_those_with_the_label_each_once() -> None:
    labelled = [role("a", PODS, labels={"to": "all"}), role("b", PODS, NODES, labels={"to": "all"})]
    assert rules(gathering(), *labelled, role("c", {"verbs": ["*"]})) == [[PODS, NODES]]


def test_rules_of_its_own_do_not_stay() -> None:
    assert rules(gathering(PODS)) == [[]]


def test_one_that_has_them_is_left_alone() -> None:
    assert rules(gathering(PODS), role("a", PODS, labels={"to": "all"})) == []


def test_what_every_cluster_has_agrees_from_the_beginning() -> None:
    world = World()
    for found in world.store.objects("ClusterRole"):
        if "aggregationRule" in found:
            others = [each for each in world.store.objects("ClusterRole") if each is not found]
            assert rules(found, *sorted(others, key=lambda each: each["metadata"]["name"])) == []


def test_a_role_that_somebody_makes_comes_into_those_of_every_cluster() -> None:
    world = World()
    world.apply(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"
        'metadata: {name: meters, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}\n'
        "rules: [{apiGroups: [example.com], resources: [meters], verbs: [get]}]\n"
    )
    world.wait(5)
    changed = [
        found["metadata"]["name"]
        for found in world.store.objects("ClusterRole")
        if any(rule.get("resources") == ["meters"] for rule in found["rules"] or ()) and "aggregationRule" in found
    ]
    assert changed == ["admin", "edit", "view"]
