"""Writes app/registry/bootstrap_policy_v1_36.json: the roles and bindings that every cluster has from its beginning.

Run at development time only, with a folder of a Kubernetes checkout (or a copy of it):

    .venv/bin/python tools/generate_bootstrap_policy.py plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata

There stand, as YAML, the objects that upstream's own tests expect. Taken are names, labels, rules and subjects; what a
distribution adds of its own is left out. `app/registry/bootstrap.py` makes objects of the table.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

TARGET = Path(__file__).parent.parent / "app" / "registry" / "bootstrap_policy_v1_36.json"
FILES = (
    "cluster-roles",
    "controller-roles",
    "cluster-role-bindings",
    "controller-role-bindings",
    "namespace-roles",
    "namespace-role-bindings",
)
NOT_UPSTREAM = ("system:openshift:", "system:controller:service-ca-cert-publisher")
ON_EVERY_ONE = "kubernetes.io/bootstrapping"


def main(folder: Path) -> None:
    found = [each for name in FILES for each in yaml.safe_load((folder / f"{name}.yaml").read_text())["items"]]
    rows = [_row(each) for each in found if not each["metadata"]["name"].startswith(NOT_UPSTREAM)]
    TARGET.write_text("[\n" + ",\n".join(json.dumps(row, sort_keys=True) for row in rows) + "\n]\n")


def _row(obj: dict[str, Any]) -> dict[str, Any]:
    """The object without what all of them have."""
    meta = obj["metadata"]
    labels = {key: value for key, value in (meta.get("labels") or {}).items() if key != ON_EVERY_ONE}
    row = {key: value for key, value in obj.items() if key not in ("apiVersion", "metadata")}
    row |= {"name": meta["name"], "namespace": meta.get("namespace", ""), "labels": labels}
    return {key: value for key, value in row.items() if value}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
