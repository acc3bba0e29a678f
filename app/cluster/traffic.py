"""What the command SetTraffic does: people begin to use a Service, use it differently, or stop.

They are a Load object; the loops in app/nodes/network/traffic.py and kube_proxy.py live as long as there is one.
"""

from __future__ import annotations

from app.api import errors, kinds
from app.api.objects import Ref
from app.apiserver.server import ApiServer, Written
from app.commands import SetTraffic
from app.nodes.network.traffic import MAX_RPS, PATHS, PATTERNS


def set_traffic(server: ApiServer, command: SetTraffic) -> list[Written]:
    """Raises the ApiError with which it is refused."""
    ref = command.ref
    load = Ref("Load", ref.namespace, ref.name)
    if not 0 <= command.rps <= MAX_RPS:
        raise errors.BadRequest(f'field "rps" must be between 0 and {MAX_RPS}, not {command.rps}')
    for field, value, known in (("pattern", command.pattern, PATTERNS), ("path", command.path, PATHS)):
        if value not in known:
            raise errors.BadRequest(f'field "{field}" must be one of {", ".join(known)}, not "{value[:40]}"')
    before = server.store.get(load)
    if command.rps == 0:
        return _stop(server, load) if before is not None else []
    _check_service(server, ref)
    spec = {"service": ref.name, "rps": command.rps, "pattern": command.pattern, "path": command.path}
    if before is None:
        return [server.create(_new(load, {**spec, "startedMs": server.now_ms()}))]
    if before["spec"]["pattern"] != command.pattern:
        spec["startedMs"] = server.now_ms()
    return [server.patch(load, {"spec": spec})]


def _stop(server: ApiServer, load: Ref) -> list[Written]:
    """The Load goes, and with it the rules that were written down for it."""
    paths = [path for path in server.store.objects("DataPath", load.namespace) if path["spec"]["service"] == load.name]
    gone = [server.delete(Ref("DataPath", load.namespace, path["metadata"]["name"])) for path in paths]
    return [*gone, server.delete(load)]


def _check_service(server: ApiServer, ref: Ref) -> None:
    if ref.kind != "Service":
        raise errors.BadRequest(f"only a Service takes traffic, not a {ref.kind}")
    spec = server.get(ref)["spec"]
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None":
        raise errors.BadRequest(f'service "{ref.name}" has no virtual IP that a load balancer could stand before')


def _new(load: Ref, spec: dict[str, object]) -> dict[str, object]:
    return {
        "apiVersion": kinds.KINDS["Load"].api_version,
        "kind": "Load",
        "metadata": {"name": load.name, "namespace": load.namespace},
        "spec": spec,
    }
