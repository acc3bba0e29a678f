"""What every command is: frozen data, as JSON on the wire and in the journal, and all that belongs to it.

A command carries its own performing, the kubectl line that does the same, what kubectl would print, and its sentence on
the page. Its modules stand beside this one, by topic; app/commands/__init__.py lists them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Protocol, TypeVar

from app.api import errors
from app.api.messages import N_, Message, message
from app.api.objects import Obj, Ref
from app.commands import lines
from app.commands.hands import Hands, Verbs

YOU = "you"


class Done(Protocol):
    """One object that was written, as far as an answer tells of it (app/apiserver/store.py: Written)."""

    @property
    def code(self) -> int:
        """201 if it was created, else 200."""

    @property
    def obj(self) -> Obj: ...

    @property
    def changes(self) -> tuple[Any, ...]:
        """() if the object was so already."""

    @property
    def warnings(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Command(ABC):
    """A subclass is a Request or Physical, and sets at least `do`."""

    do: ClassVar[str]
    physical: ClassVar[bool]
    on_forms: ClassVar[bool] = True  # a person can do it on the page

    @abstractmethod
    def perform(self, hands: Hands) -> None:
        """Raises the ApiError with which it is refused; then nothing was written."""

    @property
    def author(self) -> str:
        """Whose doing it is: a person's, or "@kopf", a program's outside that has a lane of its own."""
        return YOU

    def kubectl(self) -> str:
        """The kubectl command that does the same, to read and to copy; "" where kubectl has none.

        A field that is still to be asked for may hold `{name}` instead of its value."""
        return ""

    def whole(self) -> str:
        """The same, complete: with what it reads."""
        return self.kubectl()

    @abstractmethod
    def said(self, done: Iterable[Done]) -> str:
        """The answer: what kubectl prints when it does the same, or would print."""

    def sentence(self, count: int) -> Message:
        """What was done, for the page; `count` objects were written."""
        return message(N_("You do: %(command)s."), command=self.do)

    def to_json(self) -> dict[str, Any]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"do": self.do} | {
            name: list(value) if isinstance(value, Ref) else value for name, value in values.items()
        }


class Request(Command):
    """Goes through the API server like the request of any client, and needs no more: so a dry run can perform it."""

    __slots__ = ()
    physical = False
    done: ClassVar[str] = ""  # what kubectl prints after the name of the object

    @abstractmethod
    def perform(self, hands: Verbs) -> None: ...

    def said(self, done: Iterable[Done]) -> str:
        return "\n".join(self.line(each.obj, each) for each in done)

    def line(self, obj: Obj, done: Done) -> str:
        """Of one object that was written."""
        return f"{lines.resource(obj)} {self.done}"


class Physical(Command):
    """Done to machines and processes: no API server is asked. kubectl cannot do it, and if it could, would say so."""

    __slots__ = ()
    physical = True


# ------------------------------------------------------------------------------------------------ as JSON

C = TypeVar("C", bound=Command)


def types_of(kind: type[Command]) -> dict[str, str]:
    """The fields of a command and their types as they are written down: "Ref", "int | None"."""
    return {field.name: str(field.type) for field in fields(kind)}


def required_by(kind: type[Command]) -> set[str]:
    return {field.name for field in fields(kind) if field.default is MISSING}


def read(kind: type[C], data: Mapping[str, Any]) -> C:
    """Raises BadRequest that names the field which is unknown, missing or of the wrong type."""
    known, required = types_of(kind), required_by(kind)
    for name in data:
        if name != "do" and name not in known:
            raise errors.BadRequest(f'unknown field "{name}" of command "{kind.do}"')
    values: dict[str, Any] = {}
    for name, type_ in known.items():
        if name in data:
            values[name] = _typed(kind.do, name, type_, data[name])
        elif name in required:
            raise errors.BadRequest(f'command "{kind.do}" needs the field "{name}"')
    return kind(**values)


def _typed(command: str, name: str, type_: str, value: Any) -> Any:
    if type_ == "Ref":
        if isinstance(value, (list, tuple)) and len(value) == 3 and all(isinstance(part, str) for part in value):
            return Ref(*value)
        raise errors.BadRequest(f'field "{name}" of command "{command}" must be [kind, namespace, name]')
    if value is None and type_.endswith("None"):
        return None
    wanted = {"str": str, "int": int, "bool": bool}[type_.split(" ")[0]]
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise errors.BadRequest(f'field "{name}" of command "{command}" must be of type {wanted.__name__}')
    return value


def within(field: str, value: int, least: int, most: int) -> int:
    """`value`. Raises BadRequest if it is less or more."""
    if not least <= value <= most:
        raise errors.BadRequest(f'field "{field}" must be between {least} and {most}, not {value}')
    return value
