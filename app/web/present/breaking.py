"""What a person broke or mended, as a sentence. Called by `captions`; "" for other commands."""

from __future__ import annotations

from app.commands import (
    AddNode,
    ApiServerDown,
    Chaos,
    Command,
    CrashController,
    CutNetwork,
    DelayWatch,
    DropEvents,
    EdgeTriggered,
    FailZone,
    FillDisk,
    PowerNode,
    RemoveNode,
    SlowNode,
    StopController,
)
from app.web.present.clock import duration
from app.web.present.words import Words


def broke(command: Command, _: Words) -> str:
    return _machine(command, _) or _process(command, _)


def _machine(command: Command, _: Words) -> str:
    match command:
        case PowerNode(node=node, on=True):
            return _("You gave %(node)s its power back. What ran there has died; the kubelet begins anew.", node=node)
        case PowerNode(node=node):
            return _("You cut the power of %(node)s. Nobody was told: the others must notice.", node=node)
        case CutNetwork(node=node, cut=True):
            return _("You cut the network of %(node)s. It goes on alone, and nobody hears of it.", node=node)
        case CutNetwork(node=node):
            return _("You mended the network of %(node)s.", node=node)
        case SlowNode(node=node, factor=1):
            return _("%(node)s is as fast as before.", node=node)
        case SlowNode(node=node, factor=factor):
            return _("You slowed %(node)s down: everything there takes %(n)s times as long.", node=node, n=factor)
        case FillDisk(node=node, full=True):
            return _("You filled the disk of %(node)s.", node=node)
        case FillDisk(node=node):
            return _("You emptied the disk of %(node)s.", node=node)
        case AddNode(zone=zone) if zone:
            return _("You added a machine in %(zone)s. Its kubelet registers a Node.", zone=zone)
        case AddNode():
            return _("You added a machine. Its kubelet registers a Node.")
        case RemoveNode(node=node):
            return _("You took the machine %(node)s away for good. Its Node object stays until somebody deletes it.",
                     node=node)  # fmt: skip
        case FailZone(zone=zone, failed=True):
            return _("You cut the power of all of %(zone)s.", zone=zone)
        case FailZone(zone=zone):
            return _("You gave all of %(zone)s its power back.", zone=zone)
    return ""


def _process(command: Command, _: Words) -> str:
    match command:
        case ApiServerDown(down=True):
            return _("You stopped the API server. Loops can neither see nor act; what runs goes on running.")
        case ApiServerDown():
            return _("You started the API server. Every loop lists again what it missed.")
        case StopController(actor=actor, stopped=True):
            return _("You stopped %(loop)s. Its work stays undone until it runs again.", loop=actor)
        case StopController(actor=actor):
            return _("You started %(loop)s. It lists everything and goes on from what is there.", loop=actor)
        case CrashController(actor=actor):
            return _("You crashed %(loop)s. Its queue and caches are lost; it starts again and lists.", loop=actor)
        case DelayWatch(actor=actor, delay_ms=0):
            return _("%(loop)s hears of changes as soon as before.", loop=actor)
        case DelayWatch(actor=actor, delay_ms=delay_ms):
            return _("From now on %(loop)s hears of changes %(delay)s late.", loop=actor, delay=duration(delay_ms))
        case DropEvents(actor=actor, every=0):
            return _("From now on %(loop)s hears of every change.", loop=actor)
        case DropEvents(actor=actor, every=1):
            return _("From now on %(loop)s loses every event of its watches.", loop=actor)
        case DropEvents(actor=actor, every=every):
            return _("From now on %(loop)s loses one event in %(n)s of its watches.", loop=actor, n=every)
        case EdgeTriggered(actor=actor, on=True):
            return _("%(loop)s now goes by the events it gets alone (edge-triggered).", loop=actor)
        case EdgeTriggered(actor=actor):
            return _("%(loop)s compares with what is there again (level-triggered).", loop=actor)
        case Chaos(per_minute=0):
            return _("You ended the chaos.")
        case Chaos(per_minute=rate):
            return _("You let chaos in: about %(n)s pods a minute are killed at random.", n=rate)
    return ""
