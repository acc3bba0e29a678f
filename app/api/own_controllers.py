"""OwnController: a control loop that somebody wrote on the page. An internal kind: no API client sees it.

Made by the command that defines a controller; the engine runs a loop for each for as long as it is there. Its spec:
`parent` and `children` (kinds by their keys, children with an update strategy), `text` in Starlark, and `edge`: whether
the text answers to events instead of comparing what is wanted. What the text says is read by app/operators/own.
"""

from __future__ import annotations

from typing import Any

from app.api.kinds import INTERNAL_V1
from app.api.objects import Obj, Ref

OWN_CONTROLLER = "OwnController"
IN_PLACE = "InPlace"
STRATEGIES = ("OnDelete", "Recreate", IN_PLACE, "RollingRecreate", "RollingInPlace")
"""How a child that differs is brought to what is wanted, by the names that Metacontroller gives them."""


def own_controller(name: str, spec: dict[str, Any]) -> Obj:
    return {"apiVersion": INTERNAL_V1, "kind": OWN_CONTROLLER, "metadata": {"name": name}, "spec": spec}


def own_controller_ref(name: str) -> Ref:
    return Ref(OWN_CONTROLLER, "", name)
