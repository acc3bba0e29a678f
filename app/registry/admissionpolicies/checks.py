"""What is wrong with a ValidatingAdmissionPolicy, and with a binding. Models kubernetes
`pkg/apis/admissionregistration/validation/validation.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.api import limits
from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.cel.types import DYN, Type
from app.registry.admissionpolicies import expressions
from app.registry.admissionpolicies.expressions import BOOLEAN, TEXT, TEXT_OR_NULL, Unfit
from app.registry.validation import causes, metadata

Part = Mapping[str, Any]
_OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_SCOPES = ("*", "Cluster", "Namespaced")
_REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
_ACTIONS = ("Audit", "Deny", "Warn")
_MOST_CONDITIONS, _MOST_ANNOTATIONS, _ANNOTATION_BYTES = 64, 20, 5 * 1024
_IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*", re.ASCII)
_RESERVED = frozenset(
    ("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import")
) | {"let", "loop", "package", "namespace", "return", "var", "void", "while"}
_DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_DNS_1035_FORMAT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_BOTH = (
    "must not contain both Deny and Warn (repeating the same validation failure information in the API response and "
    "headers serves no purpose)"
)
_NOTHING = "validations or auditAnnotations must contain at least one item"


def check_policy(policy: Obj) -> Iterator[Cause]:
    spec: Part = policy.get("spec") or {}
    if characters(spec) > limits.POLICY_CHARACTERS:
        why = f"the expressions of a policy have at most {limits.POLICY_CHARACTERS} characters together"
        yield causes.forbidden("spec", why)
        return
    yield from causes.supported("spec.failurePolicy", spec.get("failurePolicy"), ("Fail", "Ignore"))
    if spec.get("paramKind") is not None:
        yield from _check_param_kind(spec["paramKind"], "spec.paramKind")
    if spec.get("matchConstraints") is None:
        yield causes.required("spec.matchConstraints")
    else:
        yield from _check_match(spec["matchConstraints"], "spec.matchConstraints")
        if not spec["matchConstraints"].get("resourceRules"):
            yield causes.required("spec.matchConstraints.resourceRules")
    yield from _check_conditions(spec)
    yield from _Expressions(spec).check(policy["metadata"].get("name", ""))


def characters(spec: Part) -> int:
    """Of all expressions, with their names and messages: what reading a policy costs."""
    parts = ("matchConditions", "variables", "validations", "auditAnnotations")
    return sum(len(str(text)) for part in parts for each in spec.get(part) or () for text in each.values())


def check_binding(binding: Obj) -> Iterator[Cause]:
    spec: Part = binding.get("spec") or {}
    if not spec.get("policyName"):
        yield causes.required("spec.policyName")
    else:
        for why in metadata.is_subdomain(spec["policyName"]):
            yield causes.invalid("spec.policyName", spec["policyName"], why)
    if spec.get("paramRef") is not None:
        yield from _check_param_ref(spec["paramRef"], "spec.paramRef")
    if spec.get("matchResources") is not None:
        yield from _check_match(spec["matchResources"], "spec.matchResources")
    yield from _check_actions(spec.get("validationActions") or (), "spec.validationActions")


# ------------------------------------------------------------------------------------------------ params


def _check_param_kind(kind: Part, field: str) -> Iterator[Cause]:
    version, name = kind.get("apiVersion", ""), kind.get("kind", "")
    if not version:
        yield causes.required(f"{field}.apiVersion")
    elif version.count("/") > 1:
        yield causes.invalid(f"{field}.apiVersion", version, f"unexpected GroupVersion string: {version}")
    else:
        group, _, bare = version.rpartition("/")
        if group and (problems := metadata.is_subdomain(group)):
            yield causes.invalid(f"{field}.apiVersion", group, ",".join(problems))
        if not bare:
            yield causes.invalid(f"{field}.apiVersion", version, "version must be specified")
        elif problems := _label_problems(bare):
            yield causes.invalid(f"{field}.apiVersion", bare, ",".join(problems))
    if not name:
        yield causes.required(f"{field}.kind")
    elif problems := _label_problems(name.lower()):
        why = f"may have mixed case, but should otherwise match: {','.join(problems)}"
        yield causes.invalid(f"{field}.kind", name, why)


def _label_problems(text: str) -> tuple[str, ...]:
    too_long = ("must be no more than 63 bytes",) if len(text) > 63 else ()
    return too_long if _DNS_1035.fullmatch(text) else (*too_long, _DNS_1035_FORMAT)


def _check_param_ref(ref: Part, field: str) -> Iterator[Cause]:
    name, selector, action = ref.get("name", ""), ref.get("selector"), ref.get("parameterNotFoundAction", "")
    exclusive = "name and selector are mutually exclusive"
    if name:
        for why in metadata.is_path_segment(name):
            yield causes.invalid(f"{field}.name", name, why)
        if selector is not None:
            yield causes.forbidden(f"{field}.name", exclusive)
    if selector is not None and _words(selector) > limits.POLICY_WORDS:
        yield causes.forbidden(f"{field}.selector", f"it has at most {limits.POLICY_WORDS} words")
    elif selector is not None:
        yield from metadata.check_selector(selector, f"{field}.selector")
        if name:
            yield causes.forbidden(f"{field}.selector", exclusive)
    if not name and selector is None:
        yield causes.required(field, "one of name or selector must be specified")
    yield from causes.supported(f"{field}.parameterNotFoundAction", action, ("Deny", "Allow"))


# ------------------------------------------------------------------------------------------------ what it matches


def _check_match(match: Part, field: str) -> Iterator[Cause]:
    if _words(match) > limits.POLICY_WORDS:
        yield causes.forbidden(field, f"its rules and selectors have at most {limits.POLICY_WORDS} words together")
        return
    yield from causes.supported(f"{field}.matchPolicy", match.get("matchPolicy"), ("Equivalent", "Exact"))
    for selector in ("namespaceSelector", "objectSelector"):
        yield from metadata.check_selector(match.get(selector) or {}, f"{field}.{selector}")
    for rules in ("resourceRules", "excludeResourceRules"):
        for index, rule in enumerate(match.get(rules) or ()):
            yield from _check_rule(rule, f"{field}.{rules}[{index}]")


def _words(value: Any) -> int:
    """Texts in it, wherever they are."""
    if isinstance(value, Mapping):
        return sum(map(_words, value.values()))
    return sum(map(_words, value)) if isinstance(value, list) else 1


def _check_rule(rule: Part, field: str) -> Iterator[Cause]:
    names: Sequence[str] = rule.get("resourceNames") or ()
    for index, name in enumerate(names):
        for why in metadata.is_path_segment(name):
            yield causes.invalid(f"{field}.resourceNames[{index}]", name, why)
        if name in names[:index]:
            yield causes.duplicate(f"{field}.resourceNames[{index}]", name)
    operations = rule.get("operations") or ()
    yield from _check_words(operations, f"{field}.operations", "operations")
    for index, operation in enumerate(operations):
        if operation not in _OPERATIONS:
            yield causes.not_supported(f"{field}.operations[{index}]", operation, _OPERATIONS)
    yield from _check_words(rule.get("apiGroups") or (), f"{field}.apiGroups", "API groups")
    versions = rule.get("apiVersions") or ()
    yield from _check_words(versions, f"{field}.apiVersions", "API versions")
    for index, version in enumerate(versions):
        if not version:
            yield causes.required(f"{field}.apiVersions[{index}]")
    yield from _check_resources(rule.get("resources") or (), f"{field}.resources")
    yield from causes.supported(f"{field}.scope", rule.get("scope"), _SCOPES)


def _check_words(words: Sequence[str], field: str, what: str) -> Iterator[Cause]:
    if not words:
        yield causes.required(field)
    if len(words) > 1 and "*" in words:
        yield causes.invalid(field, words, f"if '*' is present, must not specify other {what}")


def _check_resources(resources: Sequence[str], field: str) -> Iterator[Cause]:
    if not resources:
        yield causes.required(field)
    of_all_subresources, of_all_resources = set[str](), set[str]()
    for index, word in enumerate(resources):
        resource, slash, subresource = word.partition("/")
        if not word:
            yield causes.required(f"{field}[{index}]")
        if not slash:
            continue
        if resource in of_all_subresources:
            why = f"if '{resource}/*' is present, must not specify {word}"
            yield causes.invalid(f"{field}[{index}]", word, why)
        if subresource in of_all_resources:
            why = f"if '*/{subresource}' is present, must not specify {word}"
            yield causes.invalid(f"{field}[{index}]", word, why)
        of_all_subresources |= {resource} if subresource == "*" else set()
        of_all_resources |= {subresource} if resource == "*" else set()
    if len(resources) > 1 and "*/*" in resources:
        yield causes.invalid(field, resources, "if '*/*' is present, must not specify other resources")
    if "*" in resources and [word for word in resources if word and "/" not in word][-1] != "*":
        why = "if '*' is present, must not specify other resources without subresources"
        yield causes.invalid(field, resources, why)


def _check_actions(actions: Sequence[str], field: str) -> Iterator[Cause]:
    for index, action in enumerate(actions):
        if action not in _ACTIONS:
            yield causes.not_supported(f"{field}[{index}]", action, _ACTIONS)
        if action in actions[:index]:
            yield causes.duplicate(f"{field}[{index}]", action)
    if "Deny" in actions and "Warn" in actions:
        yield causes.invalid(field, actions, _BOTH)
    if not actions:
        yield causes.required(field, "at least one validation action is required")


# ------------------------------------------------------------------------------------------------ expressions


def _check_conditions(spec: Part) -> Iterator[Cause]:
    field, known = "spec.matchConditions", expressions.names(spec)
    conditions: Sequence[Part] = spec.get("matchConditions") or ()
    yield from causes.too_many(field, conditions, _MOST_CONDITIONS)
    seen = set[str]()
    for index, condition in enumerate(conditions):
        at, name = f"{field}[{index}]", condition.get("name", "")
        text = condition.get("expression", "").strip()
        if text:
            yield from _check_expression(text, known, BOOLEAN, f"{at}.expression")
        else:
            yield causes.required(f"{at}.expression")
        if not name:
            yield causes.required(f"{at}.name")
        else:
            yield from metadata.label_key(name, f"{at}.name")
        if name and name in seen:
            yield causes.duplicate(f"{at}.name", name)
        seen.add(name)


def _check_expression(source: str, known: Mapping[str, Type], answers: tuple[str, ...], field: str) -> Iterator[Cause]:
    try:
        expressions.compiled(source, known, answers)
    except Unfit as error:
        yield causes.invalid(field, source, str(error))


class _Expressions:
    """Variables, then what may use them."""

    def __init__(self, spec: Part) -> None:
        self._spec = spec
        self._variables: dict[str, Type] = {}

    def check(self, policy: str) -> Iterator[Cause]:
        for index, variable in enumerate(self._spec.get("variables") or ()):
            yield from self._check_variable(variable, f"spec.variables[{index}]")
        validations, annotations = (self._spec.get(part) or () for part in ("validations", "auditAnnotations"))
        if not validations and not annotations:
            yield causes.required("spec.validations", _NOTHING)
            yield causes.required("spec.auditAnnotations", _NOTHING)
            return
        for index, validation in enumerate(validations):
            yield from self._check_validation(validation, f"spec.validations[{index}]")
        if len(annotations) > _MOST_ANNOTATIONS:
            why = f"must not have more than {_MOST_ANNOTATIONS} auditAnnotations"
            yield causes.invalid("spec.auditAnnotations", annotations, why)
        seen = set[str]()
        for index, annotation in enumerate(annotations):
            field, key = f"spec.auditAnnotations[{index}]", annotation.get("key", "")
            if policy:
                yield from metadata.label_key(f"{policy}/{key}", f"{field}.key")
            else:
                yield causes.invalid(f"{field}.key", key, "requires metadata.name be non-empty")
            yield from self._check_annotation(annotation, f"{field}.valueExpression")
            if key in seen:
                yield causes.duplicate(f"{field}.key", key)
            seen.add(key)

    def _known(self, *, authorizer: bool = True) -> dict[str, Type]:
        return expressions.names(self._spec, self._variables, authorizer=authorizer)

    def _check_variable(self, variable: Part, field: str) -> Iterator[Cause]:
        name, source = variable.get("name", ""), variable.get("expression", "")
        if not name.strip():
            yield causes.required(f"{field}.name", "name is not specified")
        elif not _IDENTIFIER.fullmatch(name) or name in _RESERVED:
            yield causes.invalid(f"{field}.name", name, "must be a valid CEL identifier")
        if not source.strip():
            yield causes.required(f"{field}.expression", "expression is not specified")
            return
        try:
            self._variables[name] = expressions.compiled(source, self._known(), expressions.ANY).type
        except Unfit as error:
            self._variables[name] = DYN
            yield causes.invalid(f"{field}.expression", source, str(error))

    def _check_validation(self, validation: Part, field: str) -> Iterator[Cause]:
        source, message = validation.get("expression", ""), validation.get("message", "")
        if source.strip():
            yield from _check_expression(source, self._known(), BOOLEAN, f"{field}.expression")
        else:
            yield causes.required(f"{field}.expression", "expression is not specified")
        if text := validation.get("messageExpression", ""):
            if text.strip():
                known = self._known(authorizer=False)
                yield from _check_expression(text, known, TEXT, f"{field}.messageExpression")
            else:
                yield causes.invalid(f"{field}.messageExpression", text, "must be non-empty if specified")
        if message and not message.strip():
            yield causes.invalid(f"{field}.message", message, "must be non-empty if specified")
        elif re.search(r"[\n\r]", message.strip()):
            yield causes.invalid(f"{field}.message", message, "must not contain line breaks")
        reason = validation.get("reason")
        if reason is not None and reason not in _REASONS:
            yield causes.not_supported(f"{field}.reason", reason, _REASONS)

    def _check_annotation(self, annotation: Part, field: str) -> Iterator[Cause]:
        source = annotation.get("valueExpression", "")
        text = source.strip()
        if not text:
            yield causes.required(field, "valueExpression is not specified")
        elif len(text.encode()) > _ANNOTATION_BYTES:
            yield causes.required(field, f"must not exceed {_ANNOTATION_BYTES} bytes in length")
        else:
            try:
                expressions.compiled(text, self._known(), TEXT_OR_NULL)
            except Unfit as error:
                yield causes.invalid(field, source, str(error))
