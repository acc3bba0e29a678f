from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api import selectors
from app.api.errors import BadRequest

WEB = {"app": "web", "tier": "front", "weight": "5"}


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        pytest.param(None, False, id="no selector selects nothing"),
        pytest.param({}, True, id="the empty selector selects everything"),
        pytest.param({"matchLabels": {"app": "web"}}, True, id="an equal label is selected"),
        pytest.param({"matchLabels": {"app": "web", "x": "y"}}, False, id="every label must match"),
        pytest.param(
            {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "front"]}]}, True, id="in"
        ),
        pytest.param({"matchExpressions": [{"key": "no", "operator": "In", "values": ["a"]}]}, False, id="in, absent"),
        pytest.param({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["a"]}]}, True, id="not in"),
        pytest.param({"matchExpressions": [{"key": "no", "operator": "NotIn", "values": ["a"]}]}, True, id="absent"),
        pytest.param({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True, id="exists"),
        pytest.param({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False, id="does not exist"),
        pytest.param(
            {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "no", "operator": "Exists"}]},
            False,
            id="labels and expressions are both required",
        ),
        pytest.param({"matchExpressions": [{"key": "app", "operator": "Gt"}]}, False, id="an unknown operator is none"),
    ],
)
def test_a_label_selector(selector, selected):
    assert selectors.matches(selector, WEB) is selected


def test_a_plain_map_wants_every_label_of_it():
    assert selectors.matches_labels({"app": "web", "tier": "front"}, WEB)
    assert not selectors.matches_labels({"app": "web", "tier": "back"}, WEB)


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", True),
        ("app=web", True),
        ("app==web,tier=front", True),
        ("app!=web", False),
        ("no!=web", True),
        ("tier in (front, back)", True),
        ("tier notin (front,back)", False),
        ("no notin (a)", True),
        ("app", True),
        ("!app", False),
        ("! no , app", True),
        ("app=", False),
        ("weight>4", True),
        ("weight<5", False),
        ("tier>4", False),
        ("in in (a)", False),
    ],
)
def test_a_selector_on_the_command_line(text, selected):
    assert selectors.parse_labels(text).matches(WEB) is selected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a===b", "unable to parse requirement: found '=', expected: identifier"),
        ("a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("=b", "found '=', expected: !, identifier, or 'end of string'"),
        ("a=b,", "found '', expected: identifier after ','"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("!a=b", "found '=', expected: ',' or 'end of string'"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        (
            "a>b",
            'unable to parse requirement: values[0]: Invalid value: "b": '
            "for 'Gt', 'Lt' operators, the value must be an integer",
        ),
    ],
)
def test_a_bad_label_selector_is_a_bad_request_in_kubernetes_words(text, message):
    with pytest.raises(BadRequest) as refused:
        selectors.parse_labels(text)
    assert refused.value.message == message


@pytest.mark.parametrize("text", ["-a", "a/b/c", "/a", "UP/a", "a=b.", "a=" + "x" * 64, "x" * 64])
def test_keys_and_values_must_look_like_labels(text):
    with pytest.raises(BadRequest, match=r"Invalid value"):
        selectors.parse_labels(text)


def test_a_qualified_key_is_a_key():
    chosen = selectors.parse_labels("app.kubernetes.io/name=web")
    assert chosen.matches({"app.kubernetes.io/name": "web"})


@given(st.text(alphabet="ab=!(),<> in", max_size=14))
def test_any_text_is_a_selector_or_a_bad_request(text):
    try:
        chosen = selectors.parse_labels(text)
    except BadRequest:
        return
    assert selectors.parse_labels(str(chosen)) == chosen


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        (None, "<none>"),
        ({}, "<none>"),
        ({"matchLabels": {"b": "2", "a": "1"}}, "a=1,b=2"),
        (
            {
                "matchLabels": {"app": "web"},
                "matchExpressions": [{"key": "tier", "operator": "In", "values": ["b", "a"]}],
            },
            "app=web,tier in (a,b)",
        ),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["x"]}]}, "a notin (x)"),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, "a"),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, "!a"),
        ({"matchExpressions": [{"key": "a", "operator": "Like"}]}, "<error>"),
    ],
)
def test_a_selector_prints_as_kubectl_prints_it(selector, text):
    assert selectors.format_selector(selector) == text


def test_labels_print_sorted():
    assert selectors.format_labels({"tier": "front", "app": "web"}) == "app=web,tier=front"
    assert selectors.format_labels(None) == "<none>"


POD = {
    "kind": "Pod",
    "metadata": {"name": "web-1", "namespace": "default"},
    "spec": {"nodeName": "node-1", "restartPolicy": "Always"},
    "status": {"phase": "Running", "podIP": "10.0.0.1"},
}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", True),
        ("metadata.name=web-1", True),
        ("metadata.namespace!=default", False),
        ("spec.nodeName==node-1,status.phase=Running", True),
        ("status.phase!=Running", False),
        ("status.nominatedNodeName=", True),
        ("spec.hostNetwork=false", True),
        ("status.podIP=10.0.0.1", True),
        (r"metadata.name=a\,b", False),
    ],
)
def test_a_field_selector(text, selected):
    assert selectors.parse_fields(text, "Pod").matches(POD) is selected


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("spec.foo=bar", "Pod", "field label not supported: spec.foo"),
        ("status.phase=x", "Node", "field label not supported: status.phase"),
        (
            "spec.x=y",
            "ConfigMap",
            '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
        ),
        ("nothing", "Pod", "invalid selector: 'nothing'; can't understand 'nothing'"),
        ("metadata.name=a=b", "Pod", "invalid field selector: unescaped character in value: 61"),
        (r"metadata.name=a\b", "Pod", r"invalid field selector: invalid escape sequence: \b"),
    ],
)
def test_a_bad_field_selector_is_a_bad_request_in_kubernetes_words(text, kind, message):
    with pytest.raises(BadRequest) as refused:
        selectors.parse_fields(text, kind)
    assert refused.value.message == message


def test_events_are_selected_by_what_they_are_about():
    event = {
        "kind": "Event",
        "metadata": {"name": "x"},
        "involvedObject": {"kind": "Pod", "name": "web-1"},
        "source": {"component": "kubelet"},
        "reason": "Killing",
    }
    assert selectors.parse_fields("involvedObject.kind=Pod,source=kubelet,reason!=Pulled", "Event").matches(event)
    assert selectors.field_value({"kind": "Event", "metadata": {}, "reportingComponent": "x"}, "source") == "x"


def test_nodes_and_replica_sets_have_a_value_even_where_the_field_is_absent():
    assert selectors.parse_fields("spec.unschedulable=false", "Node").matches({"kind": "Node", "metadata": {}})
    assert selectors.parse_fields("status.replicas=0", "ReplicaSet").matches({"kind": "ReplicaSet", "metadata": {}})


def test_the_exact_value_of_a_field_is_known_to_the_server():
    chosen = selectors.parse_fields("metadata.name=web-1,spec.nodeName!=a", "Pod")
    assert chosen.exact("metadata.name") == "web-1"
    assert chosen.exact("spec.nodeName") is None


@given(st.text(alphabet="a\\,=", max_size=8))
def test_a_field_selector_survives_printing(value):
    chosen = selectors.FieldSelector((("metadata.name", True, value),))
    assert selectors.parse_fields(str(chosen), "Pod") == chosen
