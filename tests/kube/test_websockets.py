"""exec, logs and watches over a real websocket, in every protocol that clients name."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from kubernetes import client, config
from kubernetes.stream import stream
from websocket import ABNF, WebSocket, create_connection

from app.nodes.runtime import shell
from tests.support.server import Server

TEN_S = 10.0


@pytest.fixture(scope="module")
def room(server: Server) -> Iterator[str]:
    visitor = server.stranger()
    base = f"/rooms/{visitor.room()}"
    visitor.post(f"{base}/pace", {"mode": "clock", "speed": "100"})
    yield f"{base}/kube"
    visitor.post(f"{base}/pace", {"paused": "true"})


@pytest.fixture(scope="module")
def pod(server: Server, room: str) -> str:
    """One whose container runs."""
    while True:
        listed = json.loads(server.get(f"{room}/api/v1/namespaces/default/pods"))["items"]
        for each in listed:
            if each["status"]["phase"] == "Running":
                return f"{room}/api/v1/namespaces/default/pods/{each['metadata']['name']}"


@contextmanager
def connected(server: Server, path: str, protocol: str = "") -> Iterator[WebSocket]:
    """A client that loses nothing of what comes together with the answer to its handshake."""
    ws = create_connection(server.ws + path, timeout=TEN_S, subprotocols=[protocol] if protocol else None)
    try:
        assert (ws.getsubprotocol() or "") == protocol
        yield ws
    finally:
        ws.shutdown()


def heard(ws: WebSocket) -> str | bytes | None:
    """The next message; None: the server closes."""
    opcode, data = ws.recv_data()
    if opcode == ABNF.OPCODE_CLOSE:
        return None
    return data.decode() if opcode == ABNF.OPCODE_TEXT else data


def talk(server: Server, path: str, protocol: str = "") -> list[Any]:
    """All messages until the server closes."""
    with connected(server, path, protocol) as ws:
        return list(iter(lambda: heard(ws), None))


def in_text(channel: int, data: bytes) -> str:
    return f"{channel}{base64.b64encode(data).decode()}"


SUCCESS = b'{"metadata": {}, "status": "Success"}'


@pytest.mark.parametrize(
    ("protocol", "is_text", "ending"),
    [
        ("v5.channel.k8s.io", False, [SUCCESS]),
        ("v4.channel.k8s.io", False, [SUCCESS]),
        ("v4.base64.channel.k8s.io", True, [SUCCESS]),
        ("channel.k8s.io", False, []),
        ("base64.channel.k8s.io", True, []),
        ("", False, []),
    ],
)
def test_a_command_runs_at_once_though_its_input_stays_open(
    server: Server, pod: str, protocol: str, is_text: bool, ending: list[bytes]
) -> None:
    name = pod.rpartition("/")[2]
    wanted = [(1, b""), (1, f"{name}\n".encode()), *((3, each) for each in ending)]
    said = talk(server, f"{pod}/exec?command=hostname&stdout=True&stdin=True", protocol)
    assert said == [in_text(*each) if is_text else bytes([each[0]]) + each[1] for each in wanted]


def test_an_old_protocol_is_told_in_words_what_went_wrong(server: Server, pod: str) -> None:
    said = talk(server, f"{pod}/exec?command=false&stdout=1", "channel.k8s.io")[-1]
    assert said == b"\x03command terminated with non-zero exit code: exit status 1"


def test_only_what_was_asked_for_is_sent(server: Server, pod: str) -> None:
    said = talk(server, f"{pod}/exec?command=ls&command=/none&stderr=1", "v5.channel.k8s.io")
    assert [message[0] for message in said] == [2, 2, 3]
    assert [message[0] for message in talk(server, f"{pod}/exec?command=hostname&stderr=1", "v5.channel.k8s.io")] == [
        2,
        3,
    ]


def test_what_is_typed_comes_back_piece_by_piece(server: Server, pod: str) -> None:
    with connected(server, f"{pod}/exec?command=cat&stdout=1&stdin=True", "v5.channel.k8s.io") as ws:
        assert heard(ws) == b"\x01"
        for piece in (b"one\n", b"\xff\x00"):
            ws.send_binary(b"\x00" + piece)
            assert heard(ws) == b"\x01" + piece
        ws.send_binary(b"\xff\x00")
        assert heard(ws) == b"\x03" + SUCCESS
        assert heard(ws) is None


@pytest.mark.parametrize(
    ("words", "reads"),
    [
        (["cat"], True),
        (["/bin/cat"], True),
        (["cat", "/etc/hosts"], False),
        (["sh", "-c", "hostname; cat"], True),
        (["sh", "-c", "hostname"], False),
        (["sh", "-c", "echo 'half"], False),
        (["hostname"], False),
    ],
)
def test_which_commands_wait_for_input(words: list[str], reads: bool) -> None:
    assert shell.awaits_input(words) is reads


@pytest.mark.parametrize(
    ("path", "protocol", "code"),
    [
        ("{pod}/exec?command=ls", "tomorrow.k8s.io", 403),
        ("{room}/api/v1/namespaces/default/pods/none/exec?command=ls", "v5.channel.k8s.io", 404),
        ("{pod}/exec?command=ls", "v4.channel.k8s.io", 400),
        ("{pod}/exec?command=ls", "v5.channel.k8s.io", 400),
        ("{pod}/attach?tty=1&stderr=1", "", 400),
        ("{room}/api/v1/namespaces/default/pods/none/log", "", 404),
        ("{room}/api/v1/namespaces", "", 200),
    ],
)
def test_what_is_refused_or_needs_no_socket_is_plain_http(
    server: Server, room: str, pod: str, path: str, protocol: str, code: int
) -> None:
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    headers |= {"Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw=="}
    headers |= {"Sec-WebSocket-Protocol": protocol} if protocol else {}
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=TEN_S)) as connection:
        connection.request("GET", path.format(room=room, pod=pod), headers=headers)
        response = connection.getresponse()
        assert response.status == code
        assert code != 400 or "you must specify at least 1 of stdin, stdout, stderr" in response.read().decode()


def test_a_log_comes_after_an_empty_message(server: Server, pod: str) -> None:
    empty, text = talk(server, f"{pod}/log?tailLines=1", "binary.k8s.io")
    assert (empty, text[-1:]) == (b"", b"\n")
    assert talk(server, f"{pod}/log?limitBytes=3", "base64.binary.k8s.io") == ["", base64.b64encode(b"sta").decode()]


@pytest.mark.parametrize("path", ["namespaces?watch=1&", "watch/namespaces?"])
def test_a_watch_has_a_text_for_each_event(server: Server, room: str, path: str) -> None:
    events = [json.loads(each) for each in talk(server, f"{room}/api/v1/{path}timeoutSeconds=1")]
    assert {event["type"] for event in events} == {"ADDED"}
    assert "default" in [event["object"]["metadata"]["name"] for event in events]


def test_the_official_python_client_has_a_shell(server: Server, room: str, pod: str) -> None:
    name = pod.rpartition("/")[2]
    cluster = {"name": "c", "cluster": {"server": server.url + room}}
    context = {"name": "c", "context": {"cluster": "c", "user": "c"}}
    users = [{"name": "c", "user": {}}]
    given = {"clusters": [cluster], "contexts": [context], "users": users, "current-context": "c"}
    with config.new_client_from_config_dict(given) as api:
        run = client.CoreV1Api(api).connect_get_namespaced_pod_exec
        options: dict[str, Any] = {"stdin": True, "stdout": True, "stderr": True, "tty": False}
        typing = stream(run, name, "default", command=["/bin/sh"], _preload_content=False, **options)
        typing.write_stdin("hostname\n")
        assert typing.readline_stdout(timeout=TEN_S) == name
        typing.write_stdin("exit 3\n")
        typing.run_forever(timeout=TEN_S)
        assert typing.returncode == 3
        typing.sock.shutdown()
