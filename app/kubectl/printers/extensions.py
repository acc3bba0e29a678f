"""What extends an API server: custom kinds, other servers, webhooks."""

from __future__ import annotations

from app.api import conditions
from app.api.objects import Obj, name_of
from app.kubectl.printers.printing import CREATED_AT, Cells, Printer, age_of, columns


def _api_service(api_service: Obj, now_ms: int) -> Cells:
    service = api_service["spec"].get("service")
    available = conditions.find((api_service.get("status") or {}).get("conditions"), "Available")
    status = available["status"] if available else "Unknown"
    if available and status != "True":
        status = f"{status} ({available.get('reason', '')})"
    name = f"{service['namespace']}/{service['name']}" if service else "Local"
    return name_of(api_service), name, status, age_of(api_service, now_ms)


def _webhooks(configuration: Obj, now_ms: int) -> Cells:
    return name_of(configuration), len(configuration.get("webhooks") or ()), age_of(configuration, now_ms)


_WEBHOOKS = Printer(columns("Name, Webhooks:integer, Age"), _webhooks)
PRINTERS = {
    "CustomResourceDefinition": CREATED_AT,
    "APIService": Printer(columns("Name, Service, Available, Age"), _api_service),
    "ValidatingWebhookConfiguration": _WEBHOOKS,
    "MutatingWebhookConfiguration": _WEBHOOKS,
}
