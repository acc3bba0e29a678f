"""Names of the rules by which Kubernetes refuses objects: `python -m tools.extract_validation GIT_DIRECTORY`.

Reads upstream's Go source from a git directory (kubernetes, or anything that vendors it under vendor/k8s.io) and writes
what tests/registry/rules counts: for each API group a file, for each kind the functions that check it, and for each of
those the errors that it gives, `Invalid:hostAliases[].ip`. Which kinds a function checks follows from upstream's
strategies (`pkg/registry/*/KIND`) and from who calls whom. Only names are written down, neither code nor sentences.

A call of a function that checks one value (`CHECKERS`) counts where it is called, as an error of that field. Of rules
generated from the types (`zz_generated.validations.go`) those count that no function written by hand gives too.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from app.registry.kinds import ROWS

HERE = Path(__file__).parent.parent / "tests" / "registry" / "rules"
ROOT = "vendor/k8s.io"
GENERATED = "zz_generated.validations.go"
SHARED = "Every kind"
NOBODY = "Not stored"
KINDS = {row.kind.lower(): row.kind for row in ROWS}
ODD_FOLDERS = {"endpoint": "Endpoints", "certificates": "CertificateSigningRequest"}

ERRORS = (
    "Required|Invalid|Forbidden|NotSupported|Duplicate|TooLong|TooLongCharacters|TooShort|TooMany|TooFew|NotFound"
    "|TypeInvalid"
)
CHECKERS = (
    "ValidateNonnegativeField|ValidateNonnegativeQuantity|ValidatePositiveField|ValidatePositiveQuantityValue"
    "|ValidateImmutableField|ValidateImmutableAnnotation|ValidateDNS1123Label|ValidateDNS1123Subdomain"
    "|ValidateDNS1123SubdomainWithUnderScore|ValidateQualifiedName|ValidateLabelName|ValidateRuntimeClassName"
    "|IsValidIPForLegacyField|IsValidCIDRForLegacyField|IsValidIP|IsValidCIDR|IsValidInterfaceAddress"
)
GENERATED_CHECKS = {
    "RequiredValue": "Required", "RequiredPointer": "Required", "RequiredSlice": "Required", "RequiredMap": "Required",
    "ForbiddenValue": "Forbidden", "ForbiddenPointer": "Forbidden", "ForbiddenSlice": "Forbidden",
    "Enum": "NotSupported", "MaxItems": "TooMany", "MaxLength": "TooLong", "MaxBytes": "TooLong", "MinItems": "TooFew",
    "Unique": "Duplicate", "Discriminated": "Invalid", "Union": "Invalid", "ZeroOrOneOfUnion": "Invalid",
    "DiscriminatedUnion": "Invalid",
}  # fmt: skip
WALKS = re.compile(r"Each|Optional|IfOption|Subfield|SliceItem|NewUnion|NewDiscriminated|DirectEqual|SemanticDeepEqual")

RAISED = re.compile(rf"\bfield\.({ERRORS})(?:\[[^\]]*\])?\(|(?:\b\w+\.)?\b({CHECKERS})\(")
GENERATED_RAISED = re.compile(r"\bvalidate\.([A-Z]\w+)\(ctx")
CALLED = re.compile(r"(?:\b(\w+)\.)?\b([A-Za-z]\w*)\b(?=[(,)])")
FUNCTION = re.compile(r"^func (?:\([^)]*\) )?(\w+)(.*?)^}", re.M | re.S)
IMPORTED = re.compile(r'^\s*(\w+\s+)?"k8s\.io/([^"]+)"$', re.M)
ASSIGNED = re.compile(r"^\s*(\w+)\s*:?= ([^\n]*)$", re.M)
STEP = re.compile(r"\.(Child|Index|Key)\(")


@dataclass
class Function:
    package: str
    name: str
    rules: list[str]
    calls: set[tuple[str, str]] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)


# ---------------------------------------------------------------------------------------------- reading Go


def without_comments(source: str) -> str:
    return re.sub(r'("(?:\\.|[^"\\\n])*"|`[^`]*`)|//[^\n]*|/\*.*?\*/', lambda found: found[1] or "", source, flags=re.S)


def arguments(source: str, start: int) -> list[str]:
    """What stands between the parentheses that open before `start`, cut at its own commas."""
    depth, begun, found, text = 1, start, [], False
    for position in range(start, len(source)):
        letter = source[position]
        if letter == '"' and source[position - 1] != "\\":
            text = not text
        elif text:
            continue
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        if depth == 0 or (depth == 1 and letter == ","):
            found.append(source[begun:position].strip())
            begun = position + 1
        if depth == 0:
            break
    return found


def path_of(expression: str, body: str, position: int, depth: int = 0) -> str | None:
    """`fldPath.Child("ports").Index(i)` as `ports[]`; None if it is no path. Names mean what they were last set to."""
    expression = expression.strip()
    if new := re.match(r"field\.NewPath\(", expression):
        inner = arguments(expression, new.end())
        path, rest = ".".join(part.strip('"') for part in inner), expression[new.end() + sum(map(len, inner)) :]
    elif named := re.match(r"(\w+)", expression):
        name, rest = named[1], expression[named.end() :]
        before = [found for found in ASSIGNED.finditer(body, 0, position) if found[1] == name]
        last = before[-1] if before and depth < 6 else None
        known = path_of(last[2], body, last.start(), depth + 1) if last else None
        if known is None and not re.search(r"path|fld|^fp$|parent|^field$", name, re.I):
            return None
        path = known or ""
    else:
        return None
    for step in STEP.finditer(rest):
        inner = arguments(rest, step.end())
        if step[1] == "Child":
            path = ".".join(filter(None, (path, *(part.strip('"') for part in inner))))
        else:
            path += "[]" if step[1] == "Index" else f"[{inner[0].strip(chr(34))}]" if '"' in inner[0] else "[KEY]"
    return path


def written_rules(body: str) -> Iterator[str]:
    for raised in RAISED.finditer(body):
        given = arguments(body, raised.end())
        candidates = given[:1] if raised[1] else reversed(given)
        paths = (path_of(each, body, raised.start()) for each in candidates)
        path = next((path for path in paths if path is not None), "?")
        yield f"{raised[1] or 'Invalid'}:{path}".removesuffix(":")


def generated_rules(body: str) -> Iterator[str]:
    """Those that are in force: others are marked, and only compared with what functions written by hand say."""
    places = list(re.finditer(r'fldPath\.Child\("(\w+)"\)', body))
    for raised in GENERATED_RAISED.finditer(body):
        ends = (body.find(end, raised.start()) for end in ("...)", "len(e)"))
        statement = body[raised.start() : min((end for end in ends if end > 0), default=None)]
        if WALKS.match(raised[1]) or "MarkAlpha" in statement or "MarkBeta" in statement:
            continue
        place = next((place[1] for place in places if place.start() > raised.start()), "")
        yield f"{GENERATED_CHECKS.get(raised[1], 'Invalid')}:{place}".removesuffix(":")


def named(rules: Iterator[str]) -> list[str]:
    """Each name once: a second error of one kind at one field is `#2`."""
    seen: Counter[str] = Counter()
    found = []
    for rule in rules:
        seen[rule] += 1
        found.append(rule if seen[rule] == 1 else f"{rule}#{seen[rule]}")
    return found


def functions_of(package: str, source: str, generated: bool) -> Iterator[Function]:
    source = without_comments(source)
    imported = {}
    for alias, path in IMPORTED.findall(source):
        imported[alias.strip() or path.rsplit("/", 1)[-1]] = f"{ROOT}/{path}"
    for found in FUNCTION.finditer(source):
        name, body = found[1], found[2]
        if re.fullmatch(CHECKERS, name):
            continue
        rules = named(generated_rules(body) if generated else written_rules(body))
        calls = {(imported.get(alias, "") if alias else package, called) for alias, called in CALLED.findall(body)}
        yield Function(package, name, rules, calls)


# --------------------------------------------------------------------------------------- who checks what


def sources(git_directory: str) -> dict[str, str]:
    wanted = [
        f"{ROOT}/kubernetes/pkg/apis", f"{ROOT}/kubernetes/pkg/registry", f"{ROOT}/apimachinery/pkg/api/validation",
        f"{ROOT}/apimachinery/pkg/apis/meta/v1/validation", f"{ROOT}/kube-aggregator/pkg/apis/apiregistration",
        f"{ROOT}/kube-aggregator/pkg/registry/apiservice",
    ]  # fmt: skip
    archive = subprocess.run(
        ["git", "-C", git_directory, "archive", "HEAD", *wanted], check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        members = [each for each in files if each.name.endswith(".go") and not each.name.endswith("_test.go")]
        return {each.name: opened.read().decode() for each in members if (opened := files.extractfile(each))}


def is_validation(path: str) -> bool:
    """What clients and kubelets check for themselves (`core/v1/validation`), and patches of a vendor, are left out."""
    by_hand = "/validation/" in path and not re.search(r"/registry/|/apis/core/v1/|_patch\.go$", path)
    return by_hand or (path.endswith(GENERATED) and not re.search(r"/v\d+(alpha|beta)\d+/", path))


def kind_of(path: str) -> str:
    """The kind that a file of `pkg/registry` stores; "" if we do not."""
    folders = path.partition("/registry/")[2].split("/")[:-1]
    folders = folders[1:] or folders  # the first is the group
    return next((kind for each in reversed(folders) if (kind := ODD_FOLDERS.get(each) or KINDS.get(each))), "")


def reached(files: dict[str, str], functions: dict[tuple[str, str], Function]) -> None:
    """Tell every function whose strategies come to call it."""
    for path, source in files.items():
        if not (kind := kind_of(path)):
            continue
        folder = path.rsplit("/", 1)[0]
        waiting = [call for each in functions_of(folder, source, False) for call in each.calls]
        waiting += [key for key in functions if key[1] == f"Validate_{kind}"]
        while waiting:
            function = functions.get(waiting.pop())
            if function and kind not in function.kinds:
                function.kinds.add(kind)
                waiting += function.calls


def owner(function: Function) -> str:
    """The kind under which it counts: the one that it is named after, else that which others share with it."""
    if "apimachinery" in function.package:
        return SHARED
    if not function.kinds:
        return NOBODY
    after = {kind: at for kind in function.kinds if (at := function.name.find(kind)) >= 0}
    if after:
        return min(after, key=lambda kind: (after[kind], -len(kind))).removesuffix("Template")
    return "Pod" if "Pod" in function.kinds else next(row.kind for row in ROWS if row.kind in function.kinds)


def group(package: str) -> str:
    if "apimachinery" in package:
        return "meta"
    return package.split("/apis/", 1)[1].split("/")[0]


def main() -> None:
    files = sources(sys.argv[1])
    functions: dict[tuple[str, str], Function] = {}
    for path, source in files.items():
        if is_validation(path):
            package = path.rsplit("/", 1)[0]
            functions |= {
                (package, each.name): each for each in functions_of(package, source, path.endswith(GENERATED))
            }
    reached(files, functions)
    table: dict[str, dict[str, dict[str, list[str]]]] = defaultdict(lambda: defaultdict(dict))
    for function in functions.values():
        if function.rules:
            table[group(function.package)][owner(function)][function.name] = function.rules
    for name, kinds in table.items():
        if kinds.keys() - {NOBODY}:
            (HERE / f"{name}.json").write_text(dumped(kinds))


def dumped(kinds: dict[str, dict[str, list[str]]]) -> str:
    """A line a function."""
    blocks = []
    for kind, functions in kinds.items():
        lines = (f"  {json.dumps(function)}: {json.dumps(rules)}" for function, rules in functions.items())
        blocks.append(f" {json.dumps(kind)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


if __name__ == "__main__":
    main()
