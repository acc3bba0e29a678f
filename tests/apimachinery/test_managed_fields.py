"""Server-side apply: who owns what, who conflicts, what goes. Shapes and texts are those of Kubernetes 1.36."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from app.api.errors import ApiError, BadRequest, Conflict
from app.apimachinery.managedfields import managed_fields
from app.apimachinery.patch import strategic
from tests.support.custom import custom
from tests.support.kinds import SCHEME, decode, default, shape, with_custom

NOW = 1_700_000_000_000  # 2023-11-14T22:13:20Z
Obj = dict[str, Any]
CONTAINER = 'k:{"name":"c"}'
WITH_WIDGETS = with_custom("Widget", custom("Widget", {}, open=True))


def deployment(replicas: int | None = 3, image: str = "nginx:1", **metadata: Any) -> Obj:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default", **metadata},
        "spec": {
            **({"replicas": replicas} if replicas is not None else {}),
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": image}]},
            },
        },
    }


def intent(**spec: Any) -> Obj:
    metadata = {"name": "web", "namespace": "default"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def apply(current: Obj | None, applied: Obj, manager: str, *, force: bool = False, at_ms: int = NOW) -> Obj:
    return managed_fields.apply(SCHEME, current, applied, manager, force=force, now_ms=at_ms)


def stored(obj: Obj) -> Obj:
    """As the server keeps it: defaulted, with what is its own."""
    full = default(obj)
    return {**full, "metadata": {**full["metadata"], "uid": "u-1", "resourceVersion": "7", "generation": 1}}


def created(obj: Obj, manager: str) -> Obj:
    return stored(managed_fields.updated(SCHEME, None, default(decode(obj)), manager, now_ms=NOW))


def changed(old: Obj, patch: Obj, manager: str, *, subresource: str = "", at_ms: int = NOW + 1000) -> Obj:
    new = strategic.merge_patch(old, patch)
    return managed_fields.updated(SCHEME, old, new, manager, now_ms=at_ms, subresource=subresource)


def owned(obj: Obj, manager: str) -> Obj:
    entries = [entry for entry in obj["metadata"].get("managedFields", ()) if entry["manager"] == manager]
    return entries[0]["fieldsV1"] if entries else {}


def managers(obj: Obj) -> list[tuple[str, str]]:
    return [(entry["manager"], entry["operation"]) for entry in obj["metadata"].get("managedFields", ())]


# ------------------------------------------------------------------------------------------- the record


def test_a_create_owns_what_it_wrote_and_the_defaults() -> None:
    made = created(deployment(labels={"app": "web"}), "kubectl-create")
    entry = made["metadata"]["managedFields"][0]
    assert list(entry) == ["manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1"]
    assert entry | {"fieldsV1": {}} == {
        "manager": "kubectl-create",
        "operation": "Update",
        "apiVersion": "apps/v1",
        "time": "2023-11-14T22:13:20Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {},
    }
    assert entry["fieldsV1"] == {
        "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
        "f:spec": {
            "f:progressDeadlineSeconds": {},
            "f:replicas": {},
            "f:revisionHistoryLimit": {},
            "f:selector": {},
            "f:strategy": {"f:rollingUpdate": {".": {}, "f:maxSurge": {}, "f:maxUnavailable": {}}, "f:type": {}},
            "f:template": {
                "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
                "f:spec": {
                    "f:containers": {
                        CONTAINER: {
                            ".": {},
                            "f:image": {},
                            "f:imagePullPolicy": {},
                            "f:name": {},
                            "f:resources": {},
                            "f:terminationMessagePath": {},
                            "f:terminationMessagePolicy": {},
                        }
                    },
                    "f:dnsPolicy": {},
                    "f:restartPolicy": {},
                    "f:schedulerName": {},
                    "f:securityContext": {},
                    "f:terminationGracePeriodSeconds": {},
                },
            },
        },
    }


def test_an_update_takes_what_it_changes() -> None:
    made = changed(created(deployment(), "kubectl-create"), {"spec": {"replicas": 5}}, "kubectl", subresource="scale")
    assert owned(made, "kubectl") == {"f:spec": {"f:replicas": {}}}
    assert "f:replicas" not in owned(made, "kubectl-create")["f:spec"]
    entry = made["metadata"]["managedFields"][1]
    assert (entry["subresource"], entry["time"]) == ("scale", "2023-11-14T22:13:21Z")


def test_the_same_manager_gathers_what_it_changes() -> None:
    made = changed(created(deployment(), "a"), {"spec": {"replicas": 5}}, "b")
    made = changed(made, {"spec": {"paused": True}}, "b", at_ms=NOW + 5000)
    assert owned(made, "b") == {"f:spec": {"f:paused": {}, "f:replicas": {}}}
    assert made["metadata"]["managedFields"][1]["time"] == "2023-11-14T22:13:25Z"


def test_what_is_removed_is_owned_by_nobody() -> None:
    made = changed(created(deployment(labels={"x": "y"}), "a"), {"metadata": {"labels": None}}, "b")
    assert "f:metadata" not in owned(made, "a")
    assert owned(made, "b") == {}


def test_an_update_that_changes_nothing_leaves_the_record_alone() -> None:
    made = created(deployment(), "a")
    assert managed_fields.updated(SCHEME, made, made, "b", now_ms=NOW + 9000) is made


def test_a_client_that_drops_the_record_does_not_lose_it() -> None:
    made = created(deployment(), "a")
    bare = {**made, "metadata": {key: value for key, value in made["metadata"].items() if key != "managedFields"}}
    assert managers(managed_fields.updated(SCHEME, made, bare, "b", now_ms=NOW)) == [("a", "Update")]


def test_one_empty_entry_drops_the_record() -> None:
    made = created(deployment(), "a")
    reset = {**made, "metadata": {**made["metadata"], "managedFields": [{}]}}
    assert "managedFields" not in managed_fields.updated(SCHEME, made, reset, "b", now_ms=NOW)["metadata"]


def test_an_object_without_a_record_gets_none_from_an_update() -> None:
    made = stored(decode(deployment()))
    assert managers(changed(made, {"spec": {"replicas": 9}}, "b")) == []


def test_the_status_belongs_to_its_subresource() -> None:
    made = created(deployment(), "a")
    status = {"status": {"replicas": 3, "conditions": [{"type": "Available", "status": "True"}]}}
    assert owned(changed(made, status, "m"), "m") == {}
    through = changed(made, {**status, "spec": {"replicas": 9}}, "m", subresource="status")
    conditions = {".": {}, 'k:{"type":"Available"}': {".": {}, "f:status": {}, "f:type": {}}}
    assert owned(through, "m") == {"f:status": {"f:conditions": conditions, "f:replicas": {}}}


def test_of_many_updaters_the_oldest_become_one() -> None:
    made = created(deployment(), "m00")
    for number in range(1, 13):
        annotation = {"metadata": {"annotations": {f"a{number}": "x"}}}
        made = changed(made, annotation, f"m{number:02}", at_ms=NOW + number * 1000)
    names = [name for name, _ in managers(made)]
    assert names == ["ancient-changes", *(f"m{number:02}" for number in range(4, 13))]
    assert "f:a3" in owned(made, "ancient-changes")["f:metadata"]["f:annotations"]


# -------------------------------------------------------------------------------------------- applying


def test_an_apply_creates_and_owns_just_what_it_says() -> None:
    made = apply(None, intent(replicas=2, template={"spec": {"containers": [{"name": "c", "image": "a"}]}}), "kubectl")
    assert made["spec"]["replicas"] == 2
    assert managers(made) == [("kubectl", "Apply")]
    assert owned(made, "kubectl") == {
        "f:spec": {
            "f:replicas": {},
            "f:template": {"f:spec": {"f:containers": {CONTAINER: {".": {}, "f:image": {}, "f:name": {}}}}},
        }
    }


def test_the_same_apply_again_changes_nothing() -> None:
    made = stored(apply(None, deployment(), "kubectl"))
    assert apply(made, deployment(), "kubectl", at_ms=NOW + 60_000) is made


def test_what_the_applier_no_longer_says_goes() -> None:
    made = stored(apply(None, deployment(labels={"a": "1", "b": "2"}, annotations={"x": "y"}), "kubectl"))
    again = apply(made, deployment(labels={"a": "1"}), "kubectl", at_ms=NOW + 1000)
    assert again["metadata"]["labels"] == {"a": "1"}
    assert "annotations" not in again["metadata"]
    assert again["spec"] is made["spec"]


def test_the_name_stays_when_all_other_metadata_goes() -> None:
    first = apply(None, {**intent(replicas=3), "metadata": {"name": "web", "labels": {"a": "b"}}}, "kubectl")
    second = apply(stored(first), {**intent(replicas=3), "metadata": {"name": "web"}}, "kubectl")
    assert second["metadata"]["name"] == "web"
    assert "labels" not in second["metadata"]
    assert second["metadata"]["uid"] == "u-1"


def test_what_others_own_too_stays() -> None:
    made = stored(apply(None, deployment(labels={"a": "1"}), "one"))
    labelled = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"a": "1"}}}
    both = apply(made, labelled, "two")
    assert owned(both, "two") == {"f:metadata": {"f:labels": {"f:a": {}}}}
    left = apply(both, deployment(), "one")
    assert left["metadata"]["labels"] == {"a": "1"}
    assert "f:metadata" not in owned(left, "one")
    gone = apply(left, {**labelled, "metadata": {"name": "web"}}, "two")
    assert "labels" not in gone["metadata"]
    assert managers(gone) == [("one", "Apply")]


def test_defaults_that_nobody_owns_stay() -> None:
    made = stored(apply(None, deployment(), "one"))
    again = apply(made, deployment(replicas=None), "one")
    assert "replicas" not in again["spec"]  # the server fills it in again
    assert again["spec"]["revisionHistoryLimit"] == 10


def test_a_container_that_is_no_longer_applied_goes_with_its_defaults() -> None:
    two = deployment()
    two["spec"]["template"]["spec"]["containers"].append({"name": "d", "image": "a"})
    made = stored(apply(None, two, "one"))
    again = apply(made, deployment(), "one")
    assert [each["name"] for each in again["spec"]["template"]["spec"]["containers"]] == ["c"]


def test_a_value_that_another_owns_conflicts() -> None:
    made = stored(apply(None, deployment(), "kubectl"))
    with pytest.raises(Conflict) as caught:
        apply(made, intent(replicas=5), "two")
    assert caught.value.status() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'Apply failed with 1 conflict: conflict with "kubectl": .spec.replicas',
        "reason": "Conflict",
        "details": {
            "causes": [
                {"reason": "FieldManagerConflict", "message": 'conflict with "kubectl"', "field": ".spec.replicas"}
            ]
        },
        "code": 409,
    }


def test_several_conflicts_are_listed_by_manager() -> None:
    made = changed(stored(apply(None, deployment(), "one")), {"spec": {"replicas": 4}}, "kubectl-edit")
    with pytest.raises(Conflict) as caught:
        apply(made, deployment(replicas=5, image="nginx:2"), "two")
    assert caught.value.message == (
        "Apply failed with 2 conflicts: "
        'conflicts with "kubectl-edit" using apps/v1:\n- .spec.replicas\n'
        'conflicts with "one":\n- .spec.template.spec.containers[name="c"].image'
    )


def test_an_updater_through_a_subresource_is_named_with_it() -> None:
    made = changed(stored(apply(None, deployment(), "one")), {"spec": {"replicas": 4}}, "kubectl", subresource="scale")
    with pytest.raises(Conflict, match=r'conflict with "kubectl" with subresource "scale" using apps/v1: .spec.repl'):
        apply(made, deployment(), "one")


def test_force_takes_the_field() -> None:
    made = stored(apply(None, deployment(), "kubectl"))
    forced = apply(made, intent(replicas=5), "two", force=True)
    assert forced["spec"]["replicas"] == 5
    assert "f:replicas" not in owned(forced, "kubectl")["f:spec"]


def test_the_same_value_is_shared_without_a_conflict() -> None:
    made = stored(apply(None, deployment(), "kubectl"))
    both = apply(made, intent(replicas=3), "two")
    assert [owned(both, name)["f:spec"]["f:replicas"] for name in ("kubectl", "two")] == [{}, {}]
    assert both["spec"] is made["spec"]


def test_an_equal_quantity_is_the_same_value() -> None:
    def limited(cpu: Any) -> Obj:
        containers = [{"name": "c", "image": "a", "resources": {"limits": {"cpu": cpu}}}]
        return intent(template={"spec": {"containers": containers}})

    made = stored(apply(None, limited("500m"), "one"))
    assert apply(made, limited(0.5), "two")["spec"] is made["spec"]


def test_an_object_without_a_record_is_owned_by_before_first_apply() -> None:
    made = stored(decode(deployment()))
    with pytest.raises(Conflict, match=r'conflict with "before-first-apply" using apps/v1: .spec.replicas'):
        apply(made, intent(replicas=5), "two")
    shared = apply(made, intent(replicas=3), "two")
    assert managers(shared) == [("two", "Apply"), ("before-first-apply", "Update")]


# ------------------------------------------------------------------------------- from client-side apply


def test_kubectl_takes_over_what_its_client_side_apply_wrote() -> None:
    manifest = strategic.apply_manifest(None, deployment(), shape("Deployment"))
    made = created(manifest, "kubectl-client-side-apply")
    upgraded = apply(made, deployment(image="nginx:2"), "kubectl")
    assert upgraded["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:2"
    assert upgraded["metadata"]["annotations"][strategic.LAST_APPLIED] == strategic.last_applied(
        deployment(image="nginx:2")
    )
    with pytest.raises(Conflict):
        apply(made, deployment(image="nginx:2"), "another")


def test_but_not_what_somebody_changed_since() -> None:
    made = created(strategic.apply_manifest(None, deployment(), shape("Deployment")), "kubectl-client-side-apply")
    edited = changed(made, {"spec": {"replicas": 7}}, "kubectl-edit")
    with pytest.raises(Conflict, match=r'1 conflict: conflict with "kubectl-edit" using apps/v1: .spec.replicas'):
        apply(edited, deployment(replicas=4, image="nginx:2"), "kubectl")


def test_a_client_may_rewrite_the_record_as_kubectl_does_to_upgrade_it() -> None:
    made = created(deployment(), "kubectl-client-side-apply")
    entry = {**made["metadata"]["managedFields"][0], "manager": "kubectl", "operation": "Apply"}
    rewritten = {**made, "metadata": {**made["metadata"], "managedFields": [entry]}}
    assert managers(managed_fields.updated(SCHEME, made, rewritten, "kubectl", now_ms=NOW)) == [("kubectl", "Apply")]


# -------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("applied", "why"),
    [
        (intent(replica=3), ".spec.replica: field not declared in schema"),
        (intent(replicas="x"), ".spec.replicas: expected numeric (int or float), got string"),
        (intent(paused="x"), ".spec.paused: expected boolean, got &{x}"),
        (
            intent(template={"spec": {"containers": [{"name": "c", "env": [{"name": "A", "value": 8080}]}]}}),
            '.spec.template.spec.containers[name="c"].env[name="A"].value: '
            "expected string, got &value.valueUnstructured{Value:8080}",
        ),
        (
            intent(template={"spec": {"containers": [{"image": "a"}]}}),
            ".spec.template.spec.containers: element 0: associative list with keys has an element that omits key field "
            '"name" (and doesn\'t have default value)',
        ),
        (
            intent(template={"spec": {"containers": [{"name": "c"}, {"name": "c"}]}}),
            '.spec.template.spec.containers: duplicate entries for key [name="c"]',
        ),
        (
            intent() | {"metadata": {"name": "web", "namespace": "default", "finalizers": [None]}},
            ".metadata.finalizers: element 0: associative list without keys has an element that's an explicit null",
        ),
        (
            intent(replica=3, pause=True),
            "errors:\n  .spec.replica: field not declared in schema\n  .spec.pause: field not declared in schema",
        ),
    ],
)
def test_a_body_that_is_not_of_its_kind_is_refused(applied: Obj, why: str) -> None:
    with pytest.raises(ApiError) as caught:
        apply(None, applied, "kubectl")
    message = f"failed to create typed patch object (default/web; apps/v1, Kind=Deployment): {why}"
    assert (caught.value.code, caught.value.message) == (400, message)


def test_another_version_and_a_record_in_the_body_are_refused() -> None:
    with pytest.raises(BadRequest, match=r"Specified patch version: apps/v1beta1, expected: apps/v1"):
        apply(None, {**intent(), "apiVersion": "apps/v1beta1"}, "kubectl")
    with pytest.raises(BadRequest, match=r"metadata.managedFields must be nil"):
        apply(None, {**intent(), "metadata": {"name": "web", "managedFields": [{}]}}, "kubectl")


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) inside of a document."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield value, key
        yield from places(part)


def test_whatever_is_applied_is_refused_or_changes_nothing_the_second_time() -> None:
    rng = random.Random(1)
    junk = [None, "x", "", 7, -1, 1.5, True, [], {}, [None], [{}], {"x": 1}, {"name": {"a": "b"}}, ["c", "c"]]
    made = stored(apply(None, deployment(labels={"a": "1"}), "one"))
    applied = 0
    for _ in range(600):
        containers = [{"name": "c", "image": "a", "ports": [{"containerPort": 80}], "env": [{"name": "E"}]}]
        doc = intent(replicas=2, template={"spec": {"containers": containers, "volumes": []}})
        doc["metadata"]["finalizers"] = ["x/y"]
        for _ in range(rng.randint(1, 2)):
            spots = [spot for spot in places(doc) if spot[1] not in ("apiVersion", "kind")]
            container, key = rng.choice(spots)
            container[key] = rng.choice(junk)
        with suppress(ApiError):
            after = apply(made, doc, "two", force=rng.random() < 0.5)
            assert apply(after, doc, "two", at_ms=NOW + 60_000) == after
            applied += 1
    assert 0 < applied < 600


def test_endless_nesting_is_an_error_and_no_crash() -> None:
    fields: Any = {}
    for _ in range(5000):
        fields = {"a": fields}
    revision = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": {"template": fields}}
    with pytest.raises(ApiError):
        apply(None, revision, "one")
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "x"}, "spec": fields}
    with pytest.raises(BadRequest, match="exceeded max depth"):
        managed_fields.apply(WITH_WIDGETS, None, widget, "one", force=False, now_ms=NOW)


def test_an_object_of_a_kind_without_a_schema_is_merged_by_key() -> None:
    def widget(**spec: Any) -> Obj:
        return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec}

    def put(current: Obj | None, applied: Obj) -> Obj:
        return managed_fields.apply(WITH_WIDGETS, current, applied, "one", force=False, now_ms=NOW)

    made = put(None, widget(size={"x": 1, "y": 2}, parts=[1]))
    grown = {**made, "spec": {**made["spec"], "other": True}}
    assert put(grown, widget(size={"x": 1}, parts=[2]))["spec"] == {"size": {"x": 1}, "parts": [2], "other": True}
