"""What strategic merge patches do here was compared, case by case, with `kubectl patch --local`."""

from __future__ import annotations

import contextlib
import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.errors import BadRequest
from app.apimachinery.patch import strategic
from app.apimachinery.patch.strategic import FieldChange
from tests.support.kinds import shape

DEPLOYMENT = shape("Deployment")

# ---------------------------------------------------------------------------------------------- merge patch


@pytest.mark.parametrize(
    ("obj", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_rfc_7386(obj, patch, expected):
    assert strategic.merge_patch(obj, patch) == expected


def test_true_is_not_one():
    assert strategic.merge_patch({"a": 1}, {"a": True})["a"] is True


def test_a_patch_too_deep_to_walk_is_a_bad_request():
    deep: dict = {}
    for _ in range(20_000):
        deep = {"a": deep}
    with pytest.raises(BadRequest, match="exceeded max depth"):
        strategic.merge_patch({}, deep)


# ----------------------------------------------------------------------------------- strategic merge patch


def container(name, image=None, **more):
    return {"name": name, **({"image": image} if image else {}), **more}


def deployment(*containers, metadata=None, spec=None, **pod_spec):
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default", **(metadata or {})},
        "spec": {**(spec or {}), "template": {"spec": {"containers": list(containers), **pod_spec}}},
    }


def in_pod(**spec):
    return {"spec": {"template": {"spec": spec}}}


A, B, C = container("a", "ia"), container("b", "ib"), container("c", "ic")


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        pytest.param({"containers": [container("b", "new")]}, [A, container("b", "new"), C], id="merged in place"),
        pytest.param(
            {"containers": [container("d", "id")]}, [container("d", "id"), A, B, C], id="a new one goes first"
        ),
        pytest.param(
            {"containers": [container("c", "x"), container("a", "y")]},
            [B, container("c", "x"), container("a", "y")],
            id="the order of the patch",
        ),
        pytest.param({"containers": [{"name": "b", "$patch": "delete"}]}, [A, C], id="an item deleted"),
        pytest.param({"containers": [{"$patch": "replace"}, container("z")]}, [container("z")], id="a list replaced"),
        pytest.param(
            {
                "containers": [container("d", "id"), container("b", "nb")],
                "$setElementOrder/containers": [{"name": "c"}, {"name": "d"}, {"name": "b"}],
            },
            [A, C, container("d", "id"), container("b", "nb")],
            id="the order asked for",
        ),
        pytest.param(
            {"$setElementOrder/containers": [{"name": "c"}, {"name": "b"}, {"name": "a"}]},
            [C, B, A],
            id="only the order",
        ),
    ],
)
def test_containers_merge_by_name(patch, expected):
    patched = strategic.strategic_merge(deployment(A, B, C), in_pod(**patch), DEPLOYMENT)
    assert patched["spec"]["template"]["spec"]["containers"] == expected


