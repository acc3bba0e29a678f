"""What the fields of an observation are called on the page. A field without an entry keeps its own name."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from app.web.present.values import Field, Value
from app.web.present.words import N_, Words

LABELS = {
    "now": N_("now"),
    "node": N_("node"),
    "nodes": N_("nodes"),
    "pods": N_("pods"),
    "pod": "Pod",
    "images": N_("images"),
    "machine": N_("machine"),
    "sandbox": N_("what runs here"),
    "memory": N_("memory"),
    "memory of pods": N_("memory"),
    "requested": N_("requested by its pods"),
    "replicas": N_("pods of this owner"),
    "cpu": "CPU",
    "zone": N_("zone"),
    "attempts": N_("attempts"),
    "number": N_("number"),
    "last": N_("last"),
    "owned pods": N_("owned pods"),
    "orphans": N_("orphans"),
    "failures": N_("failures"),
    "registered": N_("registered"),
    "holder of name": N_("holder of the name"),
    "running pods": N_("running pods"),
    "name": N_("name"),
    "unschedulable": N_("unschedulable"),
    "taints": N_("taints"),
    "replica set": "ReplicaSet",
    "replica sets": "ReplicaSet",
    "replication controller": "ReplicationController",
    "deployment": "Deployment",
    "service": "Service",
    "lease": "Lease",
}
"""Kinds stay as they are in every language."""


def labelled(fields: Iterable[Field], _: Words) -> tuple[Field, ...]:
    """The same fields with the names of a language; empty ones are left out."""
    shown = (field for field in fields if not _is_empty(field))
    return tuple(Field(_(LABELS.get(field.name, field.name)), _inside(field.value, _)) for field in shown)


def _inside(value: Value, _: Words) -> Value:
    if value.form == "table":
        return dataclasses.replace(value, columns=tuple(_(LABELS.get(name, name)) for name in value.columns))
    if value.form == "fields":
        return dataclasses.replace(value, fields=labelled(value.fields, _))
    return value


COUNTED = ("owned pods", "pods", "nodes")
"""Fields whose zero says something."""


def _is_empty(field: Field) -> bool:
    value = field.value
    if value.form == "none":
        return True
    if value.form == "number":
        return value.text == "0" and field.name not in COUNTED
    if value.form == "text":
        return value.text in ("", "0 ms")
    return value.form == "fields" and all(_is_empty(each) for each in value.fields)
