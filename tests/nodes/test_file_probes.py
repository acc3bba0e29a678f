"""Whether a file is there that a probe looks for."""

from __future__ import annotations

from typing import Any

import pytest

from app.nodes.kubelet.file_probes import ALWAYS, NEVER, There, complaint, there
from app.nodes.runtime import images

FADES = ("sh", "-c", "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600")


@pytest.mark.parametrize(
    ("image", "program", "probe", "fields", "found"),
    [
        ("busybox", FADES, ["cat", "/tmp/healthy"], {}, There(0, 30_000)),
        ("busybox", ("sh", "-c", "sleep 5; touch /tmp/a; sleep 600"), ["ls", "/tmp/a"], {}, There(5_000, None)),
        ("busybox", ("sh", "-c", "rm /tmp/a; touch /tmp/a; sleep 9"), ["stat", "/tmp/a"], {}, There(0, None)),
        ("busybox", ("sleep", "9"), ["test", "-f", "/var/ready"], {}, NEVER),
        ("busybox", ("sleep", "9"), ["test", "-n", "/var/ready"], {}, ALWAYS),
        ("busybox", ("sleep", "9"), ["cat", "/etc/hosts"], {}, ALWAYS),
        ("busybox", ("sleep", "9"), ["cat", "/work/a"], {"volumeMounts": [{"mountPath": "/work"}]}, ALWAYS),
        ("example.com/team/app", (), ["cat", "/tmp/healthy"], {}, ALWAYS),
        ("busybox", ("sleep", "9"), ["pgrep", "sleep"], {}, ALWAYS),
    ],
)
def test_when_it_is_there(
    image: str, program: tuple[str, ...], probe: list[str], fields: dict[str, Any], found: There
) -> None:
    assert there(probe, {"image": image, **fields}, images.program(image, program)) == found


def test_it_is_there_from_when_it_was_made_until_it_is_removed() -> None:
    assert [There(5, 30).is_so(ran_ms) for ran_ms in (4, 5, 29, 30)] == [False, True, True, False]
    assert not NEVER.is_so(0)


def test_busybox_and_gnu_say_it_in_their_own_ways() -> None:
    probe = ["cat", "/tmp/healthy"]
    assert complaint(probe, "busybox:1.36") == "cat: can't open '/tmp/healthy': No such file or directory"
    assert complaint(probe, "debian") == "cat: /tmp/healthy: No such file or directory"
    assert complaint(["test", "-f", "/tmp/healthy"], "debian") == ""
