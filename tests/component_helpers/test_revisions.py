"""ControllerRevisions: names that a real Kubernetes 1.36 gave, and which revision a template is."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import names, objects
from app.api.errors import NotFound
from app.api.objects import Obj
from app.component_helpers import revisions


def owner(kind: str, name: str, container: dict[str, Any], **pod_spec: Any) -> Obj:
    """Defaulted as the recorded ones."""
    ended = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
    spec = {
        "containers": [{"imagePullPolicy": "IfNotPresent", "resources": {}, **ended, **container}],
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
        **pod_spec,
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": spec}
    meta = {"name": name, "namespace": "default", "uid": f"uid-{name}"}
    selector = {"matchLabels": {"app": name}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": meta,
        "spec": {"selector": selector, "template": template},
    }


def database(image: str) -> Obj:
    ports = [{"containerPort": 3306, "protocol": "TCP"}]
    return owner("StatefulSet", "db", {"name": "mysql", "image": image, "ports": ports})


def agent(image: str, **pod_spec: Any) -> Obj:
    return owner("DaemonSet", "agent", {"name": "agent", "image": image}, **pod_spec)


@pytest.mark.parametrize(
    ("of", "name", "label"),
    [
        (database("mysql:8.4"), "db-66b694ddbb", "controller.kubernetes.io/hash"),
        (database("mysql:9.0"), "db-65b4595d9c", "controller.kubernetes.io/hash"),
        (agent("fluentd:1"), "agent-6595fdb8c5", "controller-revision-hash"),
        (agent("fluentd:2"), "agent-6f545fc976", "controller-revision-hash"),
        (agent("fluentd:2", nodeSelector={"disk": "ssd"}), "agent-68d7967958", "controller-revision-hash"),
    ],
)
def test_names_are_kubernetes_own(of: Obj, name: str, label: str) -> None:
    made = revisions.new_revision(of, 1)
    assert made["metadata"]["name"] == name
    assert made["metadata"]["labels"] == {"app": of["metadata"]["name"], label: name.rpartition("-")[2]}


ONE, TWO = database("mysql:8.4"), database("mysql:9.0")
KEPT = [revisions.new_revision(ONE, 1), revisions.new_revision(TWO, 2)]


def test_a_revision_gives_its_template_back() -> None:
    assert revisions.template_of(KEPT[0]) == ONE["spec"]["template"]


def test_which_revision_the_present_template_is() -> None:
    assert revisions.history(ONE, []).update["revision"] == 1
    new = revisions.history(database("mysql:9.1"), KEPT)
    assert (new.exists, new.update["revision"]) == (False, 3)
    same = revisions.history(TWO, KEPT)
    assert (same.exists, same.update, same.held) == (True, KEPT[1], 2)
    back = revisions.history(ONE, reversed(KEPT))
    assert (back.exists, objects.name_of(back.update), back.update["revision"], back.held) == (
        True,
        "db-66b694ddbb",
        3,
        1,
    )


def test_turning_back() -> None:
    assert revisions.rollback_template(TWO, KEPT) == ONE["spec"]["template"]
    assert revisions.rollback_template(TWO, KEPT, 2) == TWO["spec"]["template"]
    with pytest.raises(NotFound, match="unable to find specified revision 9 in history"):
        revisions.rollback_template(TWO, KEPT, 9)
    with pytest.raises(NotFound, match="no last revision to roll back to"):
        revisions.rollback_template(TWO, KEPT[1:])


def test_a_limit_of_history_spares_what_is_in_use() -> None:
    limited = {**TWO, "spec": {**TWO["spec"], "revisionHistoryLimit": 0}}
    names = [objects.name_of(each) for each in KEPT]
    assert revisions.surplus(limited, KEPT, names) == []
    assert revisions.surplus(limited, KEPT, names[1:]) == KEPT[:1]


def test_the_hash_is_over_what_go_would_write() -> None:
    written = (
        '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"command":'
        '["sh","-c","a \\u003c b \\u0026\\u0026 é \\u003e c"]}]}}}}0'
    )
    template = {
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"command": ["sh", "-c", "a < b && é > c"]}]},
    }
    found = revisions.hash_of({"kind": "StatefulSet", "spec": {"template": template}})
    assert found == names.safe_encode(str(names.fnv32(written.encode())))