def test_lists_inside_items_of_lists_merge_too():
    before = deployment(container("a", env=[{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]))
    patch = in_pod(containers=[container("a", env=[{"name": "Z", "value": "3"}, {"name": "X", "$patch": "delete"}])])
    after = strategic.strategic_merge(before, patch, DEPLOYMENT)
    assert after["spec"]["template"]["spec"]["containers"][0]["env"] == [
        {"name": "Z", "value": "3"},
        {"name": "Y", "value": "2"},
    ]


def test_a_list_without_merge_key_is_replaced():
    before = deployment(A, tolerations=[{"key": "k", "operator": "Exists"}])
    after = strategic.strategic_merge(before, in_pod(tolerations=[{"key": "q", "operator": "Exists"}]), DEPLOYMENT)
    assert after["spec"]["template"]["spec"]["tolerations"] == [{"key": "q", "operator": "Exists"}]


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        pytest.param({"finalizers": ["f9", "f2"]}, ["f9", "f1", "f2", "f3"], id="a set of plain values grows"),
        pytest.param({"$deleteFromPrimitiveList/finalizers": ["f2"]}, ["f1", "f3"], id="and shrinks"),
        pytest.param(
            {
                "finalizers": ["f8"],
                "$deleteFromPrimitiveList/finalizers": ["f1"],
                "$setElementOrder/finalizers": ["f3", "f8", "f2"],
            },
            ["f3", "f8", "f2"],
            id="and is put in order",
        ),
    ],
)
def test_finalizers_merge_as_a_set(patch, expected):
    before = deployment(A, metadata={"finalizers": ["f1", "f2", "f3"]})
    assert strategic.strategic_merge(before, {"metadata": patch}, DEPLOYMENT)["metadata"]["finalizers"] == expected


ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ({"type": "Recreate"}, {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
        ({"$retainKeys": ["type"], "type": "Recreate"}, {"type": "Recreate"}),
        ({"$retainKeys": ["type"], "type": "Recreate", "rollingUpdate": None}, {"type": "Recreate"}),
        ({"$patch": "replace", "type": "Recreate"}, {"type": "Recreate"}),
        ({"$patch": "merge", "type": "X"}, {"type": "X", "rollingUpdate": {"maxSurge": 1}}),
        ({"$patch": "delete"}, {}),
        (None, None),
    ],
)
def test_directives_of_a_map(strategy, expected):
    before = deployment(A, spec={"strategy": ROLLING})
    after = strategic.strategic_merge(before, {"spec": {"strategy": strategy}}, DEPLOYMENT)
    assert after["spec"].get("strategy") == expected


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ([], "invalid JSON document"),
        (in_pod(containers=["a"]), "invalid JSON document"),
        (
            in_pod(containers=[{"image": "x", "stdin": True, "args": ["a"]}]),
            "map: map[args:[a] image:x stdin:true] does not contain declared merge key: name",
        ),
        ({"spec": {"$patch": "jump"}}, "Unknown patch type found: jump"),
        ({"spec": {"$retainKeys": "type"}}, "invalid patch format of retainKeys"),
        ({"spec": {"$retainKeys": ["a"], "b": 1}}, "invalid patch format of retainKeys"),
        ({"metadata": {"$deleteFromPrimitiveList/finalizers": "a"}}, "invalid patch format of primitive list"),
        ({"metadata": {"$setElementOrder/finalizers": "a"}}, "invalid patch format of setElementOrder list"),
    ],
)
def test_a_malformed_patch_is_a_bad_request(patch, message):
    with pytest.raises(BadRequest) as refused:
        strategic.strategic_merge(deployment(A), patch, DEPLOYMENT)
    assert refused.value.message == message


def test_a_kind_without_schema_merges_like_a_merge_patch():
    before = {"kind": "MySQL", "spec": {"containers": [A, B], "x": 1}}
    after = strategic.strategic_merge(before, {"spec": {"containers": [C], "x": None}}, shape("MySQL"))
    assert after == {"kind": "MySQL", "spec": {"containers": [C]}}


def test_what_a_patch_does_not_touch_is_shared():
    before = deployment(A, B)
    after = strategic.strategic_merge(before, in_pod(containers=[container("b", "new")]), DEPLOYMENT)
    assert after["metadata"] is before["metadata"]
    assert after["spec"]["template"]["spec"]["containers"][0] is A
    assert strategic.strategic_merge(before, in_pod(containers=[container("b", "ib")]), DEPLOYMENT) is before


# ------------------------------------------------------------------------------------------ kubectl apply

# Recording a: what was applied, and the annotation that kubectl wrote.
MANIFEST = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "ref-a", "labels": {"app": "web"}},
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "nginx", "image": "nginx:1.27", "ports": [{"containerPort": 80}]}]},
        },
    },
}
ANNOTATION = (
    '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"annotations":{},"labels":{"app":"web"},"name":"web",'
    '"namespace":"ref-a"},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":'
    '{"labels":{"app":"web"}},"spec":{"containers":[{"image":"nginx:1.27","name":"nginx","ports":[{"containerPort":80}'
    "]}]}}}}\n"
)
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "ref-a"},
    "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": 80}]},
}


