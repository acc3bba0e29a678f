"""A kind of one's own with the real kubectl: defined, applied, explained, patched, scaled, waited for, deleted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.apimachinery.yamltext import dump
from tests.support.clients import Kubectl
from tests.support.crds import crd, schema, spec_with_rule, version, website
from tests.support.patience import PATIENCE_S


@pytest.fixture
def defined(kubectl: Kubectl, tmp_path: Path) -> Kubectl:
    ruled = {"openAPIV3Schema": schema(spec_with_rule("self.replicas <= 5", message="five are enough"))}
    file = tmp_path / "crd.yaml"
    file.write_text(dump(crd("Website", version(schema=ruled))))
    kubectl("apply", "-f", str(file))
    kubectl("wait", "--for=condition=Established", "crd/websites.example.com", f"--timeout={PATIENCE_S}s")
    home = tmp_path / "home.yaml"
    home.write_text(dump(website(replicas=2, pages=[{"path": "/"}])))
    kubectl("apply", "-f", str(home))
    return kubectl


def test_it_is_got_by_each_of_its_names_and_with_all(defined: Kubectl) -> None:
    for name in ("websites", "website", "we", "websites.example.com", "websites.v1.example.com"):
        header, row = defined("get", name).splitlines()
        assert header.split() == ["NAME", "HOST", "REPLICAS", "AGE"]
        assert row.split()[:3] == ["home", "example.org", "2"]
    assert "TIER" in defined("get", "we", "-o", "wide")
    assert "website.example.com/home" in defined("get", "all")
    assert (
        defined("get", "we", "--field-selector", "spec.tier=free", "-o", "name").strip() == "website.example.com/home"
    )
    assert any(
        {"websites", "we", "example.com/v1"} <= set(line.split()) for line in defined("api-resources").splitlines()
    )
    assert defined("get", "crd", "websites.example.com", "-o", "name").strip().endswith("/websites.example.com")


def test_it_is_explained_from_its_schema(defined: Kubectl) -> None:
    about = defined("explain", "websites.spec")
    assert "What the site should be." in about
    assert "host" in about
    assert "Its address." in defined("explain", "website.spec.host")
    assert "title" in defined("explain", "we", "--recursive")


def test_it_is_patched_scaled_and_waited_for(defined: Kubectl) -> None:
    defined("patch", "website", "home", "--type=merge", "-p", '{"spec": {"replicas": 3}}')
    defined("patch", "website", "home", "--type=json", "-p", '[{"op": "add", "path": "/spec/tier", "value": "paid"}]')
    defined("scale", "website", "home", "--replicas=4")
    assert defined("get", "we", "home", "-o", "jsonpath={.spec.replicas}{.spec.tier}") == "4paid"
    defined("label", "we", "home", "a=b")
    assert "4paid" in defined("get", "we", "-l", "a=b", "-o", "jsonpath={.items[0].spec.replicas}{.items[0].spec.tier}")


@pytest.mark.kubectl(27)
def test_its_status_is_written_and_waited_for(defined: Kubectl) -> None:
    ready = '{"status": {"phase": "Ready"}}'
    defined("patch", "website", "home", "--subresource=status", "--type=merge", "-p", ready)
    defined("wait", "website/home", "--for=jsonpath={.status.phase}=Ready", f"--timeout={PATIENCE_S}s")


def test_it_is_described(defined: Kubectl) -> None:
    told = defined("describe", "website", "home")
    assert re.search(r"Host: +example.org", told)
    assert "Events:" in told
    assert "Established" in defined("describe", "crd", "websites.example.com")


@pytest.mark.kubectl(27)
def test_it_is_applied_by_the_server(defined: Kubectl, tmp_path: Path) -> None:
    file = tmp_path / "more.yaml"
    for manager, path in (("one", "/"), ("two", "/about")):
        file.write_text(dump(website("shared", pages=[{"path": path}])))
        defined("apply", "--server-side", f"--field-manager={manager}", "-f", str(file))
    assert set(defined("get", "we", "shared", "-o", "jsonpath={.spec.pages[*].path}").split()) == {"/", "/about"}


@pytest.mark.kubectl(27)
def test_what_is_wrong_is_refused_in_the_words_of_the_api(defined: Kubectl, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(dump(website("bad", replicas=6)))
    assert "spec: Invalid value: five are enough" in defined.refused("apply", "-f", str(file))
    file.write_text(dump(website("bad", colour="red")))
    assert 'unknown field "spec.colour"' in defined.refused("apply", "-f", str(file))


def test_its_objects_go_with_it(defined: Kubectl) -> None:
    defined("delete", "crd", "websites.example.com", f"--timeout={PATIENCE_S}s")
    said = defined.refused("get", "websites")  # kubectl may remember that there was such a kind
    assert "the server doesn't have a resource type" in said or "could not find the requested resource" in said
