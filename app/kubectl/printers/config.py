"""Namespaces, and what people keep in them for their pods to read."""

from __future__ import annotations

from app.api.objects import Obj, name_of
from app.kubectl.printers.printing import Cells, Printer, age_of, columns


def _namespace(namespace: Obj, now_ms: int) -> Cells:
    return name_of(namespace), (namespace.get("status") or {}).get("phase", ""), age_of(namespace, now_ms)


def _config_map(config_map: Obj, now_ms: int) -> Cells:
    entries = len(config_map.get("data") or ()) + len(config_map.get("binaryData") or ())
    return name_of(config_map), entries, age_of(config_map, now_ms)


def _secret(secret: Obj, now_ms: int) -> Cells:
    return name_of(secret), secret.get("type", ""), len(secret.get("data") or ()), age_of(secret, now_ms)


def _service_account(account: Obj, now_ms: int) -> Cells:
    return name_of(account), age_of(account, now_ms)


PRINTERS = {
    "Namespace": Printer(columns("Name, Status, Age"), _namespace),
    "ConfigMap": Printer(columns("Name, Data, Age"), _config_map),
    "Secret": Printer(columns("Name, Type, Data, Age"), _secret),
    "ServiceAccount": Printer(columns("Name, Age"), _service_account),
}
