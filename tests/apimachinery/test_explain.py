"""Descriptions of fields, for hover and `kubectl explain`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.api.errors import NotFound
from app.apimachinery.openapi import explain
from tests.support.kinds import shape


def test_a_field_is_described() -> None:
    found = explain.describe_field(shape("Deployment"), "spec.replicas")
    assert (found.type, found.required, found.enum) == ("integer", False, ())
    assert found.description.startswith("Number of desired pods.")


def test_paths_go_through_lists_with_and_without_index() -> None:
    found = explain.describe_field(shape("Deployment"), "spec.template.spec.containers[0].imagePullPolicy")
    assert found == explain.describe_field(shape("Deployment"), "spec.template.spec.containers.imagePullPolicy")
    assert (found.type, found.enum) == ("string", ("Always", "IfNotPresent", "Never"))
    assert "Image pull policy" in found.description


def test_lists_maps_and_structs_have_their_types() -> None:
    assert explain.describe_field(shape("Pod"), "spec.containers").type == "[]Container"
    assert explain.describe_field(shape("Pod"), "spec.containers").required
    assert explain.describe_field(shape("Pod"), "metadata.labels").type == "map[string]string"
    assert explain.describe_field(shape("Pod"), "metadata").type == "ObjectMeta"


def test_a_kind_itself_is_described() -> None:
    assert explain.describe_field(shape("Pod")).description.startswith("Pod is a collection of containers")


def test_types_that_groups_share_have_their_own_words() -> None:
    slice_port = explain.describe_field(shape("EndpointSlice"), "ports.port").description
    assert slice_port.startswith("port represents the port number of the endpoint")
    assert "metric source" in explain.describe_field(shape("HorizontalPodAutoscaler"), "spec.metrics.type").description


@pytest.mark.parametrize(
    ("kind", "path", "message"),
    [
        ("Deployment", "spec.nope", 'field "nope" does not exist'),
        ("Deployment", "nope.replicas", 'field "replicas" does not exist'),
    ],
)
def test_what_does_not_exist_is_said_as_kubectl_says_it(kind: str, path: str, message: str) -> None:
    with pytest.raises(NotFound, match=message):
        explain.describe_field(shape(kind), path)


def test_fields_are_offered_for_completion() -> None:
    names = [child.name for child in explain.fields_at(shape("Deployment"), "spec")]
    assert names == sorted(names)
    assert explain.Child("replicas", "integer", False) in explain.fields_at(shape("Deployment"), "spec")
    assert "image" in [child.name for child in explain.fields_at(shape("Pod"), "spec.containers[0]")]
    assert [child.name for child in explain.fields_at(shape("ConfigMap"))][:2] == ["apiVersion", "binaryData"]
    assert explain.fields_at(shape("Pod"), "spec.nodeName") == []
    assert explain.fields_at(shape("Gizmo")) == []


def test_the_models_are_read_and_never_imported() -> None:
    """In a process of its own: tests of the client import them."""
    code = (
        "import sys; from app.apimachinery.openapi import explain; from app.apimachinery.scheme import schema;"
        "assert explain.describe_field(schema.known('Pod'), 'spec.nodeName').description; "
        "print([name for name in sys.modules if name.startswith('lightkube')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
