"""Why a pod is not evicted, or a node not drained: the disruption budget that refused it last, and what it asks for."""

from __future__ import annotations

from collections.abc import Iterator

from app.api import objects
from app.api.breath import breathing
from app.api.objects import Obj
from app.component_helpers import budgets, pods
from app.engine.trace import Step
from app.look import Look
from app.web.present import evictions
from app.web.present.names import called
from app.web.present.whynot.saying import Declared, get
from app.web.present.words import Words

NAMED = 3


def of(cluster: Look, obj: Obj, _: Words) -> Iterator[Declared]:
    """Of the budget, of a pod that it kept, and of the node that such a pod is on."""
    kind, name = objects.kind_of(obj), objects.name_of(obj)
    if kind not in (evictions.KIND, "Pod", "Node"):
        return
    for budget in cluster.objects(evictions.KIND):
        kept = evictions.refused(cluster, budget)
        concerned = {
            evictions.KIND: objects.ref_of(budget) == objects.ref_of(obj),
            "Pod": objects.ref_of(obj) in map(objects.ref_of, kept),
            "Node": any(pods.node_name(pod) == name for pod in kept),
        }
        if kept and concerned[kind]:
            yield _refused(budget, kept, _asked(cluster, kept), _)


def _asked(cluster: Look, kept: tuple[Obj, ...]) -> Step | None:
    """When somebody asked last."""
    refs = set(map(objects.ref_of, kept))
    steps = breathing(reversed(cluster.trace.since(0)))
    return next((step for step in steps if refs & set(evictions.asked_in_vain(cluster, step))), None)


def _refused(budget: Obj, kept: tuple[Obj, ...], asked: Step | None, _: Words) -> Declared:
    need, have = (get(budget, "status", field) or 0 for field in ("desiredHealthy", "currentHealthy"))
    names = ", ".join(called(objects.ref_of(pod), _) for pod in kept[:NAMED])
    about = called(objects.ref_of(budget), _)
    text = _("%(budget)s refused to have %(names)s evicted.", budget=about, names=names)
    values = {"need": need + 1, "have": have}
    bound = "maxUnavailable" if "maxUnavailable" in budgets.spec_of(budget) else "minAvailable"
    needs = (
        _("Healthy pods must be %(need)s, one more than it guards; now: %(have)s.", **values),
        _("Or its %(bound)s must allow it.", bound=bound),
    )
    return Declared("DisruptionBudget", text, needs, since=asked)