def live(manifest):
    """As the server keeps it: with its defaults, what controllers added, and the kubelet's status."""
    obj = strategic.apply_manifest(None, manifest, DEPLOYMENT)
    meta = {**obj["metadata"], "uid": "u", "resourceVersion": "7"}
    meta["annotations"] = {**meta["annotations"], "deployment.kubernetes.io/revision": "1"}
    spec = {**obj["spec"], "strategy": ROLLING, "revisionHistoryLimit": 10}
    return {**obj, "metadata": meta, "spec": spec, "status": {"replicas": 3}}


def changed(**spec):
    return {**MANIFEST, "spec": {**MANIFEST["spec"], **spec}}


def test_the_annotation_is_what_kubectl_writes():
    assert strategic.last_applied(MANIFEST) == ANNOTATION
    created = strategic.apply_manifest(None, MANIFEST, DEPLOYMENT)
    assert created["metadata"]["annotations"] == {strategic.LAST_APPLIED: ANNOTATION}
    assert strategic.last_applied(created) == ANNOTATION
    assert strategic.last_applied(SERVICE).endswith(
        '"ports":[{"name":"http","port":80,"targetPort":80}],"selector":{"app":"web"}}}\n'
    )


def test_the_annotation_escapes_as_go_does():
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "<é>&"}}
    assert '"a":"\\u003cé\\u003e\\u0026"' in strategic.last_applied(manifest)


def test_applying_again_changes_nothing():
    before = live(MANIFEST)
    assert strategic.apply_manifest(before, MANIFEST, DEPLOYMENT) is before


