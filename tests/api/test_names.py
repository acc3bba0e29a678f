from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api import names


def test_digits_become_letters_of_the_safe_alphabet():
    assert names.safe_encode("0123456789") == "456789bcdf"
    assert set(names.SAFE_ALPHABET).isdisjoint("aeiou013")


@pytest.mark.parametrize(("text", "value"), [(b"", 0x811C9DC5), (b"a", 0xE40C292C), (b"foobar", 0xBF9CF968)])
def test_the_hash_is_fnv_1a(text, value):
    assert names.fnv32a(text) == value


def container(image, **more):
    """As the API server defaults it."""
    return {
        "name": "nginx",
        "image": image,
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        **more,
    }


def template(*containers, annotations=None, app="web", **spec):
    metadata = {"labels": {"app": app}, **({"annotations": annotations} if annotations else {})}
    defaults = {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }
    return {"metadata": metadata, "spec": {"containers": list(containers), **defaults, **spec}}


PORTS = {"ports": [{"containerPort": 80, "protocol": "TCP"}]}


WAIT = {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
TOLERATIONS = [{"key": f"node.kubernetes.io/{why}", **WAIT} for why in ("not-ready", "unreachable")]
RESTARTED = {"kubectl.kubernetes.io/restartedAt": "2026-11-23T10:07:08Z"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (template(container("nginx:1.27", **PORTS)), "cc544bdcc"),
        (template(container("nginx:1.28", **PORTS)), "89c7c5f94"),
        (template(container("nginx:broken", **PORTS)), "559f8cf658"),
        (template(container("nginx:1.27", **PORTS), annotations=RESTARTED), "754d9bfd75"),
        (template(container("nginx:1.29", **PORTS), annotations=RESTARTED), "5b45455489"),
        (template(container("nginx:1.27", **PORTS, resources={"requests": {"cpu": "100m"}})), "7ccb9c976"),
        (template(container("nginx:1.27", **PORTS), tolerations=TOLERATIONS), "655899b9c9"),
        (template(container("nginx:1.27", **PORTS), app="plain"), "69987b98b7"),
    ],
)
def test_the_hash_is_the_one_kubernetes_gives(given, expected):
    """Recordings a, b, h, l: `kubectl get rs` of a real cluster."""
    assert names.template_hash(given, None) == expected


def test_the_hash_depends_neither_on_the_order_of_keys_nor_on_empty_lists_and_maps():
    one = template(container("nginx:1.27"))
    other = {"spec": dict(reversed(one["spec"].items())) | {"tolerations": []}, "metadata": {**one["metadata"]}}
    other["metadata"]["annotations"] = {}
    assert names.template_hash(one, None) == names.template_hash(other, None)


RICH = {
    "env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
    "resources": {"limits": {"memory": "64Mi"}, "requests": {"cpu": "1e3", "memory": "0"}},
    "readinessProbe": {"httpGet": {"path": "/", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10},
    "stdin": True,
}


@pytest.mark.parametrize(
    "changed",
    [
        template(container("nginx:1.27", **{**RICH, "stdin": False})),
        template(container("nginx:1.27", **{**RICH, "env": RICH["env"][:1]})),
        template(container("nginx:1.27", **{**RICH, "env": RICH["env"][::-1]})),
        template(container("nginx:1.27", **{**RICH, "resources": {"limits": {"memory": "65Mi"}}})),
        template(container("nginx:1.27", **{**RICH, "readinessProbe": {"httpGet": {"port": 80}}})),
        template(container("nginx:1.27", **RICH), volumes=[{"name": "v", "emptyDir": {}}]),
        template(container("nginx:1.27", **RICH), volumes=[{"name": "v", "flexVolume": {"driver": "d"}}]),
        template(container("nginx:1.27", **RICH), hostNetwork=True),
        template(container("nginx:1.27", **RICH), runtimeClassName=""),
    ],
)
def test_whatever_changes_in_a_template_changes_its_hash(changed):
    assert names.template_hash(changed, None) != names.template_hash(template(container("nginx:1.27", **RICH)), None)


@given(st.text(max_size=8), st.integers(0, 2**31 - 1))
def test_a_hash_consists_of_safe_letters(image, collisions):
    assert set(names.template_hash(template(container(image)), collisions)) <= set(names.SAFE_ALPHABET)


def test_a_collision_gives_another_hash():
    template = {"metadata": {}, "spec": {"containers": []}}
    assert len({names.template_hash(template, count) for count in (None, 0, 1, 2)}) == 4


@pytest.mark.parametrize("key", ["app", "app.kubernetes.io/name", "A_b-c.d", "x" * 63])
def test_a_good_key(key):
    assert names.qualified_name_problem(key) == ""


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("", "name part must be non-empty; name part must consist of"),
        ("-a", "name part must consist of"),
        ("x" * 64, "name part must be no more than 63 bytes"),
        ("/a", "prefix part must be non-empty"),
        ("A/a", "prefix part a lowercase RFC 1123 subdomain must consist of"),
        ("a/b/c", "a qualified name must consist of"),
        ("x" * 254 + "/a", "prefix part must be no more than 253 bytes"),
    ],
)
def test_a_bad_key(key, problem):
    assert names.qualified_name_problem(key).startswith(problem)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", ""),
        ("a.b", ""),
        ("a b", "a valid label must be an empty string"),
        ("x" * 64, "must be no more than 63 bytes"),
    ],
)
def test_a_label_value(value, problem):
    assert names.label_value_problem(value).startswith(problem)
    assert (names.label_value_problem(value) == "") is (problem == "")
