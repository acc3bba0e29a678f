"""Names of those who sign certificates: `example.com/team.name`.

Models kubernetes `pkg/apis/core/validation` ValidateSignerName.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.api.errors import Cause
from app.registry.validation import causes, metadata

_LONGEST_DOMAIN, _LONGEST_PATH = 253, 253 + 63 + 1
_FORM = "must be a fully qualified domain and path of the form 'example.com/signer-name'"


def check(name: str, field: str) -> Iterator[Cause]:
    if not name:
        yield causes.required(field)
        return
    if name.count("/") != 1:
        yield causes.invalid(field, name, _FORM)
        return
    domain, _, path = name.partition("/")
    if len(domain) > _LONGEST_DOMAIN:
        yield causes.too_long(field, _LONGEST_DOMAIN)
    yield from _check_parts(domain, field, metadata.is_label)
    if "." not in domain:
        yield causes.invalid(field, domain, "should be a domain with at least two segments separated by dots")
    yield from _check_parts(path, field, metadata.is_subdomain)
    longest = _LONGEST_DOMAIN + _LONGEST_PATH + 1
    if len(name) > longest:
        yield causes.too_long(field, longest)


def _check_parts(text: str, field: str, problems_of: Callable[[str], tuple[str, ...]]) -> Iterator[Cause]:
    """The first between its dots that is none."""
    for part in text.split("."):
        if problems := problems_of(part):
            told = (f"validating label {causes.printed(part)}: {problem}" for problem in problems)
            yield from causes.each(field, text, told)
            return
