"""Manifests: what people write, document by document, and what is wrong with it, line by line.

The editor asks `check` while one types, and `problems_of` for what the API server answered to a dry run. Of the cluster
only its scheme is known here: whether a name is taken is the server's to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from app.api.errors import ApiError, Cause, NotFound
from app.api.objects import Obj, kind_of
from app.apimachinery.documents import Document, parse
from app.apimachinery.scheme import scalars, schema
from app.apimachinery.scheme.scheme import Scheme
from app.apimachinery.scheme.shapes import Struct
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
    problems = [problem for document in documents for problem in _check_document(scheme, document)]
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


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
        field, fix = "metadata.namespace", 'Create it first ("kind: Namespace"), or remove "namespace:".'
    line, column = document.mark_of(field)
    return [Problem(line, column, field, error.message, fix)]


def _unknown_kind(scheme: Scheme, obj: Obj) -> tuple[str, str]:
    """(the field to mark, what to write) for a kind that is not known in its apiVersion."""
    known: dict[str, str] = {}
    for row in scheme.kinds():
        if not row.is_local:
            known.setdefault(row.kind, row.api_version)
    if obj["kind"] in known:
        return "apiVersion", f'{obj["kind"]} is in "apiVersion: {known[obj["kind"]]}".'
    if schema.known(obj["kind"]):
        return "kind", f"{obj['kind']} is a kind of Kubernetes that is not modelled here."
    near = get_close_matches(obj["kind"], known, n=1)
    return "kind", f'Did you mean "{near[0]}"?' if near else f"Known here: {', '.join(sorted(known))}."


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
        nearest = schema.suggest(_shape_of(scheme, document.obj), cause.field)
        return f'Did you mean "{nearest}"?' if nearest else f'Remove "{name}": there is no such field here.'
    if cause.reason == "FieldValueTypeInvalid":
        found = schema.type_at(_shape_of(scheme, document.obj), schema.split_path(cause.field))
        return f"Write {_in_words(found.type)}." if found else ""
    if cause.reason == "FieldValueRequired":
        if not name or not _is_written(document, cause.field):
            return f'Add "{name}:".' if name else ""
        many = isinstance(_at(document, cause.field), list)
        return f'Give "{name}" at least one item, beginning with "- ".' if many else f'Give "{name}" a value.'
    if cause.reason == "FieldValueNotSupported":
        return "Write one of " + cause.message.rpartition("supported values: ")[2].replace('"', "") + "."
    if cause.reason == "FieldValueDuplicate":
        return "Give each its own."
    if "does not match template" in cause.message:
        return "Give the template the labels that the selector asks for."
    return _advice(cause.message)


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
    ("immutable", "It cannot be changed: put the old value back, or delete the object and apply this as a new one."),
    ("greater than or equal to 0", "Write 0 or more."),
    ("greater than 0", "Write 1 or more."),
    ("a valid label must", 'Use letters, digits, "-", "_" and "."; begin and end with a letter or a digit.'),
    ("Too long", "Make it shorter."),
)
_RANGE = re.compile(r"must be between (\d+) and (\d+), inclusive")
_NAME = re.compile(r'^Invalid value: "([^"]*)": a (?:lowercase RFC 1123|DNS-1035)')


def _advice(message: str) -> str:
    if found := _RANGE.search(message):
        return f"Write a whole number from {found[1]} to {found[2]}."
    if found := _NAME.match(message):
        better = re.sub(r"[^a-z0-9-]+", "-", found[1].lower()).strip("-")
        example = f', such as "{better}"' if better else ""
        return f'Use lower case letters, digits and "-"{example}.'
    return next((advice for words, advice in _ADVICE if words in message), "")


_WORDS = {
    "string": "text here: in quotes, or YAML reads it as a number, or as true or false",
    "bool": "true or false here",
    "int32": "a whole number here",
    "int64": "a whole number here",
    "IntOrString": 'a whole number, or text such as "25%"',
    "Quantity": 'a quantity such as "500m", "1" or "128Mi"',
    "Time": 'a time such as "2026-01-31T12:00:00Z"',
}


def _in_words(type: str) -> str:
    if type.startswith("[]") and type != "[]byte":
        return 'a list (each item starts with "- ")'
    if type in _WORDS:
        return _WORDS[type]
    return "text here" if schema.is_named_string(type) else "a map of fields here"
