"""A controller that somebody wrote on the page, as a file: for `loopscope serve --controller`, or as what a
Metacontroller in a real cluster asks (its sync webhook), which then evaluates the same text."""

from __future__ import annotations

from collections.abc import Callable
from string import Template

from app.api.kinds import Kind
from app.api.objects import Obj, name_of

_FILE = Template('''\
"""$name: a controller that was written on a page of Loopscope. Run it in every room with

    loopscope serve --controller $name.py
"""

from app.api.own_controllers import own_controller
from app.operators.own import calling
from app.operators.own.controller import OwnController
from app.operators.own.edge import EdgeController

TEXT = $text
SPEC = $spec


class Written($base):
    name = "$name"
    reconciles = SPEC["parent"]

    def __init__(self):
        super().__init__(own_controller(self.name, {**SPEC, "text": TEXT}), calling.call)
''')

_HOOK = Template('''\
"""$name: a controller that was written on a page of Loopscope, as a webhook of a Metacontroller.

It needs Python and `pip install starlark-pyo3`, runs in the cluster behind the Service $name, and is asked
because of this object:

$composite
"""

import datetime
import json
from http.server import BaseHTTPRequestHandler, HTTPServer

import starlark

TEXT = $text


def answer(request):
    """What the text wants for a parent and its children."""
    now = datetime.datetime.now(datetime.timezone.utc)
    module = starlark.Module()
    module["now"] = {
        "unix": int(now.timestamp()),
        "hour": now.hour,
        "minute": now.minute,
        "weekday": now.strftime("%a"),
        "text": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    module.add_callable("print", print)
    tree = starlark.parse("$name", TEXT, starlark.Dialect.extended())
    starlark.eval(module, tree, starlark.Globals.standard())
    return module.freeze().call("sync", request["parent"], request["children"])


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps(answer(request)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    HTTPServer(("", 8080), Hook).serve_forever()
''')


def as_file(definition: Obj) -> str:
    spec = definition["spec"]
    base = "EdgeController" if spec["edge"] else "OwnController"
    rest = {key: value for key, value in spec.items() if key != "text"}
    return _FILE.substitute(name=name_of(definition), base=base, spec=repr(rest), text=repr(spec["text"]))


def as_hook(definition: Obj, kind: Callable[[str], Kind]) -> str:
    """Not for one that goes by events: a Metacontroller compares."""
    spec, name = definition["spec"], name_of(definition)
    parent = kind(spec["parent"])
    lines = [
        "    apiVersion: metacontroller.k8s.io/v1alpha1",
        "    kind: CompositeController",
        "    metadata:",
        f"      name: {name}",
        "    spec:",
        "      generateSelector: true",
        "      parentResource:",
        f"        apiVersion: {parent.api_version}",
        f"        resource: {parent.plural}",
        "      childResources:",
        *(line for key, how in spec["children"].items() for line in _child(kind(key), how)),
        "      hooks:",
        "        sync:",
        "          webhook:",
        f"            url: http://{name}.metacontroller:8080/sync",
    ]
    return _HOOK.substitute(name=name, composite="\n".join(lines), text=repr(spec["text"]))


def _child(kind: Kind, how: str) -> tuple[str, ...]:
    return (
        f"      - apiVersion: {kind.api_version}",
        f"        resource: {kind.plural}",
        "        updateStrategy:",
        f"          method: {how}",
    )
