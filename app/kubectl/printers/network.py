"""Services, what stands behind them, and what lets requests through to them."""

from __future__ import annotations

from app.api.objects import Obj, name_of
from app.api.selectors import format_labels, format_selector
from app.kubectl.printers.printing import (
    NONE,
    UNSET,
    Cells,
    Printer,
    age_of,
    columns,
    first_few,
    load_balancer_addresses,
)


def _service(service: Obj, now_ms: int) -> Cells:
    spec = service["spec"]
    ports = [
        f"{port['port']}:{port['nodePort']}/{port['protocol']}"
        if port.get("nodePort")
        else f"{port['port']}/{port['protocol']}"
        for port in spec.get("ports") or ()
    ]
    return (
        name_of(service),
        spec.get("type", ""),
        next(iter(spec.get("clusterIPs") or ()), NONE),
        external_ip(service),
        ",".join(ports) or NONE,
        age_of(service, now_ms),
        format_labels(spec.get("selector")),
    )


def external_ip(service: Obj) -> str:
    """The EXTERNAL-IP column: `<pending>` for a LoadBalancer that has none yet."""
    spec = service["spec"]
    external = spec.get("externalIPs") or []
    match spec.get("type"):
        case "ClusterIP" | "NodePort":
            return ",".join(external) or NONE
        case "LoadBalancer":
            given = load_balancer_addresses(service)
            return ",".join([*given, *external]) or "<pending>"
        case "ExternalName":
            return str(spec.get("externalName", ""))
    return "<unknown>"


def _endpoint_slice(slice: Obj, now_ms: int) -> Cells:
    ports = [str(port.get("port") or port.get("name") or "*") for port in slice.get("ports") or ()]
    addresses = [address for endpoint in slice.get("endpoints") or () for address in endpoint["addresses"]]
    return (
        name_of(slice),
        slice["addressType"],
        first_few(ports) or UNSET,
        first_few(addresses) or UNSET,
        age_of(slice, now_ms),
    )


def _endpoints(endpoints: Obj, now_ms: int) -> Cells:
    found: list[str] = []
    for subset in endpoints.get("subsets") or ():
        ips = [address["ip"] for address in subset.get("addresses") or ()]
        ports = subset.get("ports")
        found += [_host_port(ip, port["port"]) for port in ports for ip in ips] if ports else ips
    return name_of(endpoints), first_few(found) or NONE, age_of(endpoints, now_ms)


def _host_port(ip: str, port: int) -> str:
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def _ingress(ingress: Obj, now_ms: int) -> Cells:
    spec = ingress.get("spec") or {}
    hosts = [rule["host"] for rule in spec.get("rules") or () if rule.get("host")]
    return (
        name_of(ingress),
        spec.get("ingressClassName") or NONE,
        first_few(hosts) or "*",
        ",".join(load_balancer_addresses(ingress)),
        "80, 443" if spec.get("tls") else "80",
        age_of(ingress, now_ms),
    )


def _network_policy(policy: Obj, now_ms: int) -> Cells:
    return name_of(policy), format_selector((policy.get("spec") or {}).get("podSelector")), age_of(policy, now_ms)


PRINTERS = {
    "Service": Printer(columns("Name, Type, Cluster-IP, External-IP, Port(s), Age, *Selector"), _service),
    "EndpointSlice": Printer(columns("Name, AddressType, Ports, Endpoints, Age"), _endpoint_slice),
    "Endpoints": Printer(columns("Name, Endpoints, Age"), _endpoints),
    "Ingress": Printer(columns("Name, Class, Hosts, Address, Ports, Age"), _ingress),
    "NetworkPolicy": Printer(columns("Name, Pod-Selector, Age"), _network_policy),
}
