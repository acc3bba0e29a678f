"""Every loop that comes with Loopscope, and the words in which they speak: for tests of what the page says."""

from __future__ import annotations

from app import controllers, nodes, operators
from app.reconcile import AnyController
from app.scheduler.scheduler import Scheduler
from app.web.present import Words

MACHINE = "node-1"
KINDS: tuple[type[AnyController], ...] = (
    Scheduler,
    *controllers.CONTROLLERS,
    *operators.OPERATORS,
    *nodes.OUTSIDE,
)
LOOPS: tuple[AnyController, ...] = (*(kind() for kind in KINDS), *nodes.machine_controllers(MACHINE))
ENGLISH = Words().among({loop.name: loop.voice for loop in LOOPS})