def test_what_the_manifest_says_wins_and_what_it_does_not_speak_of_stays():
    before = live(MANIFEST)
    after = strategic.apply_manifest(before, changed(replicas=5), DEPLOYMENT)
    assert after["spec"] == {**before["spec"], "replicas": 5}
    assert after["status"] is before["status"]
    assert after["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"
    assert json.loads(after["metadata"]["annotations"][strategic.LAST_APPLIED])["spec"]["replicas"] == 5


def test_a_field_that_left_the_manifest_is_deleted():
    before = live(changed(minReadySeconds=5))
    after = strategic.apply_manifest(before, MANIFEST, DEPLOYMENT)
    assert "minReadySeconds" not in after["spec"]


def test_a_field_that_somebody_else_set_stays_when_it_was_never_applied():
    before = live(MANIFEST)
    before = {**before, "spec": {**before["spec"], "paused": True}}
    assert strategic.apply_manifest(before, changed(replicas=4), DEPLOYMENT)["spec"]["paused"] is True


def test_null_in_the_manifest_deletes():
    before = live(MANIFEST)
    assert "replicas" not in strategic.apply_manifest(before, changed(replicas=None), DEPLOYMENT)["spec"]


def test_a_new_strategy_type_clears_the_defaults_of_the_old_one():
    after = strategic.apply_manifest(live(MANIFEST), changed(strategy={"type": "Recreate"}), DEPLOYMENT)
    assert after["spec"]["strategy"] == {"type": "Recreate"}


def test_a_volume_keeps_only_what_the_manifest_says():
    was = deployment(A, volumes=[{"name": "v", "emptyDir": {}}, {"name": "w", "emptyDir": {}}])
    now = deployment(A, volumes=[{"name": "v", "hostPath": {"path": "/x"}}, {"name": "w", "emptyDir": {}}])
    after = strategic.three_way({}, now, was, DEPLOYMENT)
    assert after["spec"]["template"]["spec"]["volumes"] == now["spec"]["template"]["spec"]["volumes"]


def test_containers_come_and_go_by_name():
    injected = container("proxy", "istio")
    was, now = deployment(A, B), deployment(B, C)
    current = deployment(container("a", "ia", tty=True), container("b", "ib", tty=True), injected)
    after = strategic.three_way(was, now, current, DEPLOYMENT)
    assert after["spec"]["template"]["spec"]["containers"] == [container("b", "ib", tty=True), C, injected]


def test_ports_with_an_equal_number_are_matched_in_turn():
    def dns(*protocols):
        ports = [{"name": name, "port": 53, "protocol": protocol} for name, protocol in protocols]
        return {"kind": "Service", "metadata": {}, "spec": {"ports": ports}}

    both = dns(("udp", "UDP"), ("tcp", "TCP"))
    assert strategic.three_way(both, both, both, shape("Service")) is both
    assert strategic.three_way(both, dns(("udp", "UDP")), both, shape("Service")) == dns(("udp", "UDP"))


def test_of_two_ports_with_one_number_the_later_falls_upon_the_first():
    def dns(*names):
        return {"kind": "Service", "metadata": {}, "spec": {"ports": [{"name": name, "port": 53} for name in names]}}

    assert strategic.three_way(dns("t"), dns("t", "u"), dns("t"), shape("Service")) == dns("u")
    assert strategic.three_way({}, dns("t", "u"), dns(), shape("Service")) == dns("u")
    order = [{"port": 53}, {"port": 53}]
    patch = {"spec": {"$setElementOrder/ports": order, "ports": [{"name": "u", "port": 53}]}}
    assert strategic.strategic_merge(dns("t"), patch, shape("Service")) == dns("u")


def test_finalizers_are_a_set():
    def with_finalizers(*names):
        return {"kind": "Pod", "metadata": {"finalizers": list(names)}}

    after = strategic.three_way(
        with_finalizers("a", "b"), with_finalizers("b", "c"), with_finalizers("x", "a", "b"), shape("Pod")
    )
    assert after == with_finalizers("x", "b", "c")


def test_an_annotation_that_cannot_be_read_counts_as_nothing_applied():
    before = live(MANIFEST)
    spoilt = {**before["metadata"]["annotations"], strategic.LAST_APPLIED: "{"}
    before = {**before, "metadata": {**before["metadata"], "annotations": spoilt}}
    assert (
        strategic.apply_manifest(before, MANIFEST, DEPLOYMENT)["metadata"]["annotations"][strategic.LAST_APPLIED]
        == ANNOTATION
    )


def test_a_manifest_with_lists_of_the_wrong_type_is_handed_on_for_validation():
    broken = deployment()
    broken["spec"]["template"]["spec"]["containers"] = ["nginx"]
    after = strategic.three_way({}, broken, deployment(A), DEPLOYMENT)
    assert after["spec"]["template"]["spec"]["containers"] == ["nginx"]


# ------------------------------------------------------------------------------------------ what will change


def changes(old, new):
    return strategic.field_changes(old, new, shape((new or old or {}).get("kind", "")))


def test_field_changes_name_each_field_by_its_path():
    old = live(MANIFEST)
    new = strategic.three_way({}, changed(replicas=5), old, DEPLOYMENT)
    template = copy.deepcopy(new["spec"]["template"])
    template["spec"]["containers"][0]["image"] = "nginx:1.28"
    template["metadata"]["annotations"] = {"a.b/c": "d"}
    new = {**new, "spec": {**new["spec"], "template": template}}
    assert changes(old, new) == (
        FieldChange("spec.replicas", 3, 5),
        FieldChange("spec.template.metadata.annotations", None, {"a.b/c": "d"}),
        FieldChange("spec.template.spec.containers[name=nginx].image", "nginx:1.27", "nginx:1.28"),
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(deployment(A), deployment(A), (), id="nothing"),
        pytest.param(None, {"kind": "Pod"}, (FieldChange("", None, {"kind": "Pod"}),), id="a new object"),
        pytest.param(
            deployment(A),
            deployment(A, B),
            (FieldChange("spec.template.spec.containers[name=b]", None, B),),
            id="a new item",
        ),
        pytest.param(
            deployment(A, B),
            deployment(B, A),
            (FieldChange("spec.template.spec.containers", ["a", "b"], ["b", "a"]),),
            id="items that changed places",
        ),
        pytest.param(
            deployment(container("a", args=["x"])),
            deployment(container("a", args=["x", "y"])),
            (FieldChange("spec.template.spec.containers[name=a].args", ["x"], ["x", "y"]),),
            id="a list of plain values is one field",
        ),
        pytest.param(
            deployment(A, tolerations=[{"key": "k"}]),
            deployment(A, tolerations=[{"key": "l"}, {"key": "m"}]),
            (
                FieldChange("spec.template.spec.tolerations[0].key", "k", "l"),
                FieldChange("spec.template.spec.tolerations[1]", None, {"key": "m"}),
            ),
            id="a list without merge key goes by index",
        ),
        pytest.param(
            deployment(A, metadata={"annotations": {"a.b/c": "1"}}),
            deployment(A, metadata={"annotations": {"a.b/c": "2"}}),
            (FieldChange("metadata.annotations[a.b/c]", "1", "2"),),
            id="a key with dots stands in brackets",
        ),
        pytest.param({"a": 1}, {"a": True}, (FieldChange("a", 1, True),), id="1 is not true"),
    ],
)
def test_field_changes(old, new, expected):
    assert changes(old, new) == expected


