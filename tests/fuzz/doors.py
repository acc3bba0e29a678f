"""The doors that strangers have, each with inputs of its own: most of them in order but for one thing.

A door sends one request into the room and answers the status code and what came back. `sent` tells what it was.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from flask import Flask
from werkzeug.test import TestResponse

from app import scenarios
from app.api.kinds import Kind
from app.api.objects import Obj, name_of, namespace_of, ref_of
from app.apimachinery import yamltext
from app.cluster import Cluster
from app.commands import COMMANDS
from app.commands.base import types_of
from app.web.kube import execs, sockets
from tests.fuzz import inputs
from tests.simulation.test_odd_manifests import GOOD, garbled
from tests.support.browser import Browser

MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
JSON, APPLY = "application/json-patch+json", "application/apply-patch+yaml"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
SPEED = 30  # virtual seconds a second
ENDLESS = "9" * 5000
LINES = (
    "hostname", "env", "echo $HOSTNAME ${PATH}s", "cat /etc/hosts", "ls /etc", "ps", "curl -s http://web/",
    "wget shop:80", "kill 1", "false && echo no || echo yes", "echo 'half", "exit 3", "test", "sh -c 'echo $?'", "cat",
    "date", "curl http://[::1", "curl http://web:99999/", f"exit {ENDLESS}", "echo \ud800", "",
)  # fmt: skip
SELECTORS = (
    "app=web", "app!=web", "app in (web, shop)", "!app", "app notin ()", "a=b,c", "metadata.name=web",
    "spec.nodeName=node-1", "status.phase=Running", "app=é", "=", ",", "(", "a in", "\ud800", "x" * 5000,
)  # fmt: skip
ODD_HEADERS = (
    "", "x", ",", ";", "application/json;as=Table", "*/*;q=x", "é", "a" * 5000, '"', "application/yaml", TABLE, "-1",
)  # fmt: skip
HEADERS = (
    "Accept", "Content-Type", "User-Agent", "Accept-Language", "Cookie", "If-Match", "X-CSRF-Token", "Range", "Origin",
    "Host", "Accept-Encoding", "Connection", "Upgrade", "HX-Request", "X-Forwarded-For",
)  # fmt: skip
LIKELY = {
    "scale": ("Deployment", "StatefulSet", "ReplicaSet", "Job", "Pod"),
    "image": ("Deployment", "StatefulSet", "DaemonSet", "Pod", "CronJob", "Service"),
    "undo": ("Deployment", "StatefulSet", "DaemonSet", "Pod"),
    "restart": ("Deployment", "StatefulSet", "DaemonSet", "Service"),
    "suspend": ("CronJob", "Job", "Pod"),
    "run-now": ("CronJob", "Job"),
    "traffic": ("Service", "Pod"),
    "crash": ("Pod",),
    "label": ("Pod", "Node"),
    "delete": ("Pod", "Job", "ReplicaSet", "Deployment"),
}
SCALED = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")


class Answer(NamedTuple):
    code: int
    text: str = ""

    @staticmethod
    def of(response: TestResponse) -> Answer:
        return Answer(response.status_code, response.get_data(as_text=True))


class Typing:
    """A client of exec that sends some messages and hangs up."""

    def __init__(self, messages: list[bytes | str]) -> None:
        self.messages = messages
        self.sent: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def receive(self, timeout: float | None = None) -> bytes | str | None:
        return self.messages.pop(0) if self.messages else None


class Doors:
    def __init__(self, app: Flask, browser: Browser, rng: random.Random) -> None:
        self.sent = ""
        self._app, self._browser, self._rng = app, browser, rng
        self.all: dict[str, Callable[[], Answer]] = {
            "manifest": self._manifest, "plan": self._plan, "page command": self._command, "pace": self._pace,
            "lesson": self._lesson, "page": self._page, "create": self._create, "replace": self._replace,
            "status": self._status, "merge patch": self._merge, "strategic patch": self._strategic,
            "JSON patch": self._json_patch, "server-side apply": self._apply, "scale": self._scale,
            "delete": self._delete, "eviction, binding": self._of_pod, "token": self._token, "list": self._list,
            "watch": self._watch, "log": self._log, "exec": self._exec, "headers": self._headers,
        }  # fmt: skip

    # ------------------------------------------------------------------------------------------ how it is sent

    @property
    def _cluster(self) -> Cluster:
        return self._browser.room.cluster

    def post(self, path: str, data: dict[str, Any]) -> Answer:
        """A form of the page."""
        self.sent = f"POST {path} {data!r}"
        return Answer.of(self._browser.post(path, data={key: _sendable(value) for key, value in data.items()}))

    def get(self, path: str) -> Answer:
        self.sent = f"GET {path[:200]}"
        return Answer.of(self._browser.get(path))

    def table(self, kind: Kind) -> Answer:
        """As `kubectl get` asks for it."""
        return self._ask("GET", path_of(kind), Accept=TABLE)

    def _ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        text = (
            body if isinstance(body, str) or body is None else json.dumps(body, ensure_ascii=self._rng.random() < 0.9)
        )
        data = text.encode("utf-8", "surrogatepass") if text is not None else None
        self.sent = f"{method} {path} {text!r}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self._browser.base}/kube{path}"
        return Answer.of(self._browser.client.open(url, method=method, data=data, headers=named))

    def _query(self, path: str, query: dict[str, Any], accept: str = "application/json") -> Answer:
        self.sent = f"GET {path} {query!r}"
        sendable = {key: _sendable(value) for key, value in query.items()}
        url = f"{self._browser.base}/kube{path}"
        return Answer.of(self._browser.client.get(url, query_string=sendable, headers={"Accept": accept}))

    # ------------------------------------------------------------------------------------------ what it is about

    def _good(self) -> Obj:
        """An object that is in order: one of ours, or one of the cluster's as somebody would send it back."""
        if self._rng.random() < 0.6:
            return self._rng.choice(GOOD)
        obj = self._object()
        kept = ("name", "namespace", "labels", "annotations")
        meta = {key: value for key, value in obj["metadata"].items() if key in kept}
        return {**{key: value for key, value in obj.items() if key != "status"}, "metadata": meta}

    def _object(self, *kinds: str) -> Obj:
        served = [kind.key for kind in self._cluster.scheme.served() if self._cluster.count(kind.key)]
        found = [kind for kind in served if not kinds or kind in kinds]
        return self._rng.choice(self._cluster.objects(self._rng.choice(found or ["Namespace"])))

    def _address(self, obj: Obj) -> str:
        kind = self._cluster.scheme.lookup(obj["kind"])
        assert kind is not None
        return path_of(kind, obj)

    # ------------------------------------------------------------------------------------------ the page

    def _manifest(self) -> Answer:
        return self.post("/commands/apply", {"text": self._text()})

    def _plan(self) -> Answer:
        return self.post("/plan", {"manifest": self._text()})

    def _text(self) -> str:
        rng = self._rng
        chosen = [inputs.changed(self._good(), rng) for _ in range(rng.choice([1, 1, 2]))]
        text = "\n---\n".join(json.dumps(each) if rng.random() < 0.2 else _yaml(each) for each in chosen)
        return garbled(rng, text) if rng.random() < 0.1 else text

    def _command(self) -> Answer:
        """A command with what it needs, and now and then one field of it as nobody would fill it in."""
        rng = self._rng
        names = [do for do, kind in COMMANDS.items() if kind.on_forms and do not in ("apply", "turns")]
        do, form = rng.choice(names), dict[str, str]()
        for name, type_ in types_of(COMMANDS[do]).items():
            if type_ == "Ref":
                obj = self._object(*LIKELY.get(do, ()))
                form |= {"kind": obj["kind"], "namespace": namespace_of(obj), "name": name_of(obj)}
            elif name in ("node", "zone", "actor", "replicas", "image", "label", "preset", "rps") or rng.random() < 0.5:
                form[name] = self._likely(name, type_)
        if form and rng.random() < 0.4:
            values = [*inputs.TEXTS, *inputs.INTEGERS[:9], *inputs.QUANTITIES]
            form[rng.choice(sorted(form))] = str(rng.choice(values))
        answer = self.post(f"/commands/{do}", form)
        if do == "api-server" and rng.random() < 0.8:
            self.post("/commands/api-server", {"down": "false"})
        return answer

    def _likely(self, name: str, type_: str) -> str:
        rng = self._rng
        match name:
            case "node":
                return f"node-{rng.randrange(1, 5)}"
            case "actor":
                return rng.choice([*self._cluster.actors, "kubelet"])
            case "cpu" | "memory":
                return rng.choice(["4", "100m", "8Gi", "abc", "-1", "0", "1e30", ENDLESS])
            case "image":
                return rng.choice(["nginx:1.28", "nginx:broken", "nginx:crash", "x", ""])
            case "preset":
                return rng.choice(["textbook", "realistic", "stormy"])
            case "grace_seconds":
                return rng.choice(["0", "1", "30", "900000000000", "-5"])
            case "value" | "label":
                return rng.choice(["app", "web", "other", "a/b"])
            case "zone":
                return rng.choice(["", "zone-a", "x y"])
        if type_.startswith("int"):
            return rng.choice(["0", "1", "3", "7", "60"])
        return rng.choice(["true", "false"]) if type_.startswith("bool") else rng.choice(["", "x", "Background"])

    def _pace(self) -> Answer:
        speed, mode = (
            self._rng.choice(["60", "1", "nan", "-1", "1e999", "x"]),
            self._rng.choice(["story", "clock", "x"]),
        )
        forms: list[tuple[str, dict[str, str]]] = [
            ("/pace", {"speed": speed}), ("/pace", {"mode": mode}), ("/pace", {"paused": mode}), ("/step", {}),
            ("/finish", {}), ("/moment", {}), ("/quiet", {}),
        ]  # fmt: skip
        answer = self.post(*self._rng.choice(forms))
        self.post("/pace", {"mode": "clock", "paused": "false", "speed": str(SPEED)})
        return answer

    def _lesson(self) -> Answer:
        if self._rng.random() < 0.1:
            known = [each.id for each in scenarios.every()]
            return self.post("/scenario", {"scenario": self._rng.choice([*known, "x", ""])})
        index = self._rng.choice([0, 0, 1, 2, 3, 99])
        return self.post(f"/script/{index}", {"name": self._rng.choice(["", "web", "x"])})

    def _page(self) -> Answer:
        obj, newest = self._object(), self._cluster.trace.count
        ref = f"/objects/{obj['kind']}/{namespace_of(obj) or '-'}/{name_of(obj)}"
        field = self._rng.choice(["spec", "status.conditions", "x.y", "", ".", f"a[{ENDLESS}]"])
        paths = [
            "", "/snapshot", "/documents", ref, f"{ref}?view=describe", f"{ref}/yaml", "/steps/1", f"/steps/{newest}",
            f"/steps/{ENDLESS}", "/objects/X/-/x", f"/explain?kind={obj['kind']}&path={field}",
        ]  # fmt: skip
        return self.get(self._rng.choice(paths))

    # ------------------------------------------------------------------------------------------ the Kubernetes face

    def _create(self) -> Answer:
        rng, good = self._rng, self._good()
        sent = inputs.changed(good, rng)
        if rng.random() < 0.3 and isinstance(sent.get("metadata"), dict):
            sent = {**sent, "metadata": {**sent["metadata"], "name": f"n{rng.randrange(99)}"}}
        path = self._address(good).rpartition("/")[0]
        if rng.random() < 0.1:
            return self._ask("POST", path, _yaml(sent), Content_Type="application/yaml")
        return self._ask("POST", path + rng.choice(["", "", "?dryRun=All", "?fieldValidation=Strict"]), sent)

    def _replace(self) -> Answer:
        obj = self._object()
        return self._ask("PUT", self._address(obj), inputs.changed(obj, self._rng))

    def _status(self) -> Answer:
        kinds = [kind.key for kind in self._cluster.scheme.served() if "status" in kind.subresources]
        obj = self._object(*kinds)
        status, path = inputs.status_of(obj, self._rng), f"{self._address(obj)}/status"
        if self._rng.random() < 0.5:
            return self._ask("PUT", path, {**obj, "status": status})
        return self._ask("PATCH", path, {"status": status}, Content_Type=MERGE)

    def _merge(self) -> Answer:
        obj = self._object()
        return self._ask("PATCH", self._address(obj), inputs.patch_of(obj, self._rng), Content_Type=MERGE)

    def _strategic(self) -> Answer:
        obj, rng = self._object(), self._rng
        patch = inputs.patch_of(obj, rng)
        if rng.random() < 0.3:
            patch = inputs.changed({"apiVersion": obj["apiVersion"], "kind": obj["kind"], **patch}, rng)
            patch[rng.choice(["$patch", "$retainKeys", "$setElementOrder/x"])] = rng.choice(["merge", ["a"], 1])
        return self._ask("PATCH", self._address(obj), patch, Content_Type=STRATEGIC)

    def _json_patch(self) -> Answer:
        obj = self._object()
        return self._ask("PATCH", self._address(obj), inputs.json_patch_of(obj, self._rng), Content_Type=JSON)

    def _apply(self) -> Answer:
        good, rng = self._good(), self._rng
        path = f"{self._address(good)}?fieldManager=f{rng.randrange(3)}&force={rng.choice(['true', 'false'])}"
        return self._ask("PATCH", path, inputs.changed(good, rng), Content_Type=APPLY)

    def _scale(self) -> Answer:
        replicas = self._rng.choice([0, 1, 4, 9, -1, 2**31, 1.5, None, "1", True])
        path = f"{self._address(self._object(*SCALED))}/scale"
        media_type = self._rng.choice([MERGE, MERGE, APPLY, JSON])
        return self._ask("PATCH", path, {"spec": {"replicas": replicas}}, Content_Type=media_type)

    def _delete(self) -> Answer:
        rng = self._rng
        options = [
            None, {}, {"gracePeriodSeconds": rng.choice([*inputs.INTEGERS, "x", None])},
            {"propagationPolicy": rng.choice(["Orphan", "Foreground", "Background", "x", 1])},
            {"preconditions": rng.choice([{}, {"uid": "x"}, [], 1])},
        ]  # fmt: skip
        kinds = ("Pod", "Job", "ReplicaSet", "ConfigMap", "Event") if rng.random() < 0.8 else ()
        path, body = self._address(self._object(*kinds)), rng.choice(options)
        if rng.random() < 0.1:
            path = f"{path.rpartition('/')[0]}?labelSelector={rng.choice(SELECTORS[:3])}"
        return self._ask("DELETE", path, body)

    def _of_pod(self) -> Answer:
        path, rng = self._address(self._object("Pod")), self._rng
        if rng.random() < 0.5:
            body = {"kind": "Eviction", "deleteOptions": {"gracePeriodSeconds": rng.choice([None, *inputs.INTEGERS])}}
            return self._ask("POST", f"{path}/eviction", rng.choice([body, body, {}, [], None, 1]))
        target = rng.choice([{"name": "node-1"}, {"name": rng.choice(inputs.TEXTS)}, {}, None, 1])
        return self._ask("POST", f"{path}/binding", {"target": target})

    def _token(self) -> Answer:
        rng = self._rng
        if not self._cluster.count("ServiceAccount"):
            self._ask("POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "robot"}})
        seconds, audiences = (
            rng.choice([None, 600, 3600, *inputs.INTEGERS, "x"]),
            rng.choice([None, [], ["a"], [1], "x"]),
        )
        spec = {"expirationSeconds": seconds, "audiences": audiences}
        path = f"{self._address(self._object('ServiceAccount'))}/token"
        return self._ask("POST", path, rng.choice([{"spec": spec}, {"spec": spec}, {}, [], None]))

    def _list(self) -> Answer:
        rng, query = self._rng, dict[str, str]()
        numbers = ["0", "1", "3", "-1", "9" * 30, ENDLESS, "x"]
        for name in rng.sample(["labelSelector", "fieldSelector", "limit", "continue", "resourceVersion"], 2):
            query[name] = rng.choice(SELECTORS if "Selector" in name else numbers)
        if rng.random() < 0.3:
            query["resourceVersionMatch"] = rng.choice(["Exact", "NotOlderThan", "x"])
        accept = rng.choice(["application/json", TABLE, TABLE.replace("Table", "PartialObjectMetadataList")])
        return self._query(path_of(rng.choice(self._cluster.scheme.served())), query, accept)

    def _watch(self) -> Answer:
        """What there is already; then the room ends it."""
        rng = self._rng
        chosen = [
            {}, {"resourceVersion": "1"}, {"resourceVersion": rng.choice(["0", "9" * 19, ENDLESS])},
            {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"},
            {"labelSelector": rng.choice(SELECTORS)},
        ]  # fmt: skip
        query = {"watch": "true", "timeoutSeconds": rng.choice(["1", "0", "-1", "x", "9" * 18]), **rng.choice(chosen)}
        sendable = {key: _sendable(value) for key, value in query.items()}
        path = path_of(rng.choice(self._cluster.scheme.served()))
        self.sent = f"WATCH {path} {query!r}"
        headers = {"Accept": rng.choice(["application/json", TABLE])}
        url = f"{self._browser.base}/kube{path}"
        with self._browser.client.get(url, query_string=sendable, buffered=False, headers=headers) as response:
            if response.status_code == 200:
                pieces = response.iter_encoded()
                next(pieces)
                self._browser.room.dismiss()
                for piece in pieces:
                    for line in piece.splitlines():
                        json.loads(line)
            return Answer(response.status_code)

    def _log(self) -> Answer:
        rng = self._rng
        numbers = ["", "0", "1", "-1", "x", "9" * 18, ENDLESS]
        names = rng.sample(["tailLines", "sinceSeconds", "limitBytes", "timestamps", "previous"], 2)
        query = {name: rng.choice(numbers) for name in names}
        times = ["2026-01-01T00:00:00Z", "x", "9999-99-99T00:00:00Z"]
        query |= rng.choice([{}, {"container": "x"}, {"sinceTime": rng.choice(times)}])
        return self._query(f"{self._address(self._object('Pod'))}/log", query)

    def _exec(self) -> Answer:
        rng, pod = self._rng, self._object("Pod")
        line = rng.choice(LINES)
        words = rng.choice([line.split() or [""], ["sh", "-c", line], ["sh"], [line]])
        possible = [
            b"\x00" + _sendable(line) + b"\n",
            b"\x04{}",
            b"\x09x",
            b"",
            "text",
            b"\x00\x7f\x03\x04\xff",
            b"\xff",
        ]
        messages: list[bytes | str] = [rng.choice(possible) for _ in range(rng.randrange(4))]
        query = [("command", _sendable(word)) for word in words]
        query += [(name, b"true") for name in ("stdin", "tty", "stdout") if rng.random() < 0.5]
        self.sent = f"EXEC {words!r} {messages!r}"
        typing = Typing(messages)
        with self._app.test_request_context("/?" + "&".join(f"{name}={_quoted(value)}" for name, value in query)):
            channels = sockets.Channels(typing, sockets.V5, execs.streams().outputs)
            execs.serve(channels, self._browser.room, ref_of(pod), attach=False)
        return Answer(json.loads(typing.sent[-1][1:]).get("code", 200))

    def _headers(self) -> Answer:
        """A good request in odd clothes, of somebody whom nobody knows."""
        rng, base = self._rng, self._browser.base
        given = {name: rng.choice(ODD_HEADERS) for name in rng.sample(HEADERS, 2)}
        paths = [
            "", "/snapshot", "/kube/api/v1/pods", "/kube/api", "/kube/openapi/v2", "/kubeconfig", "/live",
            "/kube/api/v1/namespaces/default/pods/x/exec", "/explain?kind=Pod&path=spec",
        ]  # fmt: skip
        stranger, path = self._app.test_client(), rng.choice(paths)
        self.sent = f"{path} {given!r}"
        if rng.random() < 0.3:
            configs = f"{base}/kube/api/v1/namespaces/default/configmaps"
            return Answer.of(stranger.post(configs, data='{"metadata": {"name": "a"}}', headers=given))
        return Answer.of(stranger.get(base + path, headers=given))


def looks(doors: Doors, cluster: Cluster) -> Iterator[Answer]:
    """Every kind as `kubectl get` prints it, every object on every page, the newest steps."""
    for path in ("", "/snapshot", "/documents"):
        yield doors.get(path)
    for kind in cluster.scheme.served():
        yield doors.table(kind)
        for obj in cluster.objects(kind.key)[:30]:
            ref = f"/objects/{kind.key}/{namespace_of(obj) or '-'}/{name_of(obj)}"
            for view in ("", "?view=describe", "/yaml"):
                yield doors.get(ref + view)
    for number in range(max(cluster.trace.first, cluster.trace.count - 30), cluster.trace.count):
        yield doors.get(f"/steps/{number}")


def path_of(kind: Kind, obj: Obj | None = None) -> str:
    """Of a collection in all namespaces, or of one object."""
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    if obj is None:
        return f"{root}/{kind.plural}"
    namespace = f"/namespaces/{namespace_of(obj) or 'default'}" if kind.namespaced else ""
    return f"{root}{namespace}/{kind.plural}/{obj['metadata'].get('name', '')}"


def _yaml(obj: Any) -> str:
    """As YAML, or as JSON where half a surrogate is in it."""
    try:
        return yamltext.dump(obj)
    except UnicodeEncodeError:
        return json.dumps(obj)


def _sendable(value: Any) -> bytes:
    return str(value).encode("utf-8", "surrogatepass")


def _quoted(data: bytes) -> str:
    return "".join(f"%{byte:02x}" for byte in data)
