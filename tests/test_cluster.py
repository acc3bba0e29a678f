"""Commands, plans and the journal of a cluster."""

from __future__ import annotations

import pytest

from app.api import errors
from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import (
    COMMANDS,
    ApiServerDown,
    Apply,
    CrashContainer,
    DeleteObject,
    RolloutUndo,
    Scale,
    SetImage,
    SetLatencies,
    StopController,
    command_from_json,
)
from app.engine.trace import Commanded
from tests.support.world import SERVICE, WEB, World

DEPLOYMENT = Ref("Deployment", "default", "web")
NOPE = Ref("Deployment", "default", "nope")
REF = ["Deployment", "default", "web"]
INTERNAL = "kind: Machine\napiVersion: loopscope.internal/v1\nmetadata: {name: m}"


def test_a_plan_says_field_by_field_what_applying_would_change_and_changes_nothing() -> None:
    world = World()
    world.web(3)
    world.settle()
    revision, journal = world.store.revision, list(world.journal)
    planned = world.plan(WEB % (5, "nginx:1.28") + SERVICE)
    assert [(each.ref.kind, each.operation) for each in planned] == [
        ("Deployment", "configured"),
        ("Service", "unchanged"),
    ]
    changes = {change.path: (change.old, change.new) for change in planned[0].changes}
    assert changes["spec.replicas"] == (3, 5)
    assert ("nginx:1.27", "nginx:1.28") in changes.values()
    assert len(changes) == 2
    assert planned[1].changes == ()
    assert (world.store.revision, world.journal) == (revision, journal)


def test_a_plan_leaves_the_seeds_course_as_it_is() -> None:
    def names(plans: int) -> list[str]:
        world = World()
        for _ in range(plans):
            world.plan(WEB % (3, "nginx") + SERVICE)
        world.web(3)
        world.settle()
        return world.pod_names()

    assert names(0) == names(3)


def test_of_several_documents_with_one_bad_one_nothing_is_applied() -> None:
    world = World()
    bad = "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: [{port: 70000}]}\n"
    assert "must be between 1 and 65535" in world.refused_apply(WEB % (3, "nginx") + bad)
    with pytest.raises(errors.Invalid) as refused:
        world.plan(WEB % (3, "nginx") + bad)
    assert refused.value.document.obj["kind"] == "Service"


def test_a_namespace_and_what_is_in_it_may_come_in_one_text() -> None:
    world = World()
    world.apply(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {k: v}\n"
    )
    assert world.get(Ref("ConfigMap", "shop", "a")) is not None


def test_applying_again_keeps_what_others_own_and_drops_what_its_author_dropped() -> None:
    world = World()
    world.apply(WEB % (3, "nginx:1.27"))
    world.scale("web", 6)
    without_replicas = (WEB % (3, "nginx:1.27")).replace("  replicas: 3\n", "")
    world.apply(without_replicas.replace("name: web}", "name: web, labels: {tier: front}}"))
    assert world.deployment()["spec"]["replicas"] == 1, "dropped from the manifest: back to the default"
    assert world.deployment()["metadata"]["labels"] == {"tier": "front"}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        pytest.param(Scale(DEPLOYMENT, -1), "Invalid value: -1: must be greater than or equal to 0", id="negative"),
        pytest.param(Scale(NOPE, 1), 'deployments.apps "nope" not found', id="unknown object"),
        pytest.param(DeleteObject(Ref("Pod", "default", "nope")), 'pods "nope" not found', id="unknown pod"),
        pytest.param(CrashContainer(Ref("Pod", "default", "nope")), 'pods "nope" not found', id="crash"),
        pytest.param(SetImage(DEPLOYMENT, "x", "nope"), 'unable to find container named "nope"', id="container"),
        pytest.param(RolloutUndo(DEPLOYMENT), "no rollout history found", id="nothing to undo"),
        pytest.param(SetLatencies("warp"), 'unknown latencies "warp": one of textbook', id="unknown latencies"),
        pytest.param(Apply("metadata: text\nkind: Pod\napiVersion: v1"), "Pod in version", id="metadata is a text"),
        pytest.param(Apply(INTERNAL), "no matches for kind", id="internal kind"),
    ],
)
def test_a_refused_command_says_why_and_changes_nothing(command: object, message: str) -> None:
    world = World()
    world.web(1)
    world.settle()
    assert message in world.refused(command)  # type: ignore[arg-type]


