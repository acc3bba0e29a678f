"""The service account controller decides: a namespace without the account of its pods -> it is made."""

from __future__ import annotations

from app.api.objects import Obj, Ref
from app.cluster import Cluster
from app.commands import Apply, DeleteObject
from app.component_helpers.namespaces import default_account
from app.controllers.serviceaccount import AccountSeen, ServiceAccountsController
from app.engine.trace import is_visible
from app.reconcile import Create
from tests.support.builders import namespace

SHOP = namespace("shop")
SHOP_TEXT = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
ACCOUNT = Ref("ServiceAccount", "shop", "default")


def made(seen: AccountSeen) -> list[Obj]:
    gaps = ServiceAccountsController().diff(seen)
    return [action.obj for gap in gaps for action in gap.actions if isinstance(action, Create)]


def test_a_namespace_gets_its_account() -> None:
    assert made(AccountSeen(SHOP, None)) == [default_account("shop")]


def test_one_that_has_it_is_left_alone() -> None:
    assert made(AccountSeen(SHOP, default_account("shop"))) == []


def test_one_that_goes_gets_none() -> None:
    assert made(AccountSeen(namespace("shop", deleting=True), None)) == []


def test_the_account_is_made_again_and_nobody_is_told() -> None:
    cluster = Cluster()
    cluster.run()
    cluster.submit(Apply(SHOP_TEXT))
    assert cluster.run().reason == "quiet"
    cluster.advance(cluster.now_ms + 1_000)
    first = cluster.get(ACCOUNT)
    assert first is not None
    assert cluster.get(Ref("ConfigMap", "shop", "kube-root-ca.crt")) is not None
    cluster.submit(DeleteObject(ACCOUNT))
    cluster.advance(cluster.now_ms + 1_000)
    again = cluster.get(ACCOUNT)
    assert again is not None
    assert again["metadata"]["uid"] != first["metadata"]["uid"]
    told = [step.actor for step in cluster.trace if is_visible(step)]
    assert "serviceaccount-controller" not in told
    assert "root-ca-certificate-publisher-controller" not in told
