"""What the fields of an observation are called on the page: as its loop says, or as here. A field without an entry
keeps its own name."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from app.web.present.values import Field, Value
from app.web.present.words import N_, Words

WORDS = (
    N_("absent owners"), N_("asked"), N_("budget"), N_("busy"), N_("calm"), N_("checks"), N_("claim"), N_("claims"),
    N_("cluster"), N_("config"), N_("crashes"), N_("declared"), N_("definition"), N_("dependents"), N_("difference"),
    N_("due"), N_("exists"), N_("failures"), N_("feasible"), N_("grew"), N_("group"), N_("has load"), N_("has service"),
    N_("heard"), N_("images"), N_("is known"), N_("job"), N_("last"), N_("left"), N_("load"), N_("loads"),
    N_("machine"), N_("machines"), N_("memory"), N_("name"), N_("neighbours"), N_("node"), N_("nodes"), N_("now"),
    N_("number"), N_("obj"), N_("order"), N_("orphans"), N_("others"), N_("out of service"), N_("owned pods"),
    N_("path"), N_("paths"), N_("per minute"), N_("pods"), N_("pulls"), N_("reasons"), N_("refused by"),
    N_("related pods"), N_("revisions"), N_("sandboxes"), N_("sent"), N_("setbacks"), N_("slices"), N_("synced"),
    N_("taints"), N_("taken"), N_("taken kinds"), N_("target"), N_("there"), N_("total"), N_("unneeded"),
    N_("unschedulable"), N_("until"), N_("volume"), N_("waiting owners"), N_("weight"), N_("zone"), N_("zones"),
)  # fmt: skip
"""Names that are words of their own: in the catalogues, for a field is called by its name."""

LABELS = {
    "pod": "Pod",
    "memory of pods": N_("memory"),
    "cpu": "CPU",
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
"""What is not called by its name. Kinds stay as they are in every language."""


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
