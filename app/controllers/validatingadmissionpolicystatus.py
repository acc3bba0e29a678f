"""The loop behind ValidatingAdmissionPolicies: it checks their expressions against the types of the kinds that they are
about, and writes down what does not fit.

It warns, no more: the API server judges requests by a policy whatever its status says. So it is never told. Models
kubernetes/pkg/controller/validatingadmissionpolicystatus/controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, name_of, ref_of
from app.reconcile import BACKGROUND, Controller, Difference, Reader, UpdateStatus, itself

KIND = "ValidatingAdmissionPolicy"


@dataclass(frozen=True, slots=True)
class PolicySeen:
    policy: Obj
    warnings: Sequence[Mapping[str, str]]


class ValidatingAdmissionPolicyStatusController(Controller[PolicySeen]):
    name = "validatingadmissionpolicy-status-controller"
    title = N_("Admission policies")
    subject = N_("The loop for admission policies")
    lane = 238
    reconciles = KIND
    sleeps = True
    pace = BACKGROUND
    wakes = (itself(KIND),)
    says = {
        "TypesNotChecked": Saying(
            N_("Nobody has looked yet whether the expressions of %(about)s fit the kinds that it is about."),
            N_("types not checked"),
        ),
    }

    def observe(self, key: Ref, reader: Reader) -> PolicySeen | None:
        policy = reader.get(key)
        if policy is None:
            return None
        return PolicySeen(policy, () if _is_checked(policy) else tuple(reader.type_warnings(policy)))

    @staticmethod
    def saw(seen: PolicySeen) -> Message:
        return message(N_("%(who)s looks at the expressions of %(name)s."), name=name_of(seen.policy))

    def diff(self, seen: PolicySeen) -> Iterable[Difference]:
        if _is_checked(seen.policy):
            return
        generation, observed = seen.policy["metadata"]["generation"], _observed(seen.policy)
        checked = {"expressionWarnings": list(seen.warnings)} if seen.warnings else {}
        status = {**(seen.policy.get("status") or {}), "observedGeneration": generation, "typeChecking": checked}
        about, write = ref_of(seen.policy), UpdateStatus(seen.policy, status)
        yield Difference(about, "status.observedGeneration", generation, observed, "TypesNotChecked", (write,))


def _is_checked(policy: Obj) -> bool:
    return _observed(policy) >= int(policy["metadata"]["generation"])


def _observed(policy: Obj) -> int:
    return int((policy.get("status") or {}).get("observedGeneration") or 0)
