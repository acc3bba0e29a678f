"""`kubectl describe` of Services and EndpointSlices. `app.kubectl.describe.describe` calls it.

Models kubectl `pkg/describe/describe.go`. Functions yield lines with tabs between cells, for `tabbed.align`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.api.objects import Obj, get_path, ref_of
from app.api.selectors import format_labels
from app.component_helpers.slices import service_of
from app.kubectl.describe.tabbed import head, marks, truth
from app.kubectl.printers.printing import first_few

Lines = Iterator[str]


def service(obj: Obj, related: Sequence[Obj]) -> Lines:
    spec = obj["spec"]
    yield from head(obj)
    yield from marks(obj)
    yield f"Selector:\t{format_labels(spec.get('selector'))}"
    yield f"Type:\t{spec.get('type', '')}"
    if spec.get("ipFamilyPolicy"):
        yield f"IP Family Policy:\t{spec['ipFamilyPolicy']}"
    yield f"IP Families:\t{','.join(spec.get('ipFamilies') or ()) or '<none>'}"
    yield f"IP:\t{spec.get('clusterIP', '')}"
    yield f"IPs:\t{','.join(spec.get('clusterIPs') or ()) or '<none>'}"
    if spec.get("externalIPs"):
        yield f"External IPs:\t{','.join(spec['externalIPs'])}"
    if spec.get("loadBalancerIP"):
        yield f"Desired LoadBalancer IP:\t{spec['loadBalancerIP']}"
    if spec.get("externalName"):
        yield f"External Name:\t{spec['externalName']}"
    if ingress := get_path(obj, "status.loadBalancer.ingress"):
        yield f"LoadBalancer Ingress:\t{', '.join(each.get('ip') or each.get('hostname', '') for each in ingress)}"
    slices = [each for each in related if each["kind"] == "EndpointSlice" and service_of(each) == ref_of(obj)]
    for port in spec.get("ports") or ():
        yield from _service_port(port, slices)
    yield from _service_policies(spec)


def _service_port(port: Mapping[str, Any], slices: Sequence[Obj]) -> Lines:
    name, protocol = port.get("name") or "<unset>", port.get("protocol", "TCP")
    yield f"Port:\t{name}\t{port['port']}/{protocol}"
    yield f"TargetPort:\t{port.get('targetPort', port['port'])}/{protocol}"
    if port.get("nodePort"):
        yield f"NodePort:\t{name}\t{port['nodePort']}/{protocol}"
    yield f"Endpoints:\t{_endpoints(port.get('name') or '', slices) if slices else '<none>'}"


def _endpoints(port_name: str, slices: Sequence[Obj]) -> str:
    """Addresses that are ready, or say nothing about it."""
    return first_few(
        [
            f"{address}:{port.get('port')}"
            for slice in slices
            for port in slice.get("ports") or ()
            if (port.get("name") or "") == port_name
            for endpoint in slice.get("endpoints") or ()
            if (endpoint.get("conditions") or {}).get("ready") is not False
            for address in endpoint["addresses"]
        ]
    )


def _service_policies(spec: Mapping[str, Any]) -> Lines:
    yield f"Session Affinity:\t{spec.get('sessionAffinity', '')}"
    if spec.get("externalTrafficPolicy"):
        yield f"External Traffic Policy:\t{spec['externalTrafficPolicy']}"
    if spec.get("internalTrafficPolicy"):
        yield f"Internal Traffic Policy:\t{spec['internalTrafficPolicy']}"
    if spec.get("healthCheckNodePort"):
        yield f"HealthCheck NodePort:\t{spec['healthCheckNodePort']}"
    if spec.get("loadBalancerSourceRanges"):
        yield f"LoadBalancer Source Ranges:\t{','.join(spec['loadBalancerSourceRanges'])}"


def endpoint_slice(obj: Obj) -> Lines:
    yield from head(obj)
    yield from marks(obj)
    yield f"AddressType:\t{obj['addressType']}"
    ports = obj.get("ports") or ()
    yield "Ports:" if ports else "Ports: <unset>"
    if ports:
        yield from ("  Name\tPort\tProtocol", "  ----\t----\t--------")
    for port in ports:
        yield f"  {port.get('name') or '<unset>'}\t{port.get('port', '<unset>')}\t{port.get('protocol', '')}"
    endpoints = obj.get("endpoints") or ()
    yield "Endpoints:" if endpoints else "Endpoints: <none>"
    for endpoint in endpoints:
        yield from _endpoint(endpoint)


def _endpoint(endpoint: Mapping[str, Any]) -> Lines:
    ready = (endpoint.get("conditions") or {}).get("ready")
    yield f"  - Addresses:\t{','.join(endpoint['addresses']) or '<none>'}"
    yield "    Conditions:"
    yield f"      Ready:\t{'<unset>' if ready is None else truth(ready)}"
    yield f"    Hostname:\t{endpoint.get('hostname') or '<unset>'}"
    if target := endpoint.get("targetRef"):
        yield f"    TargetRef:\t{target.get('kind', '')}/{target.get('name', '')}"
    yield f"    NodeName:\t{endpoint.get('nodeName') or '<unset>'}"
    yield f"    Zone:\t{endpoint.get('zone') or '<unset>'}"
