"""Which loops a cluster has: those that come with it, those of files in full Python that whoever keeps the server gave
it (`loopscope serve --controller FILE`), and those that people write on the page.

Chosen once, before the first cluster is made. Which they are is in the version of a checkpoint (checkpoint.py): a room
that was kept with other loops goes on from its objects, as after an upgrade.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from app import controllers, operators
from app.api.objects import Obj
from app.nodes import OUTSIDE
from app.operators.own import calling
from app.operators.own.controller import Call, OwnController
from app.operators.own.edge import EdgeController
from app.reconcile import AnyController, Controller
from app.scheduler.scheduler import Scheduler

_given: list[type[AnyController]] = []  # from files
_modules: list[ModuleType] = []  # where those stand
_left_out: set[str] = set()  # names
_digests: list[str] = []  # of the files


def loops() -> tuple[type[AnyController], ...]:
    """Those that every cluster has, in the order of their ranks."""
    return tuple(each for each in _chosen() if each.runs_in is None)


def housed_loops() -> tuple[AnyController, ...]:
    """Those that run in pods, once there is one that runs their program."""
    return tuple(each() for each in _chosen() if each.runs_in is not None)


def _chosen() -> list[type[AnyController]]:
    return [each for each in _every() if each.name not in _left_out]


def own_loop(definition: Obj, call: Call = calling.call) -> OwnController:
    """The one that an OwnController defines."""
    kind = EdgeController if definition["spec"]["edge"] else OwnController
    return kind(definition, call)


def _every() -> tuple[type[AnyController], ...]:
    return (Scheduler, *controllers.CONTROLLERS, *operators.OPERATORS, *OUTSIDE, *_given)


# -------------------------------------------------------------------------------------------- choosing


def add_controllers(path: Path | str) -> None:
    """Run the controllers that this file defines, too. Raises ValueError that says what is wrong with it."""
    path = Path(path)
    module = _loaded(path)
    found = [each for each in vars(module).values() if _is_loop(each, module)]
    if not found:
        raise ValueError(f"{path}: there is no class in it that is an app.reconcile.Controller")
    names = {each.name for each in _every()}
    for loop in found:
        missing = next((field for field in ("name", "reconciles", "wakes") if not hasattr(loop, field)), "")
        if missing:
            raise ValueError(f"{path}: {loop.__name__} has no {missing}")
        if loop.name in names:
            raise ValueError(f'{path}: there is a loop called "{loop.name}" already')
        names.add(loop.name)
        loop.is_trusted = False
    _given.extend(found)
    _modules.append(module)
    _digests.append(hashlib.sha256(path.read_bytes()).hexdigest())


def leave_out_controller(name: str) -> None:
    """That one does not run: somebody outside does its work. Raises ValueError if there is none of that name."""
    names = sorted(each.name for each in _every())
    if name not in names:
        raise ValueError(f'no loop is called "{name}": one of {", ".join(names)}')
    _left_out.add(name)


def choice() -> str:
    """What was chosen, for whoever has to tell one choice from another."""
    return " ".join([*_digests, *sorted(_left_out)])


def modules() -> list[ModuleType]:
    """The files that were given: what their loops observe is made of records of theirs."""
    return list(_modules)


def _loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"controller_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path}: that is no file of Python")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)  # where dataclasses look for it
    try:
        spec.loader.exec_module(module)
    except Exception as mistake:
        raise ValueError(f"{path}: {type(mistake).__name__}: {mistake}") from mistake
    return module


def _is_loop(thing: Any, module: ModuleType) -> bool:
    return isinstance(thing, type) and issubclass(thing, Controller) and thing.__module__ == module.__name__
