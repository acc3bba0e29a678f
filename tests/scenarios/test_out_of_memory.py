"""A program that takes more memory than its container may have."""

from __future__ import annotations

from tests.support.world import World

LEAK = """
apiVersion: v1
kind: Pod
metadata: {name: leak}
spec:
  containers:
  - {name: app, image: "nginx:leak"%s}
"""


def test_past_its_limit_it_is_killed_restarted_and_killed_again() -> None:
    world = World()
    world.apply(LEAK % ", resources: {limits: {memory: 64Mi}}")
    world.wait(26)
    assert world.statuses() == ["Running"]
    world.wait(4)
    (pod,) = world.pods()
    (status,) = pod["status"]["containerStatuses"]
    assert status["restartCount"] == 1
    ended = status["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (137, "OOMKilled")
    world.wait(30)
    assert world.statuses() == ["CrashLoopBackOff"]
    (status,) = world.pods()[0]["status"]["containerStatuses"]
    assert status["lastState"]["terminated"]["reason"] == "OOMKilled"


def test_without_a_limit_nobody_minds() -> None:
    world = World()
    world.apply(LEAK % "")
    world.wait(600)
    (pod,) = world.pods()
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 0
