"""The claim protection: a claim that is deleted stays for as long as a pod uses it.

Every claim has a finalizer, since it was created. The engine runs this for a claim that is to go, or that lost its
finalizer, and when a pod that uses a claim has ended or is gone. Models
kubernetes/pkg/controller/volume/pvcprotection/pvc_protection_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, is_terminating, name_of, namespace_of
from app.component_helpers import claims, pods
from app.controllers.volume import finalizers
from app.reconcile import Cache, Controller, Difference, Reader, Wake, itself

CLAIM, _CONCERNS = "PersistentVolumeClaim", finalizers.concerns(claims.PROTECTION)


@dataclass(frozen=True, slots=True)
class ClaimUsed:
    claim: Obj
    users: Sequence[Obj]  # pods on machines that have not ended; looked for only if it is to go


class ClaimProtection(Controller[ClaimUsed]):
    name = "persistentvolumeclaim-protection-controller"
    component = "pvc-protection-controller"
    title = N_("Claim protection")
    subject = N_("The claim protection")
    lane = 184
    reconciles = CLAIM
    says = {
        "ClaimInUse": Saying(
            N_("A pod still uses %(about)s: it stays."),
            N_("still in use"),
            needs=N_("The pods that use it must be gone: %(observed)s."),
        ),
        "ClaimUnused": Saying(
            N_("No pod uses %(about)s any more: it may go."),
            N_("not in use"),
            {CLAIM: N_("It takes its finalizer off %(name)s.")},
        ),
        "ProtectionMissing": Saying(N_("Nothing protects %(about)s."), N_("not protected")),
    }

    def __init__(self) -> None:
        self.wakes = (itself(CLAIM, when=_CONCERNS), Wake("Pod", _claims_of, when=_gives_up))
        self.reads = (Cache(CLAIM, sees=_CONCERNS), Cache("Pod", selects=_uses_claims, indexes={"claim": _users_of}))

    def observe(self, key: Ref, reader: Reader) -> ClaimUsed | None:
        claim = reader.get(key)
        if claim is None:
            return None
        users = reader.by("Pod", "claim", (key.namespace, key.name)) if is_terminating(claim) else ()
        return ClaimUsed(claim, tuple(pod for pod in users if pods.node_name(pod) and not pods.is_terminal(pod)))

    @staticmethod
    def saw(seen: ClaimUsed) -> Message:
        text = N_("%(who)s looks who uses %(name)s: %(n)s.")
        return message(text, name=name_of(seen.claim), n=len(seen.users))

    def diff(self, seen: ClaimUsed) -> Iterable[Difference]:
        users = sorted(map(name_of, seen.users))
        return finalizers.kept(seen.claim, claims.PROTECTION, users, "ClaimInUse", "ClaimUnused")


def _uses_claims(pod: Obj) -> bool:
    return any(claims.of_pod(pod))


def _gives_up(old: Obj | None, new: Obj | None) -> bool:
    return new is None or pods.is_terminal(new)


def _users_of(pod: Obj) -> tuple[tuple[str, str], ...]:
    return tuple((namespace_of(pod), name) for name, _ in claims.of_pod(pod))


def _claims_of(pod: Obj, _: Reader) -> Iterator[Ref]:
    return (Ref(CLAIM, namespace_of(pod), name) for name, _ in claims.of_pod(pod))
