"""What an image does, by its tag, its name and the manifest's command."""

from __future__ import annotations

import shlex

import pytest

from app.engine import latency
from app.nodes.runtime import images
from app.nodes.runtime.images import REALISTIC, ZERO, Program, program


@pytest.mark.parametrize(
    ("image", "name", "tag"),
    [
        ("nginx", "nginx", "latest"),
        ("nginx:1.27", "nginx", "1.27"),
        ("ghcr.io/acme/shop:crash", "shop", "crash"),
        ("localhost:5000/shop", "shop", "latest"),
        ("nginx:1.27@sha256:abc", "nginx", "1.27"),
    ],
)
def test_an_image_has_a_name_and_a_tag(image: str, name: str, tag: str) -> None:
    assert images.name_and_tag(image) == (name, tag)


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("nginx:broken", "docker.io/library/nginx:broken"),
        ("acme/shop", "docker.io/acme/shop:latest"),
        ("ghcr.io/acme/shop:1", "ghcr.io/acme/shop:1"),
        ("localhost:5000/shop:1", "localhost:5000/shop:1"),
    ],
)
def test_a_short_name_means_docker_hub(image: str, full: str) -> None:
    assert images.reference(image) == full


@pytest.mark.parametrize(
    ("command", "ended_ms"), [("mysqldump --host=db", 5_000), ("sh -c 'sleep 2; pg_dump db'", 7_000), ("mysqld", None)]
)
def test_a_dump_comes_to_an_end(command: str, ended_ms: int | None) -> None:
    assert program("mysql:8.4", tuple(shlex.split(command))).exit_ms == ended_ms


def test_any_name_runs_and_serves_whatever_port_it_is_asked_on() -> None:
    unknown = program("my-own-app:v3")
    assert unknown.ports is None
    assert unknown.exit_ms is None
    assert unknown.pulls
    assert unknown == program("my-own-app:v3")


@pytest.mark.parametrize(
    ("image", "facts"),
    [
        ("anything:broken", {"pulls": False}),
        ("anything:crash", {"exit_ms": 3_000, "exit_code": 1}),
        ("anything:slow", {"ready_ms": 20_000}),
        ("anything:unready", {"passes_readiness": False}),
        ("nginx:1.27", {"ports": (80,), "stop_code": 0}),
        ("busybox", {"exit_ms": 0, "exit_code": 0}),
    ],
)
def test_tags_and_well_known_names_have_their_ways(image: str, facts: dict[str, object]) -> None:
    assert program(image)._asdict().items() >= facts.items()


@pytest.mark.parametrize(
    ("image", "command", "exit_ms", "exit_code"),
    [
        ("busybox", "sleep 30", 30_000, 0),
        ("busybox", "sh -c 'echo hello; sleep 2; sleep 1.5; exit 3'", 3_500, 3),
        ("nginx", "sleep 1h", 3_600_000, 0),
        ("busybox", "true", 0, 0),
        ("busybox", "false", 0, 1),
        ("busybox", "echo hello", 0, 0),
        ("busybox", "sleep infinity", None, 0),
        ("debian", "sleep inf", None, 0),
        ("alpine", "sh -c 'tail -F /var/log/app.log'", None, 0),
        ("alpine", "sh -c 'until ask; do sleep 1; done; exec serve'", None, 0),
        ("alpine", "sh -c 'exec sleep 5'", 5_000, 0),
        ("alpine", "sh -c 'test -d /data || exit 1; echo ready'", 0, 0),
        ("alpine", "sh -c 'echo ready && exit 42'", 0, 42),
        ("alpine", "sh -c 'while true; do date; sleep 1; done'", None, 0),
        ("nginx", "nginx -g 'daemon off;'", None, 0),
        ("my-app", "serve --port 8080", None, 0),
        ("perl", "perl -Mbignum=bpi -wle 'print bpi(2000)'", 0, 0),
        ("python:3.13", "python -c 'import time; time.sleep(4)'", 4_000, 0),
        ("python:3.13", "python app.py", 0, 0),
        ("curlimages/curl", "curl http://web", 0, 0),
        ("bitnami/kubectl", "kubectl get pods", 0, 0),
    ],
)
def test_a_command_says_how_long_it_runs_and_how_it_ends(
    image: str, command: str, exit_ms: int | None, exit_code: int
) -> None:
    does = program(image, tuple(shlex.split(command)))
    assert (does.exit_ms, does.exit_code) == (exit_ms, exit_code)


def test_a_shell_waits_where_somebody_may_type() -> None:
    assert program("busybox", ("sh",)).exit_ms == 0
    assert program("busybox", ("sh",), stdin=True).exit_ms is None
    assert program("busybox", stdin=True).exit_ms is None
    assert program("perl").exit_ms == 0


@pytest.mark.parametrize(
    ("image", "pulls"),
    [("nginx:1.161", False), ("nginx:1.16.1", True), ("nginx:1.29-alpine", True), ("shop:9.999", True)],
)
def test_a_version_that_nobody_released_does_not_pull(image: str, pulls: bool) -> None:
    assert program(image).pulls == pulls


def test_the_work_of_an_init_container_ends() -> None:
    prepares, serves, waits = ("sh", "-c", "echo a > /data/b"), (), ("sh", "-c", "while true; do ask; done")
    assert program("nginx", prepares).exit_ms == 0
    assert program("migrations:3", ("migrate", "up"), ends=True).exit_ms == 0
    assert program("migrations:3", ends=True).exit_ms == 0
    assert program("nginx", serves, ends=True).exit_ms is None
    assert program("nginx", waits, ends=True).exit_ms is None


def test_a_shell_as_process_1_ignores_sigterm() -> None:
    assert program("busybox", ("sleep", "3600")).stop_ms is None
    assert program("nginx").stop_ms == 1_000


def test_a_pull_takes_longer_the_bigger_the_image_and_little_if_it_is_there() -> None:
    big = Program(size_bytes=100_000_000)
    assert REALISTIC.pull_ms(big, present=False) == 400 + 40 * 100
    assert REALISTIC.pull_ms(big, present=True) == 400
    assert REALISTIC.pull_ms(big._replace(pulls=False), present=False) == 400
    assert ZERO.pull_ms(big, present=False) == 0
    assert ZERO.of_program(8_000) == 0


def test_every_latency_preset_says_how_fast_machines_are() -> None:
    assert set(latency.PRESETS) <= set(images.PRESETS)


def test_the_error_of_a_missing_image_is_containerds() -> None:
    assert images.pull_error("nginx:broken") == (
        'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:broken": failed to '
        'resolve reference "docker.io/library/nginx:broken": docker.io/library/nginx:broken: not found'
    )
