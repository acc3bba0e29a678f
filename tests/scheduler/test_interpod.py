"""Rules between pods: what keeps a pod away from a node, and where it would rather be."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj
from app.scheduler import interpod
from app.scheduler.interpod import Rules, affinity_scores, neighbourhood, spread_scores
from tests.support.builders import node, pod

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


def at(name: str, zone: str = "", **options: Any) -> Obj:
    return node(name, labels={HOST: name, **({ZONE: zone} if zone else {})}, **options)


A1, A2, B1 = at("a1", "a"), at("a2", "a"), at("b1", "b")
NODES = [A1, A2, B1]


def runs(name: str, on: str, app: str = "db", **options: Any) -> Obj:
    return pod(name, node=on, labels={"app": app}, **options)


def new(app: str = "db", **options: Any) -> Obj:
    return pod("new", node="", labels={"app": app}, **options)


def term(app: str = "db", key: str = HOST, **more: Any) -> dict[str, Any]:
    return {"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}, **more}


def required(field: str, *terms: dict[str, Any]) -> dict[str, Any]:
    return {field: {"requiredDuringSchedulingIgnoredDuringExecution": list(terms)}}


def preferred(field: str, weight: int, one: dict[str, Any]) -> dict[str, Any]:
    wish = {"weight": weight, "podAffinityTerm": one}
    return {field: {"preferredDuringSchedulingIgnoredDuringExecution": [wish]}}


def spread(key: str = ZONE, skew: int = 1, when: str = "DoNotSchedule", **more: Any) -> dict[str, Any]:
    selector = {"matchLabels": {"app": "db"}}
    return {"topologyKey": key, "maxSkew": skew, "whenUnsatisfiable": when, "labelSelector": selector, **more}


def why(of: Obj, *others: Obj, nodes: list[Obj] = NODES, namespaces: tuple[Obj, ...] = ()) -> list[str]:
    rules = Rules(of, neighbourhood(nodes, others, namespaces))
    return [interpod.PORTS if rules.port_is_taken(n["metadata"]["name"]) else rules.why_not(n) for n in nodes]


# ------------------------------------------------------------------------------------------ (anti-)affinity

NO, APART, HELD = interpod.AFFINITY, interpod.ANTI_AFFINITY, interpod.EXISTING_ANTI_AFFINITY


def test_affinity_asks_for_company_in_the_domain() -> None:
    near = required("podAffinity", term("db", ZONE))
    assert why(new("web", affinity=near), runs("one", "a1")) == ["", "", NO]
    assert why(new("web", affinity=near)) == [NO, NO, NO]


def test_one_pod_has_to_meet_all_terms_at_once() -> None:
    near = required("podAffinity", term("db"), term("cache"))
    assert why(new("web", affinity=near), runs("one", "a1"), runs("two", "a1", "cache")) == [NO, NO, NO]


def test_the_first_of_a_group_may_begin_where_the_label_is() -> None:
    near = required("podAffinity", term("db", ZONE))
    assert why(new(affinity=near), nodes=[A1, at("bare")]) == ["", NO]
    assert why(new(affinity=near), runs("one", "b1")) == [NO, NO, ""]


def test_anti_affinity_holds_both_ways() -> None:
    far = required("podAntiAffinity", term("db", ZONE))
    assert why(new("web", affinity=far), runs("one", "a1")) == [APART, APART, ""]
    assert why(new("db"), runs("one", "a1", "web", affinity=far)) == [HELD, HELD, ""]


TEAM = {"kind": "Namespace", "metadata": {"name": "team", "labels": {"tier": "gold"}}}


@pytest.mark.parametrize(
    ("reach", "kept"),
    [
        ({}, False),
        ({"namespaces": ["team"]}, True),
        ({"namespaceSelector": {}}, True),
        ({"namespaceSelector": {"matchLabels": {"tier": "gold"}}}, True),
        ({"namespaceSelector": {"matchLabels": {"tier": "iron"}}}, False),
        ({"namespaceSelector": {"matchLabels": {"tier": "iron"}}, "namespaces": ["team"]}, True),
    ],
)
def test_whom_a_term_means_in_other_namespaces(reach: dict[str, Any], kept: bool) -> None:
    other = runs("one", "a1")
    other = {**other, "metadata": {**other["metadata"], "namespace": "team"}}
    of = new(affinity=required("podAntiAffinity", term("db", **reach)))
    assert why(of, other, namespaces=(TEAM,))[0] == (APART if kept else "")
    assert interpod.selects_namespaces(of["spec"]) is ("namespaceSelector" in reach)


@pytest.mark.parametrize(
    ("field", "same", "another"), [("matchLabelKeys", APART, ""), ("mismatchLabelKeys", "", APART)]
)
def test_labels_of_the_pod_itself_narrow_whom_it_means(field: str, same: str, another: str) -> None:
    of = pod(
        "new", node="", labels={"app": "db", "v": "1"}, affinity=required("podAntiAffinity", term(**{field: ["v"]}))
    )
    others = [pod(v, node=on, labels={"app": "db", "v": v}) for v, on in (("1", "a1"), ("2", "a2"))]
    assert why(of, *others) == [same, another, ""]


# --------------------------------------------------------------------------------------------------- spread

TIPS, BARE = interpod.SPREAD, interpod.SPREAD_LABEL


@pytest.mark.parametrize(
    ("constraint", "others", "expected"),
    [
        (spread(), ["a1"], [TIPS, TIPS, ""]),
        (spread(), [], ["", "", ""]),
        (spread(skew=2), ["a1"], ["", "", ""]),
        (spread(HOST), ["a1", "a2"], [TIPS, TIPS, ""]),
        (spread(minDomains=3), ["a1", "b1"], [TIPS, TIPS, TIPS]),
        (spread(minDomains=2), ["a1", "b1"], ["", "", ""]),
        (spread(when="ScheduleAnyway"), ["a1", "a1"], ["", "", ""]),
    ],
)
def test_domains_stay_level(constraint: dict[str, Any], others: list[str], expected: list[str]) -> None:
    of = new(topologySpreadConstraints=[constraint])
    assert why(of, *(runs(f"p{number}", on) for number, on in enumerate(others))) == expected


def test_who_does_not_count_in_a_spread() -> None:
    of = new(topologySpreadConstraints=[spread()])
    elsewhere = runs("two", "a1")
    elsewhere = {**elsewhere, "metadata": {**elsewhere["metadata"], "namespace": "team"}}
    assert why(of, runs("one", "a1", deleting=True), elsewhere, runs("three", "a1", "web")) == ["", "", ""]


def test_a_node_without_the_label_has_no_domain() -> None:
    of = new(topologySpreadConstraints=[spread(), spread(HOST)])
    assert why(of, runs("one", "bare"), nodes=[A1, at("bare")]) == ["", BARE]


def test_nodes_that_the_pod_may_not_use_make_no_domain() -> None:
    taint = [{"key": "a", "effect": "NoSchedule"}]
    nodes = [A1, at("b1", "b", taints=taint)]
    for policy, expected in (("Ignore", TIPS), ("Honor", "")):
        assert (
            why(new(topologySpreadConstraints=[spread(nodeTaintsPolicy=policy)]), runs("one", "a1"), nodes=nodes)[0]
            == expected
        )
    for policy, expected in (("Ignore", TIPS), ("Honor", "")):
        of = new(topologySpreadConstraints=[spread(nodeAffinityPolicy=policy)], nodeSelector={ZONE: "a"})
        assert why(of, runs("one", "a1"))[0] == expected


# ---------------------------------------------------------------------------------------------------- ports


@pytest.mark.parametrize(
    ("held", "wanted", "taken"),
    [
        ({"hostPort": 80}, {"hostPort": 80}, True),
        ({"hostPort": 80}, {"hostPort": 81}, False),
        ({"hostPort": 80, "protocol": "UDP"}, {"hostPort": 80}, False),
        ({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80, "hostIP": "10.0.0.2"}, False),
        ({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80}, True),
        ({"containerPort": 80}, {"containerPort": 80}, False),
    ],
)
def test_a_port_of_the_machine_is_there_once(held: dict[str, Any], wanted: dict[str, Any], taken: bool) -> None:
    def with_port(of: Obj, port: dict[str, Any]) -> Obj:
        containers = [{**container, "ports": [port]} for container in of["spec"]["containers"]]
        return {**of, "spec": {**of["spec"], "containers": containers}}

    found = why(with_port(new(), wanted), with_port(runs("one", "a1"), held))
    assert found == [interpod.PORTS if taken else "", "", ""]


# --------------------------------------------------------------------------------------------------- scores

NAMES = ["a1", "a2", "b1"]


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (preferred("podAffinity", 10, term("db", ZONE)), {}, [100, 100, 0]),
        (preferred("podAntiAffinity", 10, term("db", ZONE)), {}, [0, 0, 100]),
        ({}, preferred("podAffinity", 1, term("web")), [100, 0, 0]),
        ({}, preferred("podAntiAffinity", 1, term("web")), [0, 100, 100]),
        # what one that runs requires is a wish of weight 1 the other way round
        ({}, required("podAffinity", term("web")), [100, 0, 0]),
        ({}, {}, [0, 0, 0]),
    ],
)
def test_likes_and_dislikes(mine: dict[str, Any], theirs: dict[str, Any], expected: list[int]) -> None:
    around = neighbourhood(NODES, [runs("one", "a1", affinity=theirs)])
    assert affinity_scores(new("web", affinity=mine), around, NAMES) == expected


def test_a_soft_spread_likes_the_emptier_domain() -> None:
    of = new(topologySpreadConstraints=[spread(when="ScheduleAnyway")])
    around = neighbourhood([*NODES, at("bare")], [runs("one", "a1"), runs("two", "a1"), runs("three", "b1")])
    # two zones, weight ln(4): 2 * 1.39 and 1 * 1.39 -> 3 and 1; a node without the label gets nothing
    assert spread_scores(of, around, [*NAMES, "bare"]) == [33, 33, 100, 0]


def test_only_a_pod_without_constraints_of_its_own_is_spread_by_the_system() -> None:
    around = neighbourhood(NODES, [])
    assert spread_scores(new(), around, NAMES) is None
    assert spread_scores(new(topologySpreadConstraints=[spread()]), around, NAMES) == [0, 0, 0]
