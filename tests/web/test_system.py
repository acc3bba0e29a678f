"""What every cluster has is on the page only for who asks: the menu *System*."""

from __future__ import annotations

import re

import pytest

from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import Apply
from app.web.present import awake, board
from app.web.present.system import system
from app.web.present.words import ENGLISH
from tests.support.browser import Browser
from tests.support.world import WEB

SHOP = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"


def kinds_of(found: str) -> dict[str, int]:
    return {kind: int(count) for kind, count in re.findall(r'<h3>(\w+) <span class="num">(\d+)</span>', found)}


def test_the_menu_lists_them_by_kind(browser: Browser) -> None:
    listed = browser.get("/system").get_data(as_text=True)
    counts = kinds_of(listed)
    assert counts["ClusterRole"] > 60
    assert [counts[kind] for kind in ("Namespace", "ServiceAccount", "PriorityClass", "Service")] == [4, 4, 2, 1]
    assert 'data-open="Service/default/kubernetes"' in listed
    assert 'data-open="ClusterRole/-/cluster-admin"' in listed


def test_each_of_them_can_be_opened(browser: Browser) -> None:
    for path in re.findall(r'data-open="([^"]*)"', browser.get("/system").get_data(as_text=True))[::20]:
        assert browser.get(f"/objects/{path}").status_code == 200


@pytest.fixture
def cluster() -> Cluster:
    """No World: that leaves out of its lists what is looked for here."""
    made = Cluster(latencies="realistic", nodes=2)
    made.run()
    return made


def test_a_new_cluster_shows_its_machines_and_nothing_else(cluster: Cluster) -> None:
    drawn = board.board(cluster, ENGLISH)
    assert (drawn.services, drawn.chips, drawn.workloads, drawn.customs) == ((), (), (), ())
    assert awake.declared(cluster, cluster.actors) == []


def test_what_the_loops_give_a_namespace_is_not_shown_and_the_namespace_is(cluster: Cluster) -> None:
    cluster.submit(Apply(SHOP))
    cluster.advance(cluster.now_ms + 1_000)
    assert [view.chip.name for view in board.chips(cluster)] == ["shop"]
    (accounts,) = [view for view in system(cluster) if view.kind == "ServiceAccount"]
    assert ("shop", "default") in [(chip.namespace, chip.name) for chip in accounts.chips]


def test_nothing_is_both_on_the_board_and_in_the_menu(cluster: Cluster) -> None:
    for text in (SHOP, WEB):
        cluster.submit(Apply(text))
    cluster.run()
    in_menu = {chip.about for view in system(cluster) for chip in view.chips}
    on_board = {view.chip.about for view in board.chips(cluster)}
    assert Ref("Namespace", "", "kube-system") in in_menu
    assert Ref("Namespace", "", "shop") in on_board
    assert not in_menu & on_board
