"""What a person can do to a cluster, and an API client. Each command is frozen data with all that belongs to it: how it
is performed, the kubectl line that does the same, what kubectl would print, its sentence.

A command is the only input a cluster has besides its seed, so a journal of commands replays it. On the wire and in the
journal it is a JSON object `{"do": "scale", ...}`. A new command is a class in one of the files here, and a line below.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api import errors
from app.commands import base
from app.commands.base import YOU as YOU
from app.commands.base import Command as Command
from app.commands.base import Request as Request
from app.commands.controllers import CrashMidway as CrashMidway
from app.commands.controllers import DropNextEvent as DropNextEvent
from app.commands.controllers import StaleCache as StaleCache
from app.commands.controllers import TwoCopies as TwoCopies
from app.commands.leave_out import LeaveOut as LeaveOut
from app.commands.machines import AddNode as AddNode
from app.commands.machines import Bootstrap as Bootstrap
from app.commands.machines import CutNetwork as CutNetwork
from app.commands.machines import FailZone as FailZone
from app.commands.machines import FillDisk as FillDisk
from app.commands.machines import PowerNode as PowerNode
from app.commands.machines import RemoveNode as RemoveNode
from app.commands.machines import SetLatencies as SetLatencies
from app.commands.machines import SlowNode as SlowNode
from app.commands.nodes import Cordon as Cordon
from app.commands.nodes import Drain as Drain
from app.commands.objects import Apply as Apply
from app.commands.objects import DeleteObject as DeleteObject
from app.commands.objects import SetLabel as SetLabel
from app.commands.oncall import ByHand as ByHand
from app.commands.oncall import GoOnCall as GoOnCall
from app.commands.own_controllers import DefineController as DefineController
from app.commands.own_controllers import RemoveController as RemoveController
from app.commands.own_controllers import StrikeController as StrikeController
from app.commands.processes import ApiServerDown as ApiServerDown
from app.commands.processes import Chaos as Chaos
from app.commands.processes import CrashContainer as CrashContainer
from app.commands.processes import CrashController as CrashController
from app.commands.processes import DelayWatch as DelayWatch
from app.commands.processes import DropEvents as DropEvents
from app.commands.processes import EdgeTriggered as EdgeTriggered
from app.commands.processes import StopController as StopController
from app.commands.processes import TakeTurns as TakeTurns
from app.commands.queues import SetQueue as SetQueue
from app.commands.requests import BindPod as BindPod
from app.commands.requests import ClientRequest as ClientRequest
from app.commands.requests import CreateObject as CreateObject
from app.commands.requests import DeleteCollection as DeleteCollection
from app.commands.requests import EvictPod as EvictPod
from app.commands.requests import PatchObject as PatchObject
from app.commands.requests import ReplaceObject as ReplaceObject
from app.commands.traffic import SetTraffic as SetTraffic
from app.commands.workloads import RolloutRestart as RolloutRestart
from app.commands.workloads import RolloutUndo as RolloutUndo
from app.commands.workloads import RunNow as RunNow
from app.commands.workloads import Scale as Scale
from app.commands.workloads import SetImage as SetImage
from app.commands.workloads import Suspend as Suspend
from app.commands.writes import SetWrites as SetWrites

COMMANDS: dict[str, type[Command]] = {
    each.do: each
    for each in tuple(globals().values())
    if isinstance(each, type) and issubclass(each, Command) and hasattr(each, "do")
}
"""Every command listed above, by its `do`."""


def command_from_json(data: Mapping[str, Any]) -> Command:
    """Raises BadRequest that names the field which is unknown, missing or of the wrong type."""
    kind = COMMANDS.get(data.get("do", ""))
    if kind is None:
        raise errors.BadRequest(f'unknown command "{data.get("do", "")}": one of {", ".join(COMMANDS)}')
    return base.read(kind, data)