# --------------------------------------------------------------------------------------------- properties

NAMES = st.sampled_from(["a", "b", "c", "d"])
CONTAINERS = st.lists(
    st.builds(container, NAMES, st.sampled_from(["i", "j"]), tty=st.booleans()),
    max_size=4,
    unique_by=lambda c: c["name"],
)
DEPLOYMENTS = st.builds(
    lambda containers, fields, finalizers: deployment(*containers, spec=fields, metadata={"finalizers": finalizers}),
    CONTAINERS,
    st.dictionaries(st.sampled_from(["replicas", "paused", "minReadySeconds"]), st.integers(0, 2)),
    st.lists(NAMES, unique=True),
)


@given(DEPLOYMENTS, DEPLOYMENTS, DEPLOYMENTS)
def test_applying_twice_is_applying_once_and_nothing_is_mutated(original, modified, current):
    before = copy.deepcopy((original, modified, current))
    once = strategic.three_way(original, modified, current, DEPLOYMENT)
    assert strategic.three_way(modified, modified, once, DEPLOYMENT) is once
    assert (original, modified, current) == before


@given(DEPLOYMENTS, DEPLOYMENTS)
def test_where_all_was_applied_the_result_is_the_manifest(was, now):
    assert strategic.three_way(was, now, was, DEPLOYMENT) == now


@given(DEPLOYMENTS, DEPLOYMENTS)
def test_a_strategic_merge_patch_twice_is_once(obj, patch):
    before = copy.deepcopy((obj, patch))
    once = strategic.strategic_merge(obj, patch, DEPLOYMENT)
    assert strategic.strategic_merge(once, patch, DEPLOYMENT) is once
    assert (obj, patch) == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, JSON)
def test_a_merge_patch_twice_is_once(obj, patch):
    once = strategic.merge_patch(obj, patch)
    assert strategic.merge_patch(once, patch) is once or not isinstance(patch, dict)


@given(DEPLOYMENTS, DEPLOYMENTS)
def test_there_are_changes_exactly_where_objects_differ(old, new):
    assert (changes(old, new) == ()) is (old == new)


KEYS = ["spec", "template", "containers", "name", "$patch", "$retainKeys", "$setElementOrder/containers"]


@given(
    st.recursive(
        st.none() | st.sampled_from(["a", "delete", "replace", 1]),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
        max_leaves=10,
    )
)
def test_any_strategic_merge_patch_gives_an_object_or_a_bad_request(patch):
    with contextlib.suppress(BadRequest):
        assert isinstance(strategic.strategic_merge(deployment(A, B), patch, DEPLOYMENT), dict)
