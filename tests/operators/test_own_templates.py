"""The controllers to begin with, each played in a whole cluster."""

from __future__ import annotations

import pytest

from app.api.objects import Obj, Ref
from app.commands import DefineController, PatchObject
from app.operators.own.templates import Template, controller_templates, kind_templates
from tests.support.world import World

pytestmark = pytest.mark.long

TEMPLATES = {each.name: each for each in controller_templates()}


def world(name: str, obj: str) -> World:
    made = World()
    template = TEMPLATES[name]
    made.do(DefineController(name, template.parent, template.text, template.children))
    made.apply(obj)
    made.settle()
    return made


def config(label: str, **data: str) -> str:
    lines = "".join(f'\n  {key}: "{value}"' for key, value in data.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: shop, labels: {{{label}: 'true'}}}}\ndata:{lines}\n"


def deployment(made: World, name: str) -> Obj:
    found = made.get(Ref("Deployment", "default", name))
    assert found is not None
    return found


def replicas(made: World) -> dict[str, int]:
    return {obj["metadata"]["name"]: obj["spec"]["replicas"] for obj in made.objects("Deployment", "default")}


def test_the_first_is_ten_lines() -> None:
    first = controller_templates()[0]
    assert first.name == "hello"
    assert len([line for line in first.text.splitlines() if not line.startswith("#")]) <= 10
    assert list(TEMPLATES) == ["hello", "website", "scheduled-scaling", "canary", "backup"]


@pytest.mark.parametrize("template", controller_templates(), ids=lambda each: each.name)
def test_each_is_taken_as_it_is(template: Template) -> None:
    World().do(DefineController(template.name, template.parent, template.text, template.children))


def test_hello() -> None:
    made = world("hello", "apiVersion: v1\nkind: Secret\nmetadata: {name: bob}\n")
    found = made.get(Ref("ConfigMap", "default", "bob-hello"))
    assert found is not None
    assert found["data"] == {"text": "Hello, bob!"}


def test_website() -> None:
    made = world("website", config("website", replicas="3", image="nginx:1.26"))
    assert len(made.ready_endpoints()) == 3
    made.do(PatchObject(Ref("ConfigMap", "default", "shop"), "merge", '{"data": {"image": "nginx:1.27"}}'))
    made.settle()
    assert deployment(made, "shop")["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:1.27"
    made.delete("ConfigMap", "shop")
    made.settle()
    assert (made.pods(), made.ready_endpoints()) == ([], set())


def test_canary() -> None:
    made = world("canary", config("canary", stable="nginx:1.26", image="nginx:1.26"))
    assert replicas(made) == {"shop-stable": 4}
    shop = Ref("ConfigMap", "default", "shop")
    made.do(PatchObject(shop, "merge", '{"data": {"image": "nginx:1.27"}}'))
    made.settle()
    assert replicas(made) == {"shop-stable": 0, "shop-canary": 4}
    made.do(PatchObject(shop, "merge", '{"data": {"stable": "nginx:1.27", "image": "nginx:1.27"}}'))
    made.settle()
    assert replicas(made) == {"shop-stable": 4}


def test_a_canary_that_does_not_start_goes_no_further() -> None:
    made = world("canary", config("canary", stable="nginx:1.26", image="nginx:1.26"))
    made.do(PatchObject(Ref("ConfigMap", "default", "shop"), "merge", '{"data": {"image": "nginx:broken"}}'))
    made.run(limit_ms=60_000)
    assert replicas(made) == {"shop-stable": 3, "shop-canary": 1}


@pytest.mark.long
def test_scheduled_scaling() -> None:
    made = world("scheduled-scaling", config("scheduled", to="1", day="3", **{"from": "0"}))
    assert replicas(made) == {"shop": 3}
    made.wait(3_600)
    made.settle()
    assert replicas(made) == {"shop": 1}


BACKUP = Ref("Backup.example.com", "default", "shop")


def backups() -> World:
    """The controller may be there before its kind."""
    made = World()
    template = TEMPLATES["backup"]
    made.do(DefineController("backup", template.parent, template.text, template.children))
    for _title, manifest in kind_templates():
        made.apply(manifest)
        made.run(limit_ms=20_000)
    return made


def listed(made: World) -> list[str]:
    found = made.get(BACKUP)
    assert found is not None
    return [each["job"] for each in found["status"]["backups"]]


@pytest.mark.long
def test_a_backup_is_made_when_it_is_due_and_the_oldest_goes() -> None:
    made = backups()
    assert [title for title, _text in kind_templates()] == [
        "CustomResourceDefinition backups.example.com",
        "Backup shop",
    ]
    claim = made.get(Ref("PersistentVolumeClaim", "default", "shop"))
    assert claim is not None
    assert claim["status"]["phase"] == "Bound"
    assert len(listed(made)) == 1, "its Job runs to its end"
    seen = set(listed(made))
    for _hour in range(4):
        made.wait(3_600)
        seen |= set(listed(made))
    newest = sorted(seen, reverse=True)
    assert len(newest) == 5
    assert listed(made) == newest[:3]
    assert sorted(obj["metadata"]["name"] for obj in made.objects("Job", "default")) == sorted(newest[:3])


@pytest.mark.long
def test_with_another_period_the_newest_is_still_the_newest() -> None:
    made = backups()
    for _hour in range(3):
        made.wait(3_600)
    made.do(PatchObject(BACKUP, "merge", '{"spec": {"everyMinutes": 10}}'))
    made.wait(600)
    newest = listed(made)[0]
    made.do(PatchObject(BACKUP, "merge", '{"spec": {"everyMinutes": 1440}}'))
    made.wait(86_400)
    assert newest in listed(made)[1:]


def test_backups_of_another_database_leave_those_that_were_made() -> None:
    made = backups()
    made.do(PatchObject(BACKUP, "merge", '{"spec": {"database": "other"}}'))
    made.wait(3_600)
    hosts = [job["spec"]["template"]["spec"]["containers"][0]["command"][1] for job in made.objects("Job", "default")]
    assert hosts == ["--host=db", "--host=other"]
    assert len(listed(made)) == 2
