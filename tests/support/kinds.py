"""What is known of Kubernetes' own kinds, for tests that need no cluster."""

from __future__ import annotations

from app.api.errors import Cause
from app.api.kinds import Kind
from app.api.objects import Obj, kind_of
from app.apimachinery.scheme import schema
from app.apimachinery.scheme.scheme import Definition, Scheme
from app.apimachinery.scheme.shapes import Struct
from app.registry import validation
from app.registry.builtin import built_in
from app.registry.defaults import defaults

SCHEME = built_in()
KINDS = {row.key: row for row in SCHEME.kinds()}

decode = SCHEME.decode


def with_custom(kind: str, shape: Struct) -> Scheme:
    """The built-in scheme and a kind of one's own."""
    scheme = built_in()
    scheme.register(Definition(Kind(kind, "example.com", "v1", f"{kind.lower()}s", kind.lower()), shape))
    return scheme


def shape(kind: str) -> Struct:
    """The type of a kind of Kubernetes, of the later version if there are two."""
    found = schema.known(kind)
    return found if found is not None else Struct("")


def default(obj: Obj) -> Obj:
    return SCHEME.definition(kind_of(obj)).default(obj)


def admit(obj: Obj) -> Obj:
    """With what a pod is given when it is created."""
    return defaults.admit(obj) if kind_of(obj) == "Pod" else obj


def validate(obj: Obj) -> tuple[Cause, ...]:
    return validation.validate(SCHEME.definition(kind_of(obj)), obj)


def validate_update(new: Obj, old: Obj) -> tuple[Cause, ...]:
    return validation.validate_update(SCHEME.definition(kind_of(new)), new, old)
