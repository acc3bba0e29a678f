from __future__ import annotations

from typing import Any

import pytest

from app.component_helpers.qos import qos_class

BOTH = {"cpu": "1", "memory": "1Gi"}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        pytest.param([{}], "BestEffort", id="nothing is said"),
        pytest.param([{"requests": {"cpu": "0"}}], "BestEffort", id="nothing is asked for"),
        pytest.param([{"limits": BOTH}], "Guaranteed", id="limits stand for requests"),
        pytest.param(
            [{"limits": BOTH, "requests": {"cpu": "1000m", "memory": "1Gi"}}], "Guaranteed", id="equal amounts"
        ),
        pytest.param([{"limits": BOTH, "requests": {"cpu": "500m", "memory": "1Gi"}}], "Burstable", id="asks for less"),
        pytest.param([{"limits": {"cpu": "1"}}], "Burstable", id="no memory limit"),
        pytest.param([{"limits": BOTH}, {}], "Burstable", id="one container says nothing"),
    ],
)
def test_the_class_follows_from_requests_and_limits(resources: list[dict[str, Any]], expected: str) -> None:
    assert qos_class({"containers": [{"name": "c", "resources": each} for each in resources]}) == expected
