"""A text of YAML as the objects that it names, each with the places of its fields. Not decoded yet.

`kubectl apply` (app/cluster/applying.py) and the editor's checks (app/kubectl/manifests.py) read what people write
through `parse`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.api import limits
from app.api.messages import N_, Advice
from app.api.objects import Obj
from app.apimachinery.scheme import scalars
from app.apimachinery.yamltext import ManifestError, Mark, Path, read


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a text, as written: not yet decoded. `base` is where it stands in a List."""

    obj: Obj
    marks: dict[Path, Mark]
    base: Path = ()

    @property
    def line(self) -> int:
        """The line of the text, from 1, where the object begins."""
        return self.mark_of("")[0]

    def mark_of(self, path: str) -> Mark:
        """Where a field such as `spec.containers[0].image`, or its nearest ancestor that is written, stands."""
        found = self.base
        pending = ""
        for part in scalars.path_parts(path):
            step = f"{pending}.{part}" if pending else part
            if (*found, step) in self.marks:
                found, pending = (*found, step), ""
            else:
                pending = str(step)  # a key with dots, such as app.kubernetes.io/name
        return self.marks[found]


def parse(text: str) -> tuple[Document, ...]:
    """The objects of a text; empty documents are skipped and Lists expanded. Raises ManifestError."""
    documents: list[Document] = []
    for value, marks in read(text):
        if value is not None:
            documents += _objects(Document(value, marks))
        if len(documents) > limits.MANIFEST_DOCUMENTS:
            problem = f"more than {limits.MANIFEST_DOCUMENTS} objects"
            raise ManifestError(
                problem, documents[-1].mark_of(""), problem, Advice(N_("Apply the text in several parts."))
            )
    return tuple(documents)


def _objects(document: Document) -> Iterator[Document]:
    """The document itself, or the items of a List."""
    _check_object(document)
    obj, base = document.obj, document.base
    if not (obj["kind"].endswith("List") and isinstance(obj.get("items"), list)):
        yield document
        return
    for index, item in enumerate(obj["items"]):
        path = (*base, "items", index)
        # what an alias stands for has no place of its own in the text
        marks = document.marks if path in document.marks else {**document.marks, path: document.mark_of("items")}
        yield from _objects(Document(_typed(item, obj), marks, path))


def _typed(item: Any, listed: Obj) -> Any:
    """An item that leaves it to its ConfigMapList to say what it is."""
    kind = listed["kind"].removesuffix("List")
    if not isinstance(item, dict) or item.get("kind") or not kind:
        return item
    return {**item, "apiVersion": listed["apiVersion"], "kind": kind}


def _check_object(document: Document) -> None:
    obj = document.obj
    if not isinstance(obj, dict):
        given = scalars.json_type(obj)
        problem = f"json: cannot unmarshal {given} into Go value of type map[string]interface {{}}"
        fix = Advice(N_('This is not an object: start it with "apiVersion:" and "kind:".'))
        message = f"error unmarshaling JSON: while decoding JSON: {problem}"
        raise ManifestError(message, document.mark_of(""), problem, fix)
    missing = [name for name in ("apiVersion", "kind") if obj.get(name) in (None, "")]
    if missing:
        listed = ", ".join(f"{name} not set" for name in missing)
        problem = f"error validating data: {f'[{listed}]' if len(missing) > 1 else listed}"
        examples = {"apiVersion": '"apiVersion: v1"', "kind": '"kind: Pod"'}
        said = N_("Add %(one)s and %(two)s, or what fits.") if len(missing) > 1 else N_("Add %(one)s, or what fits.")
        fix = Advice(said, **dict(zip(("one", "two"), (examples[name] for name in missing), strict=False)))
        raise ManifestError(problem, document.mark_of(""), problem, fix)
    for name in ("apiVersion", "kind"):
        if not isinstance(obj[name], str):
            problem = f"invalid type for {name}: expected string, got {scalars.json_type(obj[name])}"
            fix = Advice(N_("Put the value of %(name)s in quotes."), name=name)
            raise ManifestError(problem, document.mark_of(name), problem, fix)
