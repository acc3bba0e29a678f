"""CustomResourceDefinitions to test with: a small one with everything, made of parts."""

from __future__ import annotations

from typing import Any

from app.api.objects import Obj, Ref
from app.apimachinery.yamltext import dump
from app.cluster import Cluster
from app.commands import Apply

WEBSITE = "Website.example.com"
DEFINITION = Ref("CustomResourceDefinition", "", "websites.example.com")
PAGE = {
    "type": "object",
    "required": ["path"],
    "properties": {"path": {"type": "string"}, "title": {"type": "string", "default": "untitled"}},
}
SPEC: Obj = {
    "type": "object",
    "description": "What the site should be.",
    "required": ["host"],
    "properties": {
        "host": {"type": "string", "minLength": 3, "pattern": "^[a-z.]+$", "description": "Its address."},
        "tier": {"type": "string", "enum": ["free", "paid"], "default": "free"},
        "replicas": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 10, "default": 1},
        "port": {"x-kubernetes-int-or-string": True},
        "since": {"type": "string", "format": "date-time"},
        "note": {"type": "string", "nullable": True},
        "pages": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["path"],
            "items": PAGE,
        },
        "owners": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "extra": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "template": {
            "type": "object",
            "x-kubernetes-embedded-resource": True,
            "x-kubernetes-preserve-unknown-fields": True,
        },
    },
}
STATUS: Obj = {
    "type": "object",
    "properties": {"replicas": {"type": "integer"}, "selector": {"type": "string"}, "phase": {"type": "string"}},
}
COLUMNS = [
    {"name": "Host", "type": "string", "jsonPath": ".spec.host"},
    {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas"},
    {"name": "Tier", "type": "string", "jsonPath": ".spec.tier", "priority": 1},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
]
SCALE = {
    "specReplicasPath": ".spec.replicas",
    "statusReplicasPath": ".status.replicas",
    "labelSelectorPath": ".status.selector",
}


def schema(spec: Obj | None = None, **root: Any) -> Obj:
    return {"type": "object", "properties": {"spec": spec or SPEC, "status": STATUS}, **root}


def version(name: str = "v1", **facts: Any) -> Obj:
    return {
        "name": name,
        "served": True,
        "storage": True,
        "subresources": {"status": {}, "scale": SCALE},
        "additionalPrinterColumns": COLUMNS,
        "selectableFields": [{"jsonPath": ".spec.tier"}],
        "schema": {"openAPIV3Schema": schema()},
        **facts,
    }


def crd(kind: str = "Website", *versions: Obj, scope: str = "Namespaced", **names: Any) -> Obj:
    plural = f"{kind.lower()}s"
    named = {"plural": plural, "kind": kind, "shortNames": [kind[:2].lower()], "categories": ["all"], **names}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {"group": "example.com", "scope": scope, "names": named, "versions": [*versions] or [version()]},
    }


def with_schema(openapi: Obj, kind: str = "Thing", **facts: Any) -> Obj:
    """A kind that has this schema and nothing else."""
    bare = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": openapi}, **facts}
    return crd(kind, bare)


def website(name: str = "home", kind: str = "Website", api_version: str = "example.com/v1", **spec: Any) -> Obj:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"host": "example.org", **spec},
    }


def define(cluster: Cluster, definition: Obj | None = None) -> None:
    """As people do it, and until it is served."""
    step = cluster.submit(Apply(dump(definition or crd())))
    assert not step.record.error, step.record.error  # type: ignore[union-attr]
    cluster.run()


def spec_with_rule(rule: str, **facts: Any) -> Obj:
    return {**SPEC, "x-kubernetes-validations": [{"rule": rule, **facts}]}
