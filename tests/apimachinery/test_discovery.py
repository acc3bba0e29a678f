"""Discovery documents, against what an API server of 1.36 answered."""

from __future__ import annotations

import re

import pytest

from app.api.kinds import INTERNAL
from app.apimachinery.openapi import discovery
from tests.support.kinds import KINDS, SCHEME

ALL_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


def resources(group_version: str) -> dict[str, discovery.Doc]:
    listed = discovery.resource_list(SCHEME, group_version)
    assert listed is not None
    return {resource["name"]: resource for resource in listed["resources"]}


def test_the_version_can_be_compared_by_kubectl() -> None:
    version = discovery.version()
    assert re.fullmatch(r"v1\.36\.\d+", version["gitVersion"])
    assert (version["major"], version["minor"]) == ("1", "36")


def test_the_core_group_has_one_version() -> None:
    assert discovery.api_versions("h:1") == {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "h:1"}],
    }


def test_groups_come_with_their_preferred_version() -> None:
    apps = {
        "name": "apps",
        "versions": [{"groupVersion": "apps/v1", "version": "v1"}],
        "preferredVersion": {"groupVersion": "apps/v1", "version": "v1"},
    }
    listed = discovery.api_group_list(SCHEME)
    assert (listed["kind"], listed["apiVersion"]) == ("APIGroupList", "v1")
    assert [group["name"] for group in listed["groups"][:2]] == ["apiregistration.k8s.io", "apps"]
    assert listed["groups"][1] == apps
    assert discovery.api_group(SCHEME, "apps") == {"kind": "APIGroup", "apiVersion": "v1", **apps}


@pytest.mark.parametrize("group", ["", "nope", INTERNAL])
def test_unknown_groups_are_none(group: str) -> None:
    assert discovery.api_group(SCHEME, group) is None
    assert discovery.resource_list(SCHEME, f"{group}/v1") is None


def test_a_resource_in_a_classic_list() -> None:
    assert resources("apps/v1")["deployments"] == {
        "name": "deployments",
        "singularName": "deployment",
        "namespaced": True,
        "kind": "Deployment",
        "verbs": ALL_VERBS,
        "shortNames": ["deploy"],
        "categories": ["all"],
        "storageVersionHash": "8aSe+NMegvE=",
    }
    assert resources("v1")["configmaps"]["storageVersionHash"] == "qFsyl6wFWjQ="
    assert resources("v1")["namespaces"]["verbs"] == [verb for verb in ALL_VERBS if verb != "deletecollection"]


def test_subresources_say_what_they_take() -> None:
    assert resources("apps/v1")["deployments/scale"] == {
        "name": "deployments/scale",
        "singularName": "",
        "namespaced": True,
        "group": "autoscaling",
        "version": "v1",
        "kind": "Scale",
        "verbs": ["get", "patch", "update"],
    }
    core = resources("v1")
    assert core["pods/eviction"]["kind"] == "Eviction"
    assert core["pods/eviction"]["group"] == "policy"
    assert (core["pods/binding"]["kind"], core["pods/binding"]["verbs"]) == ("Binding", ["create"])
    assert (core["pods/log"]["kind"], core["pods/log"]["verbs"]) == ("Pod", ["get"])
    assert core["namespaces/finalize"]["verbs"] == ["update"]


def test_the_core_list_is_older_than_the_field_api_version() -> None:
    core, apps = discovery.resource_list(SCHEME, "v1"), discovery.resource_list(SCHEME, "apps/v1")
    assert core is not None
    assert apps is not None
    assert list(core) == ["kind", "groupVersion", "resources"]
    assert list(apps) == ["kind", "apiVersion", "groupVersion", "resources"]


def test_the_aggregated_form_holds_the_same_resources() -> None:
    found = {}
    for path in ("/api", "/apis"):
        listed = discovery.aggregated(SCHEME, path)
        assert (listed["kind"], listed["apiVersion"]) == ("APIGroupDiscoveryList", "apidiscovery.k8s.io/v2")
        for group in listed["items"]:
            for version in group["versions"]:
                group_version = "/".join(filter(None, (group["metadata"].get("name"), version["version"])))
                found[group_version] = [resource["resource"] for resource in version["resources"]]
    assert list(found) == discovery.group_versions(SCHEME)
    for group_version, names in found.items():
        assert names == [name for name in resources(group_version) if "/" not in name]


def test_a_resource_in_the_aggregated_form() -> None:
    apps = next(
        group for group in discovery.aggregated(SCHEME, "/apis")["items"] if group["metadata"]["name"] == "apps"
    )
    deployments = next(each for each in apps["versions"][0]["resources"] if each["resource"] == "deployments")
    assert deployments == {
        "resource": "deployments",
        "responseKind": {"group": "", "version": "", "kind": "Deployment"},
        "scope": "Namespaced",
        "singularResource": "deployment",
        "verbs": ALL_VERBS,
        "shortNames": ["deploy"],
        "categories": ["all"],
        "subresources": [
            {
                "subresource": "scale",
                "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"},
                "verbs": ["get", "patch", "update"],
            },
            {
                "subresource": "status",
                "responseKind": {"group": "", "version": "", "kind": "Deployment"},
                "verbs": ["get", "patch", "update"],
            },
        ],
    }


def test_every_kind_is_found_and_internal_ones_are_hidden() -> None:
    served = {row.kind for row in discovery.served(SCHEME)}
    assert served >= {row.kind for row in KINDS.values() if not row.internal}
    assert not any(row.internal for row in discovery.served(SCHEME))


def test_reviews_are_only_asked() -> None:
    assert resources("authorization.k8s.io/v1")["selfsubjectaccessreviews"]["verbs"] == ["create"]
    assert resources("authentication.k8s.io/v1")["selfsubjectreviews"]["verbs"] == ["create"]
