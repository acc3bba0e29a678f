"""The Kubernetes REST face of a room, under `/rooms/<room>/kube`: what kubectl and client libraries talk to.

A read looks at the room's cluster; a write becomes a command (app/commands), so that it stands in the journal and on
the timeline like everything people do. Answers are JSON, whatever else a client would take too.

    routes     the blueprint: from a request to one of the functions below; refusals as a Status
    paths      which object, collection or subresource an address means
    accept     what the client wants to get: the object, its metadata, or a Table
    bodies     what the client sent: JSON, YAML or protobuf, to an object
    options    the query parameters of lists, watches and writes
    encoding   objects as bytes, once per version
    reads      get and list
    tables     `kubectl get`: rows of cells
    watches    streams of changes
    writes     create, replace, patch, delete and the subresources
    reviews    "may I?": yes, but for those who only look
    rights     what those may ask, and what the others are told
    logs       what a container has printed
    shell      what runs inside a container: a few commands, simulated
    sockets    the protocols of websockets
    execs      exec and attach over a websocket
"""

from __future__ import annotations

from app.web.kube import rights
from app.web.kube.routes import blueprint
from app.web.kube.sockets import PROTOCOLS

LOOKS = dict.fromkeys(("kube.face", "kube.root", "kube.talk"), rights.looks)

__all__ = ["LOOKS", "PROTOCOLS", "blueprint"]
