"""Annotations of pods and of their templates that mean something, and that have to agree with fields.

Models kubernetes `pkg/apis/core/validation` ValidatePodSpecificAnnotations and those that compare seccomp and AppArmor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.api import go_json
from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.scalars import json_type
from app.component_helpers.replicas import DELETION_COST
from app.registry.validation import causes, paths, placement

MIRROR = "kubernetes.io/config.mirror"
_TOLERATIONS = "scheduler.alpha.kubernetes.io/tolerations"
_SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_OF = "container.seccomp.security.alpha.kubernetes.io/"
_APP_ARMOR_OF = "container.apparmor.security.beta.kubernetes.io/"
_LOCAL = "localhost/"
_MAX_INT32 = 2**31 - 1
_WHOLE = re.compile(r"0|-[0-9]{1,10}|[1-9][0-9]{0,9}", re.ASCII)
_PARTS = ("initContainers", "containers", "ephemeralContainers")


def check(notes: Mapping[str, str], spec: Obj, field: str) -> Iterator[Cause]:
    if MIRROR in notes and not spec.get("nodeName"):
        yield causes.invalid(
            f"{field}[{MIRROR}]", notes[MIRROR], "must set spec.nodeName if mirror pod annotation is set"
        )
    if told := notes.get(_TOLERATIONS):
        yield from _check_tolerations(told, field)
    cost = notes.get(DELETION_COST)
    if cost is not None and not (_WHOLE.fullmatch(cost) and -_MAX_INT32 - 1 <= int(cost) <= _MAX_INT32):
        yield causes.invalid(f"{field}[{DELETION_COST}]", cost, "must be a 32bit integer")
    for key, profile in notes.items():
        if key == _SECCOMP or key.startswith(_SECCOMP_OF):
            yield from _check_seccomp(profile, f"{field}.{key}")
    names = {container.get("name") for part in _PARTS for container in spec.get(part) or ()}
    for key, profile in notes.items():
        if key.startswith(_APP_ARMOR_OF):
            name = key.removeprefix(_APP_ARMOR_OF)
            if name not in names:
                yield causes.invalid(f"{field}[{key}]", name, "container not found")
            if profile not in ("", "runtime/default", "unconfined") and not profile.startswith(_LOCAL):
                why = f"invalid AppArmor profile name: {causes.printed(profile)}"
                yield causes.invalid(f"{field}[{key}]", profile, why)


def _check_tolerations(told: str, field: str) -> Iterator[Cause]:
    tolerations, why = go_json.read(told)
    if not why and (other := _why_no_tolerations(tolerations or ())):
        why = f"json: cannot unmarshal {other}"
    if why:
        yield causes.invalid(field, _TOLERATIONS, why)
    else:
        yield from placement.check_tolerations(tolerations or (), f"{field}.{_TOLERATIONS}")


def _why_no_tolerations(value: Any) -> str:
    """ "" if they are, in their form."""
    if not isinstance(value, list | tuple):
        return f"{json_type(value)} into Go value of type []core.Toleration"
    for each in value:
        if not isinstance(each, dict):
            return f"{json_type(each)} into Go value of type core.Toleration"
        for name, given in each.items():
            wanted = (int, "int64") if name == "tolerationSeconds" else (str, "string")
            if not isinstance(given, wanted[0]):
                field = name[:1].upper() + name[1:]
                return f"{json_type(given)} into Go struct field Toleration.{field} of type {wanted[1]}"
    return ""


def _check_seccomp(profile: str, field: str) -> Iterator[Cause]:
    if profile.startswith(_LOCAL):
        yield from paths.check_descending(profile.removeprefix(_LOCAL), field)
    elif profile not in ("runtime/default", "docker/default", "unconfined"):
        yield causes.invalid(field, profile, "must be a valid seccomp profile")


def check_change(new: Mapping[str, str], old: Mapping[str, str], field: str) -> Iterator[Cause]:
    for key, value in old.items():
        if new.get(key) != value:
            yield from _fixed(key, f"{field}[{key}]", "remove or update")
    for key in new:
        if key not in old:
            yield from _fixed(key, f"{field}[{key}]", "add")


def _fixed(key: str, field: str, done: str) -> Iterator[Cause]:
    if key.startswith(_APP_ARMOR_OF):
        yield causes.forbidden(field, f"may not {done} AppArmor annotations")
    if key == MIRROR:
        yield causes.forbidden(field, f"may not {done} mirror pod annotation")


# ---------------------------------------------------------------------------------------- beside the fields


def check_profiles(notes: Mapping[str, str], spec: Obj, field: str) -> Iterator[Cause]:
    """Where an annotation and a field both name a profile, they name the same."""
    own = spec.get("securityContext") or {}
    yield from _agree(notes.get(_SECCOMP), own, "seccompProfile", field)
    for part in _PARTS:
        for index, container in enumerate(spec.get(part) or ()):
            note = notes.get(f"{_SECCOMP_OF}{container.get('name', '')}")
            yield from _agree(
                note, container.get("securityContext") or {}, "seccompProfile", f"{field}.{part}[{index}]"
            )
    for part in _PARTS if (spec.get("os") or {}).get("name") != "windows" else ():
        for index, container in enumerate(spec.get(part) or ()):
            note = notes.get(f"{_APP_ARMOR_OF}{container.get('name', '')}")
            context = {**own, **(container.get("securityContext") or {})}
            yield from _agree(note, context, "appArmorProfile", f"{field}.{part}[{index}]")


def _agree(note: str | None, context: Obj, kind: str, field: str) -> Iterator[Cause]:
    profile, told = context.get(kind), kind.removesuffix("Profile").lower()
    if note is None or profile is None:
        return
    fits = {
        "Unconfined": note == "unconfined",
        "RuntimeDefault": note == "runtime/default" or (told == "seccomp" and note == "docker/default"),
        "Localhost": note.startswith(_LOCAL),
    }.get(profile.get("type", ""), True)
    field = f"{field}.securityContext.{kind}"
    if not fits:
        yield causes.forbidden(f"{field}.type", f"{told} type in annotation and field must match")
    elif profile.get("type") == "Localhost" and note.removeprefix(_LOCAL) != profile.get("localhostProfile"):
        yield causes.forbidden(f"{field}.localhostProfile", f"{told} profile in annotation and field must match")
