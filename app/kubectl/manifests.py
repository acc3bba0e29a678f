"""Manifests: what people write, document by document, and what is wrong with it, line by line.

The editor asks `check` while one types, and `problems_of` for what the API server answered to a dry run. Of the cluster
only its scheme is known here: whether a name is taken is the server's to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from app.api.errors import ApiError, Cause, NotFound
from app.api.messages import N_, Advice
from app.api.objects import Obj, kind_of
from app.apimachinery.documents import Document, parse
from app.apimachinery.scheme import scalars, schema
from app.apimachinery.scheme.scheme import Scheme
from app.apimachinery.scheme.shapes import Struct
from app.apimachinery.slips import slip
from app.apimachinery.yamltext import ManifestError
from app.registry import validation


@dataclass(frozen=True, slots=True)
class Problem:
    """One mark in the editor. `message` is Kubernetes' sentence, `fix` says what to do, "" if that is plain."""

    line: int
    column: int
    field: str
    message: str
    fix: str = ""


# -------------------------------------------------------------------------------------------------- problems


def check(scheme: Scheme, text: str) -> list[Problem]:
    """Everything wrong with a text that can be seen without a cluster, in order of lines."""
    try:
        documents = parse(text)
    except ManifestError as error:
        return [Problem(error.line, error.column, "", error.problem, error.fix)]
    problems = [
        _on_its_own_line(document, problem, text.splitlines())
        for document in documents
        for problem in _check_document(scheme, document)
    ]
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def _on_its_own_line(document: Document, problem: Problem, lines: Sequence[str]) -> Problem:
    """Text where fields should be may be a field whose colon, or the space behind it, is missing: its line has it."""
    try:
        value = _at(document, problem.field)
    except (LookupError, TypeError):
        return problem
    if problem.fix != _write("") or not isinstance(value, str) or not (fix := slip(value)):
        return problem
    number = next((n for n, line in enumerate(lines, 1) if n > problem.line and line.strip() == value), problem.line)
    column = len(lines[number - 1]) - len(lines[number - 1].lstrip()) + 1
    return replace(problem, line=number, column=column, fix=fix)


def _check_document(scheme: Scheme, document: Document) -> list[Problem]:
    try:
        obj, unknown = _decoded(scheme, document.obj)
        definition = scheme.definition(kind_of(obj))
        namespace = {"namespace": "default"} if definition.row.namespaced else {}
        obj = definition.default({**obj, "metadata": {**namespace, **obj["metadata"]}})
        causes = [*unknown, *validation.validate(definition, obj)]
    except ApiError as error:
        return problems_of(scheme, document, error)
    return [_problem(scheme, document, cause) for cause in causes]


def _decoded(scheme: Scheme, doc: Any) -> tuple[Obj, Sequence[Cause]]:
    """The object without its unknown fields, and those: so that both they and what is invalid are shown at once."""
    try:
        return scheme.decode(doc), ()
    except schema.DecodingError as error:
        if any(cause.reason != "FieldValueUnknown" for cause in error.problems) or not error.problems:
            raise
        return scheme.decode(doc, strict=False), error.problems


def problems_of(scheme: Scheme, document: Document, error: ApiError) -> list[Problem]:
    """What the API server said of a document, each cause beside its line."""
    causes = error.problems if isinstance(error, schema.DecodingError) else error.causes
    if causes:
        return [_problem(scheme, document, cause) for cause in causes]
    field = ""
    fix = ""
    if isinstance(error, NotFound) and "apiVersion" in error.details:
        field, fix = _unknown_kind(scheme, document.obj)
    elif isinstance(error, NotFound) and error.message.startswith("namespaces "):
        field, fix = "metadata.namespace", Advice(N_('Create it first ("kind: Namespace"), or remove "namespace:".'))
    line, column = document.mark_of(field)
    return [Problem(line, column, field, error.message, fix)]


DID_YOU_MEAN = N_('Did you mean "%(name)s"?')


def _unknown_kind(scheme: Scheme, obj: Obj) -> tuple[str, str]:
    """(the field to mark, what to write) for a kind that is not known in its apiVersion."""
    known: dict[str, str] = {}
    for row in scheme.kinds():
        if not row.is_local:
            known.setdefault(row.kind, row.api_version)
    if obj["kind"] in known:
        fix = N_('%(kind)s is in "apiVersion: %(version)s".')
        return "apiVersion", Advice(fix, kind=obj["kind"], version=known[obj["kind"]])
    if schema.known(obj["kind"]):
        return "kind", Advice(N_("%(kind)s is a kind of Kubernetes that is not modelled here."), kind=obj["kind"])
    near = get_close_matches(obj["kind"], known, n=1)
    if near:
        return "kind", Advice(DID_YOU_MEAN, name=near[0])
    return "kind", Advice(N_("Known here: %(kinds)s."), kinds=", ".join(sorted(known)))


def _problem(scheme: Scheme, document: Document, cause: Cause) -> Problem:
    line, column = document.mark_of(_written(cause.field))
    unknown = cause.reason == "FieldValueUnknown"
    message = cause.message if unknown or cause.reason == "FieldValueTypeInvalid" else str(cause)
    return Problem(line, column, cause.field, message, _fix(scheme, document, cause))


# Where the API server names a field otherwise than people write it.
_SPELLINGS = (
    (re.compile(r"^(spec\.template|template)\.(labels|annotations)"), r"\1.metadata.\2"),
    (re.compile(r"^spec\.clusterIPs"), "spec.clusterIP"),
    (re.compile(r"^metadata\.taints"), "spec.taints"),
)


def _written(field: str) -> str:
    for pattern, replacement in _SPELLINGS:
        field = pattern.sub(replacement, field)
    return field


