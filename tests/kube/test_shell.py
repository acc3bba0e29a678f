"""The simulated shell: pure, so in tables; and over the real websocket, with the real kubectl."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.api.objects import Obj
from app.nodes.runtime import shell
from tests.support.builders import pod
from tests.support.clients import Kubectl
from tests.support.patience import PATIENCE_S

SERVICE: Obj = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {"clusterIP": "10.96.0.7", "ports": [{"port": 80}]},
}
SLICE: Obj = {
    "kind": "EndpointSlice",
    "metadata": {"name": "web-1", "namespace": "default", "labels": {"kubernetes.io/service-name": "web"}},
    "endpoints": [
        {"addresses": ["10.244.1.2"], "conditions": {"ready": True}, "targetRef": {"name": "web-a"}},
        {"addresses": ["10.244.1.3"], "conditions": {"ready": False}, "targetRef": {"name": "web-b"}},
    ],
}


def place(**objects: list[Obj]) -> shell.Place:
    me = pod("me")
    me = {**me, "status": {**me.get("status", {}), "podIP": "10.244.1.9"}}
    container = {"name": "c", "image": "nginx:1.27", "env": [{"name": "COLOUR", "value": "blue"}]}
    return shell.Place(me, container, 5_000, lambda kind, _: objects.get(kind, []))


def place_with(**env: str) -> shell.Place:
    found = place()
    return shell.Place(
        found.pod,
        {**found.container, "env": [{"name": name, "value": value} for name, value in env.items()]},
        found.now_ms,
        found.objects,
    )


@pytest.mark.parametrize(
    ("text", "out", "code"),
    [
        ("hostname", "me\n", 0),
        ("echo $COLOUR ${COLOUR}s '$'", "blue blues $\n", 0),
        ("cat /etc/hostname", "me\n", 0),
        ("ls /etc", "hostname\nhosts\nresolv.conf\n", 0),
        ("false; echo $?", "1\n", 0),
        ("false && echo no; true || echo no; false || echo yes", "yes\n", 0),
        ("date", "1970-01-01T00:00:05Z\n", 0),
        ("exit 3", "", 3),
    ],
)
def test_lines(text: str, out: str, code: int) -> None:
    done = shell.run(["sh", "-c", text], place())
    assert (done.out, done.err, done.code) == (out, "", code)


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (["nope"], "sh: nope: not found", 127),
        (["cat", "/none"], "cat: /none: No such file or directory", 1),
        (["sh", "-c", "echo 'half"], "sh: syntax error", 2),
        (["kill", "7"], "there is only process 1 here", 1),
        (["tar", "cf", "-"], "kubectl cp is not possible here", 1),
        (["curl", "http://nowhere/"], "Could not resolve host: nowhere", 6),
        (["curl", "http://[/"], "bad address", 3),
    ],
)
def test_what_goes_wrong(words: list[str], said: str, code: int) -> None:
    done = shell.run(words, place())
    assert said in done.err
    assert done.code == code


TENFOLD = {f"V{n}": ";".join([f'sh -c "$V{n + 1}"'] * 10) for n in range(9)} | {"V9": "true"}
NO_FORK = shell.Done(err="sh: can't fork: Resource temporarily unavailable\n", code=2)
DISK_FULL = shell.Done(err="sh: write error: No space left on device\n", code=1)


@pytest.mark.parametrize(
    ("text", "env", "done"),
    [
        pytest.param("sh -c '$V0'", TENFOLD, NO_FORK, id="variables that run each other ten times each"),
        pytest.param("sh -c '$A'", {"A": "sh -c '$A'"}, NO_FORK, id="a variable that runs itself"),
        pytest.param(";".join(["true"] * 2_000), {}, NO_FORK, id="a long line"),
        pytest.param("true # " + "x" * 200_000, {}, NO_FORK, id="a longer one"),
        pytest.param("echo $A$A$A > /dev/null", {"A": "x" * 500_000}, DISK_FULL, id="words that grow"),
        pytest.param(";".join(["cat"] * 30), {}, DISK_FULL, id="the input again and again"),
        pytest.param(";".join(["env"] * 30), {"A": "x" * 50_000}, DISK_FULL, id="the environment again and again"),
    ],
)
def test_what_has_no_end_is_ended(text: str, env: dict[str, str], done: shell.Done) -> None:
    assert shell.run(["sh", "-c", text], place_with(**env), "y" * 50_000) == done
    assert shell.script(text, place_with(**env), "y" * 50_000) == done


def test_each_look_at_a_crowded_cluster_counts() -> None:
    crowded = place(Service=[SERVICE] * 1, Pod=[pod("p")] * 40_000)
    assert shell.run(["curl", "http://10.96.0.7/"], crowded).code == 7
    assert shell.run(["sh", "-c", ";".join(["curl http://10.96.0.7/"] * 9)], crowded) == NO_FORK


@pytest.mark.parametrize(("arguments", "code"), [("300", 44), ("9" * 5_000, 255), ("x", 0), ("٣", 0)])
def test_a_shell_ends_with_a_byte(arguments: str, code: int) -> None:
    assert shell.run(["exit", arguments], place()).code == code


@pytest.mark.parametrize("host", ["web", "web.default", "web.default.svc.cluster.local", "10.96.0.7"])
def test_a_service_is_answered_by_a_ready_endpoint(host: str) -> None:
    done = shell.run(["curl", "-s", f"http://{host}/x"], place(Service=[SERVICE], EndpointSlice=[SLICE]))
    assert done.out == "/x answered by web-a\n"


def test_a_service_without_endpoints_or_port_refuses() -> None:
    for url, found in (("web", []), ("web:81", [SLICE])):
        done = shell.run(["wget", url], place(Service=[SERVICE], EndpointSlice=found))
        assert ("Connection refused" in done.err, done.code) == (True, 7)


def test_the_environment_tells_of_services() -> None:
    env = shell.run(["env"], place(Service=[SERVICE])).out.splitlines()
    assert {"COLOUR=blue", "WEB_SERVICE_HOST=10.96.0.7", "WEB_SERVICE_PORT=80"} <= set(env)


def test_killing_process_1_is_the_end_of_the_container() -> None:
    assert shell.run(["kill", "-9", "1"], place()).kills
    assert shell.run(["sh", "-c", "kill 1; echo gone"], place()) == shell.Done("gone\n", kills=True)
    assert not shell.run(["kill", "-9", "7"], place()).kills


# ------------------------------------------------------------------------------------- over the websocket


@pytest.fixture
def web(kubectl: Kubectl) -> str:
    kubectl("rollout", "status", "deploy/web")
    return kubectl("get", "pods", "-o", "jsonpath={.items[0].metadata.name}")


@pytest.mark.kubectl(30)
def test_exec(kubectl: Kubectl, web: str) -> None:
    assert kubectl("exec", web, "--", "hostname") == f"{web}\n"
    assert kubectl("exec", "-i", web, "--", "cat", stdin="hello\n") == "hello\n"
    assert kubectl("exec", "-i", web, "--", "sh", stdin="echo one\nexit\necho two\n") == "one\n"
    assert "answered by web-" in kubectl("exec", "deploy/web", "--", "curl", "-s", "http://web/")
    assert f"HOSTNAME={web}" in kubectl("exec", web, "--", "env").splitlines()
    assert "WEB_SERVICE_HOST=" in kubectl("exec", "deploy/web", "--", "env")
    done = kubectl.run("exec", web, "--", "false")
    assert (done.returncode, done.stderr) == (1, "command terminated with exit code 1\n")
    assert kubectl.run("exec", web, "--", "sh", "-c", "exit 42").returncode == 42


@pytest.mark.kubectl(30)
def test_a_shell_at_a_terminal(kubectl: Kubectl, web: str) -> None:
    """Through a terminal of our own, since kubectl asks for one only where it has one."""
    typed = "hostname\nls /etc\nnope\nexit 7\n"
    shown, code = kubectl.at_terminal("exec", "-it", web, "--", "sh", typed=typed)
    lines = [line.removeprefix("/ # ") for line in shown.splitlines()]
    assert lines[lines.index("hostname") + 1] == web
    assert {"hosts", "resolv.conf", "exit 7"} <= set(lines)
    assert lines[lines.index("nope") + 1].startswith("sh: nope: not found")
    assert code == 7


@pytest.mark.kubectl(30)
def test_it_piped_into_is_a_shell_too(kubectl: Kubectl, web: str) -> None:
    done = kubectl.run("exec", "-it", web, "--", "sh", stdin="echo one\nexit 3\n")
    assert "one" in done.stdout.splitlines()
    assert "not a terminal" in done.stderr
    assert done.returncode == 3


@pytest.mark.kubectl(before=30)
@pytest.mark.parametrize("words", [("exec", "--", "ls"), ("attach",), ("exec", "-it", "--", "sh")], ids=" ".join)
def test_without_websockets_kubectl_says_what_it_takes(kubectl: Kubectl, web: str, words: tuple[str, ...]) -> None:
    command, *rest = words
    at = rest.index("--") if "--" in rest else len(rest)
    said = kubectl.refused(command, *rest[:at], web, *rest[at:], stdin="")
    assert "exec and attach need a websocket" in said
    assert "kubectl 1.30 or newer" in said


@pytest.mark.kubectl(29, before=30)
def test_1_29_can_be_told_to_use_websockets(kubectl: Kubectl, web: str) -> None:
    env = {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "true"}
    assert kubectl("exec", web, "--", "hostname", env=env) == f"{web}\n"


@pytest.mark.kubectl(30)
def test_kill_1_crashes_the_container_and_the_pod_stays(kubectl: Kubectl, web: str) -> None:
    kubectl("exec", web, "--", "kill", "1")
    kubectl("wait", "--for=jsonpath={.status.containerStatuses[0].restartCount}=1", f"pod/{web}")
    assert kubectl("logs", "--previous", web).endswith("exiting with code 137\n")


def test_nothing_is_behind_a_port(kubectl: Kubectl, web: str) -> None:
    for target in (web, "deploy/web", "svc/web"):
        assert "nothing listens on their ports" in kubectl.refused("port-forward", target, ":80")


@pytest.mark.kubectl(30)
def test_what_there_is_none_of_says_so(kubectl: Kubectl, web: str, tmp_path: Path) -> None:
    here = tmp_path / "file"
    here.write_text("text")
    assert "no files to copy" in kubectl.refused("cp", str(here), f"{web}:/x")
    back = kubectl.run("cp", f"{web}:/etc/hostname", str(here))
    assert back.returncode == 1
    assert "no files to copy" in back.stdout + back.stderr
    kubectl("run", "later", "--image=nginx:broken")
    assert "container not found" in kubectl.refused("exec", "later", "--", "ls")


@pytest.mark.kubectl(before=30)
def test_nor_can_the_older_copy(kubectl: Kubectl, web: str, tmp_path: Path) -> None:
    here = tmp_path / "file"
    here.write_text("text")
    for words in ((str(here), f"{web}:/x"), (f"{web}:/etc/hostname", str(here))):
        assert "need a websocket" in kubectl.refused("cp", *words)


@pytest.mark.kubectl(30)
def test_attach_shows_what_is_printed_until_the_end(kubectl: Kubectl, web: str) -> None:
    attached = kubectl.start("attach", web)
    assert attached.stdout is not None
    while "GET /" not in (line := attached.stdout.readline()):
        assert line, "attach ended by itself"
    kubectl("delete", "pod", web, "--wait=false")
    attached.communicate(timeout=PATIENCE_S)
    assert attached.returncode == 0


@pytest.mark.kubectl(30)
@pytest.mark.parametrize(("typed", "code"), [("echo hello $HOSTNAME\n", 0), ("echo hello $HOSTNAME\nexit 3\n", 3)])
def test_a_shell_of_its_own_does_what_is_typed_and_ends_with_it(kubectl: Kubectl, typed: str, code: int) -> None:
    run = ("run", "box", "--image=busybox", "--restart=Never", "--rm", "-i", "-q", "--", "sh")
    done = kubectl.run(*run, stdin=typed)
    assert done.returncode == code, done
    assert "hello box" in done.stdout.splitlines()
    assert "falling back" not in done.stderr
    assert "pod/box" not in kubectl("get", "pods", "-o", "name")
