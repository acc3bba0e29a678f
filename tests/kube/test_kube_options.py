"""What upstream's rules say of requests and their options, not of objects: over HTTP, word for word."""

from __future__ import annotations

import pytest

from tests.registry.rules import counting
from tests.registry.rules.counting import Case
from tests.support.clients import Api


@pytest.mark.parametrize("case", [case for case in counting.cases() if case.ask], ids=lambda case: case.rule)
def test_it_is_refused_as_upstream_refuses_it(api: Api, case: Case) -> None:
    api.ask("POST", "/api/v1/namespaces/default/pods", counting.bases()["Pod"])
    api.ask("POST", "/apis/apps/v1/namespaces/default/deployments", counting.bases()["Deployment"])
    method, _, path = case.ask.partition(" ")
    headers = {name: value for name, value in (("Content_Type", case.type), ("Accept", case.accept)) if value}
    assert api.status(method, path, case.body, **headers)["message"] == case.says[0]
