"""What was applied is told by what it changed."""

from __future__ import annotations

import pytest

from app.cluster import Cluster
from app.commands import Apply, Bootstrap
from app.engine.trace import Commanded
from app.web.present import caption
from tests.support.telling import words_of

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
"""
OTHER = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n"


@pytest.mark.parametrize(
    ("text", "en", "ja"),
    [
        (WEB, "You apply Deployment web: nothing changes.", "Deployment webを適用します。変更はありません。"),
        (
            WEB.replace("replicas: 3", "replicas: 5"),
            "You change replicas of Deployment web: 3 → 5.",
            "Deployment webのreplicasを3から5に変えます。",
        ),
        (
            WEB.replace("1.27", "1.28"),
            "You change image of Deployment web: nginx:1.27 → nginx:1.28.",
            "Deployment webのimageをnginx:1.27からnginx:1.28に変えます。",
        ),
        (
            WEB.replace("replicas: 3", "replicas: 3\n  paused: true"),
            "You add paused to Deployment web: true.",
            "Deployment webにpaused: trueを加えます。",
        ),
        (
            WEB.replace("replicas: 3", "replicas: 2\n  minReadySeconds: 5"),
            "You change Deployment web.",
            "Deployment webを変更します。",
        ),
        (WEB.replace("name: web}", "name: new}"), "You create Deployment new.", "Deployment newを作成します。"),
        (WEB + OTHER, "You apply 2 objects.", "2個のオブジェクトを適用します。"),
    ],
)
def test_an_apply_says_what_it_changed(text: str, en: str, ja: str) -> None:
    cluster = Cluster(seed=1)
    cluster.submit(Bootstrap(1))
    cluster.submit(Apply(WEB))
    cluster.run()
    step = cluster.submit(Apply(text))
    assert isinstance(step.record, Commanded)
    for lang, said in (("en", en), ("ja", ja)):
        assert caption(step, words_of(cluster, lang)).text == said


def test_what_is_no_longer_declared_is_said_to_go() -> None:
    cluster = Cluster(seed=1)
    cluster.submit(Apply(WEB.replace("replicas: 3", "replicas: 3\n  paused: true")))
    step = cluster.submit(Apply(WEB))
    assert caption(step, words_of(cluster, "en")).text == "You take paused away from Deployment web."