def _shape_of(scheme: Scheme, obj: Obj) -> Struct:
    return scheme.definition(kind_of(obj)).shape_in(obj["apiVersion"])


def _fix(scheme: Scheme, document: Document, cause: Cause) -> str:
    name = cause.field.rpartition(".")[2]
    if cause.reason == "FieldValueUnknown":
        return _of_unknown(scheme, document, cause.field)
    if cause.reason == "FieldValueTypeInvalid":
        found = schema.type_at(_shape_of(scheme, document.obj), schema.split_path(cause.field))
        return _write(found.type) if found else ""
    if cause.reason == "FieldValueRequired":
        if not name or not _is_written(document, cause.field):
            return Advice(N_('Add "%(name)s:".'), name=name) if name else ""
        if isinstance(_at(document, cause.field), list):
            return Advice(N_('Give "%(name)s" at least one item, beginning with "- ".'), name=name)
        return Advice(N_('Give "%(name)s" a value.'), name=name)
    if cause.reason == "FieldValueNotSupported":
        values = cause.message.rpartition("supported values: ")[2].replace('"', "")
        return Advice(N_("Write one of %(values)s."), values=values)
    if cause.reason == "FieldValueDuplicate":
        return Advice(N_("Give each its own."))
    if "does not match template" in cause.message:
        return Advice(N_("Give the template the labels that the selector asks for."))
    return _advice(cause.message)


def _of_unknown(scheme: Scheme, document: Document, field: str) -> Advice:
    """A field that belongs elsewhere nearby, one that is misspelt, or one that there is not."""
    shape = _shape_of(scheme, document.obj)
    *parents, name = schema.split_path(field) or ("",)
    if home := _deeper(shape, _written_at(document, field), tuple(parents), name):
        return Advice(N_('"%(name)s" belongs further in: indent it into "%(home)s".'), name=name, home=home)
    for depth in range(len(parents) - 1, -1, -1):
        if name in schema.fields_at(shape, tuple(parents[:depth])):
            home = next((part for part in reversed(parents[:depth]) if part != schema.ITEM), kind_of(document.obj))
            return Advice(N_('"%(name)s" belongs further out: beside the fields of "%(home)s".'), name=name, home=home)
    if nearest := schema.suggest(shape, field):
        return Advice(DID_YOU_MEAN, name=nearest)
    return Advice(N_('Remove "%(name)s": there is no such field here.'), name=name)


def _written_at(document: Document, field: str) -> Mapping[str, Any]:
    """What stands beside a field."""
    try:
        beside = _at(document, field.rpartition(".")[0]) if "." in field else document.obj
    except (LookupError, TypeError):
        return {}
    return beside if isinstance(beside, dict) else {}


def _deeper(shape: Struct, beside: Mapping[str, Any], path: tuple[str, ...], name: str) -> str:
    """The field beside it, and written, into which this one belongs; "" if there is none."""
    for sibling, value in beside.items():
        if sibling == name:
            continue
        inside = (*path, sibling)
        if name in schema.fields_at(shape, inside):
            return sibling
        deeper = value if isinstance(value, dict) else {}
        if home := _deeper(shape, deeper, inside, name):
            return f"{sibling}.{home}"
    return ""


def _at(document: Document, field: str) -> Any:
    """What is written at a field. Raises LookupError or TypeError if nothing is."""
    value: Any = document.obj
    for part in scalars.path_parts(_written(field)):
        value = value[part]
    return value


def _is_written(document: Document, field: str) -> bool:
    try:
        _at(document, field)
    except (LookupError, TypeError):
        return False
    return True


# What to do about a value, by what its message says of it.
_ADVICE = (
    (
        "immutable",
        N_("It cannot be changed: put the old value back, or delete the object and apply this as a new one."),
    ),
    ("greater than or equal to 0", N_("Write 0 or more.")),
    ("greater than 0", N_("Write 1 or more.")),
    ("a valid label must", N_('Use letters, digits, "-", "_" and "."; begin and end with a letter or a digit.')),
    ("Too long", N_("Make it shorter.")),
)
_RANGE = re.compile(r"must be between (\d+) and (\d+), inclusive")
_NAME = re.compile(r'^Invalid value: "([^"]*)": a (?:lowercase RFC 1123|DNS-1035)')


def _advice(message: str) -> str:
    if found := _RANGE.search(message):
        return Advice(N_("Write a whole number from %(least)s to %(most)s."), least=found[1], most=found[2])
    if found := _NAME.match(message):
        if better := re.sub(r"[^a-z0-9-]+", "-", found[1].lower()).strip("-"):
            return Advice(N_('Use lower case letters, digits and "-", such as "%(better)s".'), better=better)
        return Advice(N_('Use lower case letters, digits and "-".'))
    return next((Advice(advice) for words, advice in _ADVICE if words in message), "")


_WRITE = {
    "string": N_("Write text here: in quotes, or YAML reads it as a number, or as true or false."),
    "bool": N_("Write true or false here."),
    "int32": N_("Write a whole number here."),
    "int64": N_("Write a whole number here."),
    "IntOrString": N_('Write a whole number, or text such as "25%".'),
    "Quantity": N_('Write a quantity such as "500m", "1" or "128Mi".'),
    "Time": N_('Write a time such as "2026-01-31T12:00:00Z".'),
}


def _write(type: str) -> Advice:
    if type.startswith("[]") and type != "[]byte":
        return Advice(N_('Write a list (each item starts with "- ").'))
    if type in _WRITE:
        return Advice(_WRITE[type])
    return Advice(N_("Write text here.") if schema.is_named_string(type) else N_("Write a map of fields here."))
