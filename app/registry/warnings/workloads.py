"""Kinds that make pods: their template, and a name that becomes part of host names.

Models the strategies under kubernetes `pkg/registry/apps`, `pkg/registry/batch` and of ReplicationControllers, and
`pkg/api/job/warnings.go`.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api.objects import Obj, name_of
from app.registry.validation import metadata
from app.registry.warnings import pods, volumes

_MANY_COMPLETIONS, _MANY_AT_ONCE = 100_000, 10_000
_TOO_MANY_INDEXES = (
    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, "
    "Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
)
_NO_LIMIT = "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"


def of_pod_name(obj: Obj) -> Iterator[str]:
    return _of_name(obj, "the Pod's hostname")


def of_name(obj: Obj) -> Iterator[str]:
    return _of_name(obj, "Pod names and hostnames")


def _of_name(obj: Obj, where: str) -> Iterator[str]:
    if problems := metadata.is_label(name_of(obj)):
        why = "which can result in surprising behavior; a DNS label is recommended"
        yield f"metadata.name: this is used in {where}, {why}: [{' '.join(problems)}]"


def of_template(obj: Obj) -> Iterator[str]:
    return pods.of_template((obj.get("spec") or {}).get("template"), "spec.template")


def of_pod_template(obj: Obj) -> Iterator[str]:
    return pods.of_template(obj.get("template"), "template")


def of_job(obj: Obj) -> Iterator[str]:
    return _of_job_spec(obj.get("spec") or {}, "spec")


def of_cron_job(obj: Obj) -> Iterator[str]:
    template = (obj.get("spec") or {}).get("jobTemplate") or {}
    return _of_job_spec(template.get("spec") or {}, "spec.jobTemplate.spec")


def _of_job_spec(spec: Obj, field: str) -> Iterator[str]:
    many = (spec.get("completions") or 0) > _MANY_COMPLETIONS and (spec.get("parallelism") or 0) > _MANY_AT_ONCE
    if spec.get("completionMode") == "Indexed" and many:
        yield f"{field}: {_TOO_MANY_INDEXES}"
    yield from pods.of_template(spec.get("template"), f"{field}.template")


def of_claims(obj: Obj) -> Iterator[str]:
    return _of_claims(obj, "")


def of_changed_claims(obj: Obj) -> Iterator[str]:
    """Upstream names the field of the Go struct here."""
    return _of_claims(obj, ".Spec")


def _of_claims(obj: Obj, part: str) -> Iterator[str]:
    for index, claim in enumerate((obj.get("spec") or {}).get("volumeClaimTemplates") or ()):
        yield from volumes.of_claim_spec(claim.get("spec") or {}, f"spec.volumeClaimTemplates[{index}]{part}")


def of_history(obj: Obj) -> Iterator[str]:
    if ((obj.get("spec") or {}).get("revisionHistoryLimit") or 0) < 0:
        yield _NO_LIMIT
