"""The expressions of a policy: which names they know, of which types, and what they must answer.

`object`, `oldObject` and `params` are of any type. Models apiserver `pkg/admission/plugin/cel` (compile.go).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.apimachinery import cel
from app.apimachinery.cel.types import BOOL, DYN, INT, STRING, TIMESTAMP, Type, map_of

BOOLEAN, TEXT, TEXT_OR_NULL, ANY = ("bool",), ("string",), ("string", "null_type"), ()
"""What an expression must answer."""


def _object(name: str, /, **fields: Type) -> Type:
    return Type(f"kubernetes.{name}", fields=fields)


def _list(item: Type) -> Type:
    return Type("list", (item,))


_KIND = _object("GroupVersionKind", group=STRING, version=STRING, kind=STRING)
_RESOURCE = _object("GroupVersionResource", group=STRING, version=STRING, resource=STRING)
_USER = _object("UserInfo", username=STRING, uid=STRING, groups=_list(STRING), extra=map_of(STRING, _list(STRING)))
_REQUEST = _object(
    "AdmissionRequest", kind=_KIND, resource=_RESOURCE, subResource=STRING, requestKind=_KIND,
    requestResource=_RESOURCE, requestSubResource=STRING, name=STRING, namespace=STRING, operation=STRING,
    userInfo=_USER, dryRun=BOOL, options=DYN,
)  # fmt: skip
_NAMESPACE = _object(
    "Namespace",
    metadata=_object(
        "NamespaceMetadata", name=STRING, generateName=STRING, namespace=STRING, labels=map_of(STRING, STRING),
        annotations=map_of(STRING, STRING), UID=STRING, creationTimestamp=TIMESTAMP, deletionGracePeriodSeconds=INT,
        deletionTimestamp=TIMESTAMP, generation=INT, resourceVersion=STRING, finalizers=_list(STRING),
    ),
    spec=_object("NamespaceSpec", finalizers=_list(STRING)),
    status=_object(
        "NamespaceStatus",
        conditions=_list(
            _object(
                "NamespaceCondition", status=STRING, type=STRING, lastTransitionTime=TIMESTAMP, message=STRING,
                reason=STRING,
            )
        ),
        phase=STRING,
    ),
)  # fmt: skip
_AUTHORIZER = Type("authorizer", fields={"requestResource": Type("resourcecheck")})


class Unfit(ValueError):
    """An expression that cannot be used, in the words of the API server."""


def names(
    policy: Mapping[str, Any],
    variables: Mapping[str, Type] | None = None,
    *,
    authorizer: bool = True,
    object_type: Type = DYN,
    params_type: Type = DYN,
) -> dict[str, Type]:
    """What an expression of a policy with this spec knows. `variables`: those that were defined so far; None: it knows
    of none."""
    found = {"object": object_type, "oldObject": object_type, "namespaceObject": _NAMESPACE, "request": _REQUEST}
    if policy.get("paramKind") is not None:
        found["params"] = params_type
    if authorizer:
        found["authorizer"] = _AUTHORIZER
    if variables is not None and policy.get("variables"):
        found["variables"] = _object("variables", **variables)
    return found


def compiled(source: str, known: Mapping[str, Type], answers: tuple[str, ...]) -> cel.Compiled:
    """Raises Unfit."""
    try:
        found = cel.compile_rule(source, known)
    except cel.CompileError as error:
        raise Unfit(f"compilation failed: {error}") from None
    kind = "null_type" if found.type.name == "null" else str(found.type)
    if answers and kind not in answers:
        wanted = answers[0] if len(answers) == 1 else f"one of [{' '.join(answers)}]"
        raise Unfit(f"must evaluate to {wanted} but got {kind}")
    return found
