"""Which loops a cluster has: those that come with it, and those that people write on the page."""

from __future__ import annotations

from app import controllers, operators
from app.api.objects import Obj
from app.nodes import OUTSIDE
from app.operators.own import calling
from app.operators.own.controller import OwnController
from app.operators.own.edge import EdgeController
from app.reconcile import AnyController
from app.scheduler.scheduler import Scheduler


def loops() -> tuple[type[AnyController], ...]:
    """Those that every cluster has, in the order of their ranks."""
    return (Scheduler, *controllers.CONTROLLERS, *operators.OPERATORS, *OUTSIDE)


def own_loop(definition: Obj) -> AnyController:
    """The one that an OwnController defines."""
    kind = EdgeController if definition["spec"]["edge"] else OwnController
    return kind(definition, calling.call)
