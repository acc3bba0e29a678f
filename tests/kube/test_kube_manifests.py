"""Whole manifests with a mistake in them get the Status that a real API server of 1.36 gave (`refused_manifests.yaml`).

Sent as YAML, as a dry run with strict validation; what is refused leaves nothing behind either way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.clients import Api

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("refused_manifests.yaml").read_text())
YAML = "application/yaml"
PODS = "/api/v1/namespaces/default/pods"
TWICE = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    name: b\n    image: nginx\n"
)


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
@pytest.mark.parametrize("dry_run", ["", "&dryRun=All"], ids=["", "dry"])
def test_a_refused_manifest(api: Api, case: dict[str, Any], dry_run: str) -> None:
    before = api.cluster.store.revision
    status = api.status("POST", f"{case['path']}?fieldValidation=Strict{dry_run}", case["manifest"], Content_Type=YAML)
    expected = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    assert status == expected | {name: case[name] for name in ("message", "reason", "details", "code") if name in case}
    assert api.cluster.store.revision == before


@pytest.mark.parametrize(
    ("validation", "warnings"),
    [
        ("Warn", ['299 - "line 7: key \\"name\\" already set in map"', '299 - "unknown field \\"spec.x\\""']),
        ("Ignore", []),
    ],
)
def test_the_last_of_two_equal_keys_holds(api: Api, validation: str, warnings: list[str]) -> None:
    response = api.ask("POST", f"{PODS}?fieldValidation={validation}", TWICE + "  x: 1\n", Content_Type=YAML)
    assert response.headers.getlist("Warning") == warnings
    assert [each["name"] for each in response.get_json()["spec"]["containers"]] == ["b"]


def test_equal_keys_in_a_server_side_apply(api: Api) -> None:
    path, apply = f"{PODS}/p?fieldManager=m&fieldValidation=", "application/apply-patch+yaml"
    status = api.status("PATCH", f"{path}Strict", TWICE, Content_Type=apply)
    assert (status["code"], status["message"]) == (
        400,
        'error strict decoding YAML: yaml: unmarshal errors:\n  line 7: key "name" already set in map',
    )
    warned = api.ask("PATCH", f"{path}Warn", TWICE, Content_Type=apply)
    assert (warned.status_code, warned.headers.getlist("Warning")) == (
        201,
        ['299 - "line 7: key \\"name\\" already set in map"'],
    )


def test_a_node_port_out_of_range_is_refused(api: Api) -> None:
    spec = {"type": "NodePort", "ports": [{"port": 80, "nodePort": 80}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec}
    status = api.status("POST", "/api/v1/namespaces/default/services", service)
    assert status["message"] == (
        'Service "s" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. '
        "The range of valid ports is 30000-32767"
    )
