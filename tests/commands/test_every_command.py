"""Every command there is: its form in the journal, and that it carries all that belongs to it."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from typing import Any

import pytest

from app import commands
from app.api.errors import BadRequest
from app.api.messages import message
from app.api.objects import Ref
from app.commands import COMMANDS, ClientRequest, Command, Request, command_from_json
from app.commands.base import Physical, required_by, types_of

# What journals of rooms hold, fields in their order. A name here is never given up: an old room must replay.
JOURNALED = {
    "writes": "ref per_second",
    "bootstrap": "nodes latencies cpu memory zones",
    "apply": "text namespace",
    "delete": "ref grace_seconds propagation uid resource_version who",
    "crash": "ref container exit_code",
    "scale": "ref replicas",
    "image": "ref image container",
    "label": "ref label value",
    "undo": "ref to_revision",
    "restart": "ref",
    "suspend": "ref suspended",
    "run-now": "ref job",
    "cordon": "node unschedulable",
    "drain": "node",
    "latencies": "preset",
    "power": "node on",
    "cut": "node cut",
    "slow": "node factor",
    "disk": "node full",
    "add-node": "zone cpu memory",
    "remove-node": "node",
    "zone": "zone failed",
    "define-controller": "name parent text children edge",
    "remove-controller": "name",
    "strike-controller": "name limit",
    "api-server": "down",
    "stop-controller": "actor stopped",
    "on-call": "actor on",
    "by-hand": "actor ref",
    "turns": "on",
    "crash-controller": "actor",
    "crash-midway": "actor on",
    "stale-cache": "actor for_ms",
    "drop-next-event": "actor kind on",
    "two-copies": "actor on",
    "delay-watch": "actor delay_ms",
    "drop-events": "actor every",
    "edge": "actor on",
    "chaos": "per_minute",
    "traffic": "ref rps pattern path",
    "queue": "ref queue size per_second consume",
    "create": "obj field_manager who",
    "replace": "ref obj subresource field_manager who",
    "patch": "ref patch_type patch subresource field_manager force validation who api_version",
    "delete-collection": "kind namespace label_selector field_selector grace_seconds propagation who",
    "bind": "ref node uid who",
    "evict": "ref grace_seconds uid who",
    "leave-out": "command why",
}
EXAMPLES = {"Ref": ["Pod", "default", "web-1"], "int": 7, "bool": True, "str": '{"kind": "Pod"}'}


def example(do: str) -> dict[str, Any]:
    return {"do": do} | {name: EXAMPLES[type_.partition(" ")[0]] for name, type_ in types_of(COMMANDS[do]).items()}


def test_the_table_holds_every_command_that_is_written_down() -> None:
    modules = [
        importlib.import_module(f"app.commands.{module.name}") for module in pkgutil.iter_modules(commands.__path__)
    ]
    written = {each for module in modules for each in vars(module).values() if inspect.isclass(each)}
    concrete = {each for each in written if issubclass(each, Command) and not inspect.isabstract(each)}
    assert set(COMMANDS.values()) == concrete
    assert all(COMMANDS[each.do] is each for each in concrete)


def test_a_journal_of_an_old_room_is_read_and_written_as_ever() -> None:
    assert {do: " ".join(types_of(kind)) for do, kind in COMMANDS.items()} == JOURNALED


@pytest.mark.parametrize("do", COMMANDS)
def test_a_command_comes_back_from_its_json(do: str) -> None:
    data = example(do)
    command = command_from_json(data)
    assert command.to_json() == data
    assert command_from_json(command.to_json()) == command
    assert hash(command) == hash(dataclasses.replace(command))


@pytest.mark.parametrize("do", COMMANDS)
def test_a_wrong_field_is_named(do: str) -> None:
    with pytest.raises(BadRequest, match='unknown field "colour"'):
        command_from_json({**example(do), "colour": "red"})
    for name, type_ in types_of(COMMANDS[do]).items():
        with pytest.raises(BadRequest, match=f'field "{name}" of command "{do}" must be'):
            command_from_json({**example(do), name: 1.5})
        if type_ == "int":
            with pytest.raises(BadRequest, match="must be of type int"):
                command_from_json({**example(do), name: True})
    for name in required_by(COMMANDS[do]):
        with pytest.raises(BadRequest, match=f'needs the field "{name}"'):
            command_from_json({key: value for key, value in example(do).items() if key != name})


def test_an_unknown_command_is_told_which_there_are() -> None:
    with pytest.raises(BadRequest, match=r'unknown command "explode": one of .*scale'):
        command_from_json({"do": "explode"})


@pytest.mark.parametrize("do", COMMANDS)
def test_it_asks_the_api_server_or_nobody(do: str) -> None:
    kind = COMMANDS[do]
    if do != "by-hand":  # which asks it for what only a loop can say
        assert issubclass(kind, Request) is not issubclass(kind, Physical)
    assert kind.physical is issubclass(kind, Physical)


def test_what_is_done_over_http_or_by_a_room_itself_has_no_form() -> None:
    no_form = {do for do, kind in COMMANDS.items() if not kind.on_forms}
    requests = {do for do, kind in COMMANDS.items() if issubclass(kind, ClientRequest)}
    assert no_form == {"bootstrap", "leave-out", "strike-controller", *requests - {"delete"}}


@pytest.mark.parametrize("do", [do for do, kind in COMMANDS.items() if kind.on_forms])
def test_what_a_person_can_do_has_a_sentence_of_its_own(do: str) -> None:
    command = command_from_json(example(do))
    assert command.sentence(2) != message("You do: %(command)s.", command=do)


@pytest.mark.parametrize("do", ["create", "replace", "patch", "bind", "evict", "delete"])
def test_a_sentence_names_the_client_that_asked(do: str) -> None:
    """The page puts in its name. Without one it is some client, but of a deletion it is who looks at the page."""
    assert "%(who)s" in command_from_json({**example(do), "who": "kopf"}).sentence(1).text
    assert ("%(who)s" in command_from_json({**example(do), "who": ""}).sentence(1).text) == (do != "delete")


def test_a_ref_is_named_by_its_three_parts() -> None:
    command = command_from_json({"do": "scale", "ref": ["Deployment", "shop", "web"], "replicas": 3})
    assert command == commands.Scale(Ref("Deployment", "shop", "web"), 3)
    with pytest.raises(BadRequest, match=r"must be \[kind, namespace, name\]"):
        command_from_json({"do": "scale", "ref": ["Deployment", "web"], "replicas": 3})
