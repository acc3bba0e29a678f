"""Sets of fields: what is said, what differs, putting together and taking away."""

from __future__ import annotations

from typing import Any

import pytest

from app.apimachinery.managedfields import fieldset
from tests.support.kinds import shape

DEPLOYMENT = fieldset.root(shape("Deployment"))
POD = fieldset.root(shape("Pod"))
NAMED = 'k:{"name":"c"}'


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"spec": {"containers": list(containers), **spec}}


def test_what_is_said_stops_at_leaves_and_names_items_by_their_keys() -> None:
    ports = [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}]
    obj = {
        "metadata": {"labels": {"a": "b"}, "finalizers": ["x/y"]},
        "spec": {"containers": [{"name": "c", "ports": ports}], "tolerations": [{"key": "t"}], "nodeSelector": {}},
    }
    assert fieldset.fields_v1(fieldset.said(obj, POD)) == {
        "f:metadata": {"f:finalizers": {'v:"x/y"': {}}, "f:labels": {"f:a": {}}},
        "f:spec": {
            "f:containers": {
                NAMED: {
                    ".": {},
                    "f:name": {},
                    "f:ports": {
                        'k:{"containerPort":53,"protocol":"TCP"}': {".": {}, "f:containerPort": {}},
                        'k:{"containerPort":53,"protocol":"UDP"}': {".": {}, "f:containerPort": {}, "f:protocol": {}},
                    },
                }
            },
            "f:nodeSelector": {},
            "f:tolerations": {},
        },
    }


def test_of_an_unknown_kind_maps_are_owned_by_key_and_lists_as_a_whole() -> None:
    node = fieldset.root(shape("Widget"))
    obj = {"metadata": {"labels": {"a": "b"}}, "spec": {"size": {"x": 1}, "parts": [{"name": "p"}]}}
    assert fieldset.fields_v1(fieldset.said(obj, node)) == {
        "f:metadata": {"f:labels": {"f:a": {}}},
        "f:spec": {".": {}, "f:parts": {}, "f:size": {".": {}, "f:x": {}}},
    }


def test_items_are_written_in_the_order_of_their_values_not_of_their_text() -> None:
    service = {"spec": {"ports": [{"port": port, "protocol": "TCP"} for port in (443, 80, 8080)]}}
    ports = fieldset.fields_v1(fieldset.said(service, fieldset.root(shape("Service"))))["f:spec"]["f:ports"]
    assert [name.split(":")[2].split(",")[0] for name in ports] == ["80", "443", "8080"]


@pytest.mark.parametrize("nested", [{"spec": {}}, {"f:spec": 1}, {".": {}}, {"f:spec": {"replicas": {}}}])
def test_what_is_no_set_of_fields_is_refused(nested: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a"):
        fieldset.paths(nested)


def test_written_and_read_again_a_set_is_the_same() -> None:
    obj = pod({"name": "c", "image": "a", "env": [{"name": "E", "value": "1"}]}, volumes=[{"name": "v"}])
    fields = fieldset.said(obj, POD)
    assert fieldset.paths(fieldset.fields_v1(fields)) == fields


def test_paths_are_told_as_kubernetes_tells_them() -> None:
    path = ("f:spec", "f:containers", NAMED, "f:ports", 'k:{"containerPort":80,"protocol":"TCP"}', "f:hostPort")
    assert fieldset.text(path) == '.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"].hostPort'
    assert fieldset.text(("f:metadata", "f:finalizers", 'v:"x/y"')) == '.metadata.finalizers[="x/y"]'


def differences(old: dict[str, Any], new: dict[str, Any]) -> tuple[list[str], list[str], list[str]]:
    added, modified, removed = (sorted(map(fieldset.text, each)) for each in fieldset.compare(old, new, POD))
    return added, modified, removed


def test_differences_are_added_modified_and_removed() -> None:
    old = pod({"name": "c", "image": "a"}, hostname="h", nodeName="n")
    new = pod({"name": "c", "image": "b"}, nodeName="n", subdomain="s")
    assert differences(old, new) == ([".spec.subdomain"], ['.spec.containers[name="c"].image'], [".spec.hostname"])


def test_an_item_that_is_new_brings_its_fields_and_itself() -> None:
    old, new = pod({"name": "c"}), pod({"name": "c"}, {"name": "d"})
    added = ['.spec.containers[name="d"]', '.spec.containers[name="d"].name', '.spec.containers[name="d"].resources']
    assert differences(old, new) == (added, [], [])
    assert differences(new, old) == ([], [], added)


def test_what_go_writes_even_when_empty_is_not_added_when_it_is_filled() -> None:
    assert differences(pod({"name": "c"}), pod({"name": "c", "resources": {"limits": {"cpu": "1"}}})) == (
        ['.spec.containers[name="c"].resources.limits', '.spec.containers[name="c"].resources.limits.cpu'],
        [],
        [],
    )


def test_moved_items_do_not_differ() -> None:
    one, other = {"name": "c"}, {"name": "d"}
    assert differences(pod(one, other), pod(other, one)) == ([], [], [])


def test_one_is_not_true() -> None:
    assert differences(pod(hostNetwork=1), pod(hostNetwork=True)) == ([], [".spec.hostNetwork"], [])


def names(obj: Any) -> list[str]:
    return [container["name"] for container in obj["spec"]["containers"]]


@pytest.mark.parametrize(
    ("live", "applied", "merged"),
    [
        ("a b", "b", "a b"),
        ("a b", "c", "a b c"),
        ("a b", "c b", "a c b"),
        ("a b", "b a", "b a"),
        ("a x b", "b a", "x b a"),
        ("", "b a", "b a"),
        ("a b c", "c", "a b c"),
    ],
)
def test_merged_lists_keep_both_orders(live: str, applied: str, merged: str) -> None:
    one, other = (pod(*({"name": name} for name in each.split())) for each in (live, applied))
    assert names(fieldset.merge(one, other, POD)) == merged.split()


def test_merging_keeps_what_is_not_spoken_of() -> None:
    live = pod({"name": "c", "image": "a", "command": ["x", "y"]}, tolerations=[{"key": "t"}], nodeName="n")
    applied = pod({"name": "c", "image": "b", "command": ["z"]}, tolerations=[])
    assert fieldset.merge(live, applied, POD) == pod(
        {"name": "c", "image": "b", "command": ["z"]}, tolerations=[], nodeName="n"
    )


def test_what_loses_everything_becomes_null() -> None:
    obj = {"metadata": {"labels": {"a": "b"}, "name": "x"}}
    gone = frozenset({("f:metadata", "f:labels", "f:a")})
    assert fieldset.remove(obj, gone, POD) == {"metadata": {"labels": None, "name": "x"}}
    assert obj == {"metadata": {"labels": {"a": "b"}, "name": "x"}}


def test_only_named_fields_count_as_parents() -> None:
    fields = frozenset({("f:spec", "f:containers", NAMED, "f:image"), ("f:metadata", "f:labels", "f:a")})
    parents = fieldset.with_parents(fields, POD) - fields
    assert sorted(map(fieldset.text, parents)) == [".metadata", ".metadata.labels", ".spec", ".spec.containers"]


def test_a_list_that_patches_merge_may_still_have_one_owner() -> None:
    job = {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    said = fieldset.said(job, fieldset.root(shape("Job")))
    assert sorted(map(fieldset.text, said)) == [".status.conditions"]
