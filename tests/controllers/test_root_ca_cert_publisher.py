"""The root CA cert publisher decides: a namespace without the certificate, or with another's -> it is published."""

from __future__ import annotations

from app.api.objects import Obj
from app.component_helpers.namespaces import DESCRIPTION, root_ca
from app.controllers.root_ca_cert_publisher import CertificateSeen, RootCACertPublisher
from app.reconcile import Create, Update
from tests.support.builders import namespace

SHOP = namespace("shop")


def written(held: Obj | None, home: Obj = SHOP) -> list[tuple[type, Obj]]:
    gaps = RootCACertPublisher().diff(CertificateSeen(home, held))
    actions = [action for gap in gaps for action in gap.actions]
    return [(type(action), action.obj) for action in actions if isinstance(action, Create | Update)]


def test_a_namespace_gets_the_certificate() -> None:
    ((how, obj),) = written(None)
    assert how is Create
    assert obj["metadata"]["name"] == "kube-root-ca.crt"
    assert obj["data"]["ca.crt"].startswith("-----BEGIN CERTIFICATE-----\n")


def test_one_that_has_it_is_left_alone() -> None:
    assert written(root_ca("shop")) == []


def test_what_somebody_wrote_into_it_is_put_right() -> None:
    held = root_ca("shop")
    assert written({**held, "data": {"ca.crt": "mine"}}) == [(Update, held)]


def test_other_annotations_stay() -> None:
    held = root_ca("shop")
    mine = {**held, "metadata": {**held["metadata"], "annotations": {"team": "shop"}}}
    ((how, obj),) = written(mine)
    assert how is Update
    assert set(obj["metadata"]["annotations"]) == {"team", DESCRIPTION}


def test_one_that_goes_gets_none() -> None:
    assert written(None, namespace("shop", deleting=True)) == []
