"""Services, what stands behind them, and who may reach them.

Models kubernetes `pkg/api/service/warnings.go` and the strategies of Endpoints, EndpointSlices, Ingresses and
NetworkPolicies.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api.objects import Obj, annotations_of, labels_of
from app.component_helpers import managed_endpoints
from app.registry.warnings import addresses

_HINTS, _MODE = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"
_INGRESS_CLASS = "kubernetes.io/ingress.class"
_OWN_SLICES = ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")


def of_service(obj: Obj) -> Iterator[str]:
    spec = obj.get("spec") or {}
    kind, external = spec.get("type"), spec.get("externalIPs") or ()
    if _HINTS in annotations_of(obj):
        yield f"annotation {_HINTS} is deprecated, please use {_MODE} instead"
    if spec.get("clusterIP") not in (None, "", "None"):
        yield from _each("spec.clusterIPs", spec.get("clusterIPs") or ())
    headless = kind == "ClusterIP" and spec.get("clusterIP") == "None"
    if headless:
        yield from (f"spec.{name} is ignored for headless services" for name in _ignored(spec))
    yield from _each("spec.externalIPs", external)
    if external and not headless and kind != "ExternalName":
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
    if spec.get("loadBalancerIP"):
        yield from addresses.of_address("spec.loadBalancerIP", spec["loadBalancerIP"])
    for index, source in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        yield from addresses.of_network(f"spec.loadBalancerSourceRanges[{index}]", source)
    if kind == "ExternalName" and external:
        yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    if kind != "ExternalName" and spec.get("externalName"):
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
    if spec.get("trafficDistribution") == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'


def _ignored(spec: Obj) -> Iterator[str]:
    """By a headless Service."""
    yield from (name for name in ("loadBalancerIP", "externalIPs") if spec.get(name))
    if spec.get("sessionAffinity") != "None":
        yield "SessionAffinity"


def of_balancer(obj: Obj) -> Iterator[str]:
    """The status of a Service or an Ingress."""
    ingress = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    for index, each in enumerate(ingress):
        yield from addresses.of_address(f"status.loadBalancer.ingress[{index}]", each.get("ip", ""))


def of_endpoints(obj: Obj) -> Iterator[str]:
    if managed_endpoints.is_managed(obj):
        return
    for index, subset in enumerate(obj.get("subsets") or ()):
        for part in ("addresses", "notReadyAddresses"):
            for position, address in enumerate(subset.get(part) or ()):
                yield from addresses.of_address(f"subsets[{index}].{part}[{position}].ip", address.get("ip", ""))


def of_new_slice(obj: Obj) -> Iterator[str]:
    if obj.get("addressType") == "FQDN":
        yield "spec.addressType: FQDN endpoints are deprecated"
    yield from of_slice(obj)


def of_slice(obj: Obj) -> Iterator[str]:
    if labels_of(obj).get("endpointslice.kubernetes.io/managed-by") in _OWN_SLICES:
        return
    for index, endpoint in enumerate(obj.get("endpoints") or ()):
        yield from _each(f"endpoints[{index}].addresses", endpoint.get("addresses") or ())


def of_ingress(obj: Obj) -> Iterator[str]:
    if _INGRESS_CLASS in annotations_of(obj) and (obj.get("spec") or {}).get("ingressClassName") is None:
        yield f"annotation \"{_INGRESS_CLASS}\" is deprecated, please use 'spec.ingressClassName' instead"


def of_network_policy(obj: Obj) -> Iterator[str]:
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate((obj.get("spec") or {}).get(direction) or ()):
            for position, peer in enumerate(rule.get(peers) or ()):
                block, field = peer.get("ipBlock") or {}, f"spec.{direction}[{index}].{peers}[{position}].ipBlock"
                yield from addresses.of_network(f"{field}.cidr", block.get("cidr", ""))
                for number, excluded in enumerate(block.get("except") or ()):
                    yield from addresses.of_network(f"{field}.except[{number}]", excluded)


def _each(field: str, texts: list[str] | tuple[str, ...]) -> Iterator[str]:
    for index, text in enumerate(texts):
        yield from addresses.of_address(f"{field}[{index}]", text)
