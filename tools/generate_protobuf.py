"""Writes app/apimachinery/scheme/protobuf_v1_36.json: the field numbers of Kubernetes' protobuf messages.

Run at development time only: `.venv/bin/python tools/generate_protobuf.py /path/to/kubectl`. The source is what a
kubectl of 1.20 to 1.33 carries in itself: the descriptors of all messages, compressed (later ones have none). Types,
lists and maps are in schema_v1_36.json already, so the table says only which number is which field:

    "Probe": "*ProbeHandler initialDelaySeconds timeoutSeconds ..."

The first name is number 1. `-` is a number without a field, `*Message` an embedded one whose fields are the owner's.
"""

from __future__ import annotations

import json
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

from app.apimachinery.scheme import shapes

TARGET = Path(shapes.__file__).parent / "protobuf_v1_36.json"
# Fields younger than the newest kubectl with descriptors, by number.
LATER = {
    "Container": {25: "restartPolicyRules"},
    "EphemeralContainerCommon": {25: "restartPolicyRules"},
    "ContainerRestartRule": {1: "action", 2: "exitCodes"},
    "ContainerRestartRuleOnExitCodes": {1: "operator", 2: "values"},
    "EnvVarSource": {5: "fileKeyRef"},
    "FileKeySelector": {1: "volumeName", 2: "path", 3: "key", 4: "optional"},
    "PodSpec": {41: "hostnameOverride"},
}
Message = dict[int, tuple[str, str]]  # number -> (name, type of the message that it holds)


def main() -> None:
    messages = dict(_messages(Path(sys.argv[1]).read_bytes()))
    rows = sorted(_rows(messages).items())
    lines = (json.dumps({name: row}, separators=(",", ":"))[1:-1] for name, row in rows)
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


def _rows(messages: dict[str, Message]) -> dict[str, str]:
    rows: dict[str, str] = {}
    for package, names in shapes.table()["packages"].items():
        for name in names.split():
            message = messages.get(f"k8s.io.{package.removeprefix('io.k8s.')}.{name.rpartition('.')[2]}", {})
            fields = {field.lower(): field for field in shapes.fields_of(name)}
            written = _with_later(name, _written(message, fields))
            if written:
                rows[name] = _row(written)
            for number, token in written.items():
                if token.startswith("*"):
                    inline = _written(messages[message[number][1]], fields)
                    rows.setdefault(token[1:], _row(_with_later(token[1:], inline)))
    return rows


def _written(message: Message, fields: dict[str, str]) -> dict[int, str]:
    """Names as the schema spells them; what is no field of the owner is an embedded message."""
    written = {}
    for number, (name, inside) in message.items():
        known = fields.get(name.lower())
        if known or inside:
            written[number] = known or f"*{inside.rpartition('.')[2]}"
    return written


def _with_later(name: str, written: dict[int, str]) -> dict[int, str]:
    return {**LATER.get(name, {}), **written}


def _row(written: dict[int, str]) -> str:
    return " ".join(written.get(number, "-") for number in range(1, max(written, default=0) + 1))


# ------------------------------------------------------------------------------------------ descriptors


def _messages(program: bytes) -> Iterator[tuple[str, Message]]:
    """Every message of every descriptor (FileDescriptorProto: package 2, message 4) found in a program."""
    for start in re.finditer(rb"\x1f\x8b\x08\x00\x00\x00\x00\x00", program):
        try:
            file = zlib.decompressobj(31).decompress(program[start.start() : start.start() + 400_000])
        except zlib.error:
            continue
        if not re.match(rb"\n.k8s\.io/", file, re.DOTALL):
            continue
        parts = list(_parts(file))
        package = next(value for number, value in parts if number == 2).decode()
        for number, value in parts:
            if number == 4:
                name, fields = _message(value)
                yield f"{package}.{name}", fields


def _message(data: bytes) -> tuple[str, Message]:
    """DescriptorProto: name 1, field 2; FieldDescriptorProto: name 1, number 3, type name 6."""
    name, fields = "", {}
    for number, value in _parts(data):
        if number == 1:
            name = value.decode()
        elif number == 2:
            facts = dict(_parts(value))
            fields[int.from_bytes(facts[3])] = (facts[1].decode(), facts.get(6, b"").decode().removeprefix("."))
    return name, fields


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        size, position = _varint(data, position)
        if tag & 7 == 2:
            yield tag >> 3, data[position : position + size]
            position += size
        else:  # descriptors have no fixed numbers
            yield tag >> 3, size.to_bytes(8)


def _varint(data: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[position]
        number |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return number, position


if __name__ == "__main__":
    main()
