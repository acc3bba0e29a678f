"""What no two clusters have in common, by its part in the cluster: one uid is always the same object, one address the
same pod. This is the whole table; what it does not name is compared as it is.
"""

from __future__ import annotations

import json
import re
from typing import Any

from tests.conformance.facts import RUN, TIME, UID, History, Obj

NODE = re.compile(r"\bnode-\d+\b")
ADDRESS = re.compile(r"\b\d+\.\d+\.\d+\.\d+(/\d+)?\b")
# (what, how it looks, what stands in its place), applied in this order after uids, addresses and names.
TEXTS = (
    ("a time with microseconds", re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"), "MICROTIME"),
    ("a time", TIME, "TIME"),
    ("a uid of nobody", UID, "UID"),
    ("the end of an Event's name", re.compile(r"\.[0-9a-f]{16}$"), ".N"),
    ("a run of a CronJob", RUN, r"\1-N"),
    ("a container", re.compile(r"containerd://[0-9a-f]{64}"), "containerd://ID"),
    ("an image", re.compile(r"sha256:[0-9a-f]{64}"), "sha256:ID"),
    ("the namespace", re.compile(r"\bref-[a-z]\b"), "default"),
    ("the host of the scheduler", re.compile(r"\bdefault-scheduler-[a-z-]+"), "default-scheduler-HOST"),
)
NUMBERED = {"resourceVersion": "VERSION", "machineID": "ID", "systemUUID": "ID", "bootID": "ID"}  # each its own
PROGRAM = ("command", "fake/")  # each cluster's way to say how long a program runs
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"  # compared by its fields

Path = tuple[str, ...]


class Renaming:
    """The names of one history. Pods are `web-cc544bdcc-*`, machines NODE1, NODE2 in the order an object names them."""

    def __init__(self, history: History) -> None:
        self.uids: dict[str, str] = {}
        self.addresses: dict[str, str] = {}
        self.words: dict[str, str] = {}
        for _, obj in history:
            self._learn(obj)
        self.pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, self.words or {"\0": ""})) + r")\b")
        for _, obj in history:
            self.uids[obj["metadata"]["uid"]] = f"uid of {obj['kind']} {self.text(obj['metadata']['name'])}"

    def _learn(self, obj: Obj) -> None:
        meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
        stem, _, tail = meta["name"].rpartition("-")
        if meta.get("generateName") == f"{stem}-" and not tail.isdecimal():
            self.words[tail] = "*"
        if obj["kind"] == "ReplicaSet" and "restartedAt" in str(spec):
            self.words[tail] = "HASH"  # of a template that bears a time
        self.addresses |= {address["ip"]: "IP of a pod" for address in status.get("podIPs") or ()}
        self.addresses |= {address: "IP of a Service" for address in spec.get("clusterIPs") or () if address != "None"}
        if obj["kind"] == "Node":
            self.addresses |= {each["address"]: "IP of a node" for each in status.get("addresses") or ()}

    def text(self, text: str) -> str:
        text = self.pattern.sub(lambda found: self.words[found[0]], text)
        text = UID.sub(lambda found: self.uids.get(found[0], found[0]), text)
        text = ADDRESS.sub(lambda found: self.addresses.get(found[0], "CIDR" if found[1] else "IP"), text)
        for _, pattern, place in TEXTS:
            text = pattern.sub(place, text)
        return text

    def fields(self, obj: Obj) -> dict[Path, Any]:
        """Path -> value of every field, renamed; what is empty is a value too."""
        found: dict[Path, Any] = {}
        self._walk(obj, (), found, {})
        return found

    def _walk(self, value: Any, path: Path, found: dict[Path, Any], nodes: dict[str, str]) -> None:
        if path and path[-1] == LAST_APPLIED:
            value = json.loads(value)
        if value and isinstance(value, dict):
            for key, item in value.items():
                if not key.startswith(PROGRAM):
                    self._walk(item, (*path, self.text(key)), found, nodes)
        elif value and isinstance(value, list):
            for index, item in enumerate(value):
                self._walk(item, (*path, f"[{index}]"), found, nodes)
        elif isinstance(value, str):
            named = NODE.sub(lambda node: nodes.setdefault(node[0], f"NODE{len(nodes) + 1}"), value)
            found[path] = NUMBERED.get(path[-1]) or self.text(named)
        else:
            found[path] = value
