"""The ClusterRole aggregation: writes into a role the rules of all roles that bear a label, where a role asks for that.

The engine runs it for every such role when a role that somebody made came, went or changed; those that each cluster has
agree from the beginning. Nothing here obeys a role, so it is never told. Models
kubernetes/pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.api import selectors
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, labels_of, name_of, ref_of, uid_of
from app.reconcile import BACKGROUND, Cache, Controller, Difference, Patch, Reader, Wake

ROLE, _BUILT_IN = "ClusterRole", "kubernetes.io/bootstrapping"


@dataclass(frozen=True, slots=True)
class RoleSeen:
    role: Obj
    others: Sequence[Obj]  # by name


class ClusterRoleAggregationController(Controller[RoleSeen]):
    name = "clusterrole-aggregation-controller"
    title = N_("Role aggregation")
    subject = N_("The role aggregation")
    lane = 236
    reconciles = ROLE
    pace = BACKGROUND
    says = {"RulesOutdated": Saying(N_("%(about)s lacks rules, or has too many."), N_("rules differ"))}

    def __init__(self) -> None:
        gathering = {"gathers": lambda role: (True,) if role.get("aggregationRule") else ()}
        self.wakes = (Wake(ROLE, _all_that_gather, when=_is_news),)
        self.reads = (Cache(ROLE, indexes=gathering),)

    def observe(self, key: Ref, reader: Reader) -> RoleSeen | None:
        role = reader.get(key)
        if role is None or not role.get("aggregationRule"):
            return None
        return RoleSeen(role, tuple(sorted((each for each in reader.list(ROLE) if each is not role), key=name_of)))

    @staticmethod
    def saw(seen: RoleSeen) -> Message:
        return message(N_("%(who)s gathers the rules of %(name)s."), name=name_of(seen.role))

    def diff(self, seen: RoleSeen) -> Iterable[Difference]:
        role, wanted = seen.role, _gathered(seen.role, seen.others)
        held = role.get("rules") or []
        if wanted != held:
            patch = Patch(ref_of(role), {"rules": wanted}, uid=uid_of(role))
            yield Difference(ref_of(role), "rules", len(wanted), len(held), "RulesOutdated", (patch,))


def _gathered(role: Obj, others: Sequence[Obj]) -> list[dict[str, Any]]:
    """Each rule once, selector by selector, role by role."""
    rules: list[dict[str, Any]] = []
    for selector in role["aggregationRule"].get("clusterRoleSelectors") or ():
        for other in others:
            if selectors.matches(selector, labels_of(other)):
                rules += [rule for rule in other.get("rules") or () if rule not in rules]
    return rules


def _is_news(old: Obj | None, new: Obj | None) -> bool:
    """All but that a role is there which every cluster has."""
    return old is not None or (new is not None and _BUILT_IN not in labels_of(new))


def _all_that_gather(_: Obj, reader: Reader) -> Iterator[Ref]:
    return (ref_of(role) for role in reader.by(ROLE, "gathers", True))
