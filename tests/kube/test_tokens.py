"""Tokens of ServiceAccounts: to be read, not to be believed."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.support.clients import Api, Kubectl

ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"


def claims(token: str) -> Any:
    _, middle, signature = token.split(".")
    assert signature == ""
    return json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))


def test_a_token_says_whose_it_is_and_how_long(api: Api) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}
    uid = api.ok("POST", ACCOUNTS, account)["metadata"]["uid"]
    before = api.cluster.store.revision
    made = api.ok("POST", f"{ACCOUNTS}/robot/token", {"spec": {"audiences": ["vault"], "expirationSeconds": 600}})
    said = claims(made["status"]["token"])
    assert (said["sub"], said["aud"]) == ("system:serviceaccount:default:robot", ["vault"])
    assert said["kubernetes.io"]["serviceaccount"] == {"name": "robot", "uid": uid}
    assert said["exp"] - said["iat"] == 600
    assert api.cluster.store.revision == before


@pytest.mark.parametrize(
    ("seconds", "why"),
    [
        (60, "may not specify a duration less than 10 minutes"),
        (1 << 33, "may not specify a duration larger than 2^32 seconds"),
    ],
)
def test_a_life_that_no_token_has(api: Api, seconds: int, why: str) -> None:
    api.ok("POST", ACCOUNTS, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}})
    status = api.status("POST", f"{ACCOUNTS}/robot/token", {"spec": {"expirationSeconds": seconds}})
    refused = f'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: {seconds}: '
    assert (status["code"], status["message"]) == (422, refused + why)


def test_nobody_has_no_token(api: Api) -> None:
    assert api.status("POST", f"{ACCOUNTS}/nobody/token", {})["message"] == 'serviceaccounts "nobody" not found'


@pytest.mark.kubectl(24)
def test_kubectl_create_token(kubectl: Kubectl) -> None:
    kubectl("create", "serviceaccount", "robot")
    token = kubectl("create", "token", "robot", "--duration=1h").strip()
    assert claims(token)["sub"] == "system:serviceaccount:default:robot"