def test_a_container_that_does_not_run_cannot_crash() -> None:
    world = World()
    world.web(1, "nginx:broken")
    world.run(until=lambda c: c.now_ms > c.epoch_ms + 5_000)
    assert "is not running" in world.refused(CrashContainer(Ref("Pod", "default", world.pod_names()[0])))


def test_commands_survive_the_journal() -> None:
    for command in (
        Scale(DEPLOYMENT, 3),
        Apply("x"),
        DeleteObject(DEPLOYMENT, 5, "Orphan"),
        CrashContainer(DEPLOYMENT),
    ):
        assert command_from_json(command.to_json()) == command


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"do": "dance"}, 'unknown command "dance": one of'),
        ({"do": "scale", "ref": REF}, 'command "scale" needs the field "replicas"'),
        ({"do": "scale", "ref": "web", "replicas": 1}, 'field "ref" of command "scale" must be [kind'),
        ({"do": "scale", "ref": REF, "replicas": "3"}, '"replicas" of command "scale" must be of type int'),
        ({"do": "latencies", "preset": "zero", "speed": 1}, 'unknown field "speed" of command "latencies"'),
    ],
)
def test_a_malformed_command_is_refused_by_the_name_of_its_field(data: dict[str, object], message: str) -> None:
    with pytest.raises(errors.BadRequest) as refused:
        command_from_json(data)
    assert message in refused.value.message


def test_every_command_can_be_performed() -> None:
    """A command that the cluster does not know would be refused as unknown."""
    world = World()
    for do, kind in COMMANDS.items():
        values = {
            "ref": DEPLOYMENT,
            "text": "",
            "replicas": 1,
            "image": "x",
            "label": "a",
            "node": "node-1",
            "preset": "zero",
            "obj": "{}",
            "patch_type": "merge",
            "patch": "{}",
            "kind": "Pod",
            "zone": "zone-a",
            "actor": "default-scheduler",
            "name": "mine",
            "parent": "sa",
            "limit": "time",
            "rps": 5,
        }
        wanted = {name: values[name] for name in kind.__dataclass_fields__ if name in values}
        if do == "bootstrap":
            continue
        record = world.submit(kind(**wanted)).record
        assert isinstance(record, Commanded)
        assert "unknown command" not in record.error
        world.submit(ApiServerDown(down=False))  # while it is down the next one would be refused for that


def test_a_journal_can_be_replayed_to_any_step() -> None:
    world = World()
    world.web(3)
    world.settle()
    world.scale("web", 5)
    world.settle()
    middle = world.trace.count - 40
    replayed = Cluster.replay(world.seed, world.epoch_ms, world.journal, to_step=middle)
    assert replayed.trace.count == middle
    assert [s[:5] for s in replayed.trace] == [s[:5] for s in world.trace][:middle]


def in_flight(world: World, actor: str) -> list[Ref]:
    return [key for key, _entry in world.actors[actor].in_flight]


def test_stepping_by_phase_stops_at_each_thing_a_person_follows_and_finish_ends_the_reconcile() -> None:
    world = World()
    world.web(1)
    for _ in range(12):
        made = world.step_phase()
        assert made is not None
        assert type(made.record).__name__ in ("Observed", "Differed", "Acted")
        assert made.number == world.trace.count
    while made.key not in in_flight(world, made.actor):
        made = world.step_phase()
        assert made is not None
    world.finish_loop(made.actor, made.key)
    assert made.key not in in_flight(world, made.actor)


def test_a_loop_that_is_stopped_drops_what_it_has_in_hand() -> None:
    world, loop = World(), "replicaset-controller"
    world.web(1)
    while not in_flight(world, loop):
        assert world.step() is not None
    world.submit(StopController(loop))
    assert in_flight(world, loop) == []
