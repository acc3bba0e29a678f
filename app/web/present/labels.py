"""What the fields of an observation are called on the page: as its loop says, or as here. A field without an entry
keeps its own name."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

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
    "memory": N_("memory"),
    "memory of pods": N_("memory"),
    "cpu": "CPU",
    "zone": N_("zone"),
    "number": N_("number"),
    "last": N_("last"),
    "owned pods": N_("owned pods"),
    "orphans": N_("orphans"),
    "failures": N_("failures"),
    "name": N_("name"),
    "unschedulable": N_("unschedulable"),
    "taints": N_("taints"),
    "asked": N_("asked"),
    "budget": N_("budget"),
    "busy": N_("busy"),
    "calm": N_("calm"),
    "checks": N_("checks"),
    "claim": N_("claim"),
    "claims": N_("claims"),
    "cluster": N_("cluster"),
    "config": N_("config"),
    "crashes": N_("crashes"),
    "declared": N_("declared"),
    "definition": N_("definition"),
    "dependents": N_("dependents"),
    "difference": N_("difference"),
    "due": N_("due"),
    "exists": N_("exists"),
    "feasible": N_("feasible"),
    "grew": N_("grew"),
    "group": N_("group"),
    "heard": N_("heard"),
    "job": N_("job"),
    "left": N_("left"),
    "load": N_("load"),
    "loads": N_("loads"),
    "machines": N_("machines"),
    "neighbours": N_("neighbours"),
    "obj": N_("obj"),
    "order": N_("order"),
    "others": N_("others"),
    "path": N_("path"),
    "paths": N_("paths"),
    "pulls": N_("pulls"),
    "reasons": N_("reasons"),
    "revisions": N_("revisions"),
    "sandboxes": N_("sandboxes"),
    "sent": N_("sent"),
    "setbacks": N_("setbacks"),
    "slices": N_("slices"),
    "synced": N_("synced"),
    "taken": N_("taken"),
    "target": N_("target"),
    "there": N_("there"),
    "total": N_("total"),
    "unneeded": N_("unneeded"),
    "until": N_("until"),
    "volume": N_("volume"),
    "weight": N_("weight"),
    "zones": N_("zones"),
    "absent owners": N_("absent owners"),
    "waiting owners": N_("waiting owners"),
    "related pods": N_("related pods"),
    "refused by": N_("refused by"),
    "out of service": N_("out of service"),
    "taken kinds": N_("taken kinds"),
    "is known": N_("is known"),
    "has load": N_("has load"),
    "has service": N_("has service"),
    "per minute": N_("per minute"),
    "cron job": "CronJob",
    "daemon set": "DaemonSet",
    "stateful set": "StatefulSet",
    "replica set": "ReplicaSet",
    "replica sets": "ReplicaSet",
    "replication controller": "ReplicationController",
    "deployment": "Deployment",
    "service": "Service",
    "lease": "Lease",
}
"""Kinds stay as they are in every language."""


def labelled(fields: Iterable[Field], role: str, _: Words) -> tuple[Field, ...]:
    """The same fields with the names that the loop gives them, in a language; empty ones are left out."""
    return tuple(_labelled(fields, _labels(role, _), _))


def labelled_value(value: Value, role: str, _: Words) -> Value:
    """The same value, what stands in it named likewise."""
    return _inside(value, _labels(role, _), _)


def _labels(role: str, _: Words) -> Mapping[str, str]:
    return {**LABELS, **_.voice(role).labels}


def _labelled(fields: Iterable[Field], labels: Mapping[str, str], _: Words) -> Iterator[Field]:
    for field in fields:
        if not _is_empty(field):
            yield Field(_(labels.get(field.name, field.name)), _inside(field.value, labels, _))


def _inside(value: Value, labels: Mapping[str, str], _: Words) -> Value:
    if value.form == "table":
        return dataclasses.replace(value, columns=tuple(_(labels.get(name, name)) for name in value.columns))
    if value.form == "fields":
        return dataclasses.replace(value, fields=tuple(_labelled(value.fields, labels, _)))
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
