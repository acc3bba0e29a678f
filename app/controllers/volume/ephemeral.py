"""The ephemeral volume controller: makes the claims that pods bring along, each of them its pod's own.

The engine runs it for a pod with such volumes when that came or changed, and when a claim of it is gone. A claim goes
with its pod: the garbage collector sees to that. Models kubernetes/pkg/controller/volume/ephemeral/controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from app.api.messages import N_, Message, Saying, message
from app.api.objects import (
    Obj,
    Ref,
    controller_uid,
    is_terminating,
    name_of,
    namespace_of,
    owner_reference,
    ref_of,
    uid_of,
)
from app.component_helpers import claims
from app.reconcile import Announce, Cache, Controller, Create, Difference, Reader, Wake, itself, went

CLAIM = "PersistentVolumeClaim"


@dataclass(frozen=True, slots=True)
class EphemeralSeen:
    pod: Obj
    there: dict[str, Obj]  # claims of those names, whoever made them


class EphemeralVolumeController(Controller[EphemeralSeen]):
    name = "ephemeral-volume-controller"
    component = "ephemeral_volume"
    title = N_("Ephemeral volumes")
    subject = N_("The ephemeral volume controller")
    lane = 182
    reconciles = "Pod"
    sleeps = True
    says = {
        "ClaimMissing": Saying(
            N_("%(about)s brings a claim along that is not there yet."),
            N_("claim missing"),
            {CLAIM: N_("It creates its claim %(name)s.")},
        ),
        "ClaimOfAnother": Saying(N_("A claim of that name is not of %(about)s."), N_("claim of another")),
    }

    def __init__(self) -> None:
        self.wakes = (itself("Pod"), Wake(CLAIM, _pod_of, when=went))
        self.reads = (Cache("Pod", selects=brings_claims),)

    def observe(self, key: Ref, reader: Reader) -> EphemeralSeen | None:
        pod = reader.get(key)
        if pod is None:
            return None
        found = {name: reader.get(Ref(CLAIM, key.namespace, name)) for _, name in _wanted(pod)}
        return EphemeralSeen(pod, {name: claim for name, claim in found.items() if claim is not None})

    @staticmethod
    def saw(seen: EphemeralSeen) -> Message:
        return message(N_("%(who)s looks for the claims of %(name)s."), name=name_of(seen.pod))

    def diff(self, seen: EphemeralSeen) -> Iterable[Difference]:
        """One after another: the first that is another's holds up the rest."""
        pod = seen.pod
        if is_terminating(pod):
            return
        for volume, name in _wanted(pod):
            claim, field = seen.there.get(name), f"spec.volumes[{volume['name']}]"
            if claim is None:
                create = Create(_claim(pod, volume, name))
                yield Difference(ref_of(pod), field, name, None, "ClaimMissing", (create,))
            elif controller_uid(claim) != uid_of(pod):
                why = f"PVC {namespace_of(pod)}/{name} was not created for pod {namespace_of(pod)}/{name_of(pod)}"
                why = f"ephemeral volume {volume['name']}: {why} (pod is not owner)"
                told = Announce(pod, "Warning", "FailedBinding", why)
                yield Difference(ref_of(pod), field, name, name, "ClaimOfAnother", (told,))
                return


def brings_claims(pod: Obj) -> bool:
    return any("ephemeral" in volume for volume in pod["spec"].get("volumes") or ())


def _wanted(pod: Obj) -> Iterator[tuple[dict[str, Any], str]]:
    for volume in pod["spec"].get("volumes") or ():
        if "ephemeral" in volume:
            yield volume, claims.own_name(pod, volume)


def _claim(pod: Obj, volume: dict[str, Any], name: str) -> Obj:
    template = volume["ephemeral"]["volumeClaimTemplate"]
    meta = {key: value for key, value in (template.get("metadata") or {}).items() if key in ("labels", "annotations")}
    owner = owner_reference(pod)
    return {
        "apiVersion": "v1",
        "kind": CLAIM,
        "metadata": {**meta, "name": name, "namespace": namespace_of(pod), "ownerReferences": [owner]},
        "spec": template["spec"],
    }


def _pod_of(claim: Obj, _: Reader) -> Iterator[Ref]:
    for owner in claim["metadata"].get("ownerReferences") or ():
        if owner["kind"] == "Pod" and owner.get("controller"):
            yield Ref("Pod", namespace_of(claim), owner["name"])
