"""Pods that may not run anywhere, or not as they say: affinities, spread, names, volumes, priorities."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.errors import Forbidden
from app.apimachinery import documents
from app.registry.defaults import defaults
from tests.registry.test_validation import stored
from tests.support.kinds import decode, default, validate

REQUIRED, PREFERRED = (
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
)
KEYS = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]"
FIELDS = KEYS.replace("matchExpressions", "matchFields")
NO_OPERATOR = "not a valid selector operator"
MODE = "must be a number between 0 and 0777 (octal), both inclusive"
SPREAD = "topologySpreadConstraints[0]"


def wrong(spec: str, more: str = "", container: str = "") -> list[str]:
    head = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p, {more}}}\n"
    pod = stored(f"{head}spec: {{containers: [{{name: c, image: i, {container}}}], {spec}}}")
    return [str(cause).removeprefix("spec.") for cause in validate(pod)]


def nodes(expression: str, part: str = "matchExpressions") -> str:
    return f"affinity: {{nodeAffinity: {{{REQUIRED}: {{nodeSelectorTerms: [{{{part}: [{{{expression}}}]}}]}}}}}}"


def neighbours(term: str, kind: str = "podAffinity") -> str:
    return f"affinity: {{{kind}: {{{REQUIRED}: [{{{term}}}]}}}}"


def spread(**fields: Any) -> str:
    given = {"maxSkew": "1", "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", **fields}
    return f"topologySpreadConstraints: [{{{', '.join(f'{name}: {value}' for name, value in given.items())}}}]"


PLACES: list[tuple[str, list[str]]] = [
    (nodes("key: a, operator: Equals, values: [b]"), [f'{KEYS}.operator: Invalid value: "Equals": {NO_OPERATOR}']),
    (nodes("key: a, operator: In"),
     [f"{KEYS}.values: Required value: must be specified when `operator` is 'In' or 'NotIn'"]),
    (nodes("key: a, operator: Exists, values: [b]"),
     [f"{KEYS}.values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"]),
    (nodes("key: a, operator: Gt, values: ['1', '2']"),
     [f"{KEYS}.values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'"]),
    (nodes("key: metadata.name, operator: Exists", "matchFields"),
     [f'{FIELDS}.operator: Invalid value: "Exists": {NO_OPERATOR}']),
    (nodes("key: metadata.uid, operator: In, values: [a, b]", "matchFields"),
     [f"{FIELDS}.values: Required value: must be only one value when `operator` is 'In' or 'NotIn' for node field "
      "selector", f'{FIELDS}.key: Invalid value: "metadata.uid": not a valid field selector key']),
    (f"affinity: {{nodeAffinity: {{{REQUIRED}: {{nodeSelectorTerms: []}}}}}}",
     [f"affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms: Required value: must have at least one node selector "
      "term"]),
    (f"affinity: {{nodeAffinity: {{{PREFERRED}: [{{weight: 101, preference: {{matchExpressions: "
     "[{key: a, operator: In, values: ['-x']}]}}]}}",
     [f"affinity.nodeAffinity.{PREFERRED}[0].weight: Invalid value: 101: must be in the range 1-100"]),
    (neighbours("labelSelector: {}", "podAntiAffinity"),
     [f"affinity.podAntiAffinity.{REQUIRED}[0].topologyKey: Required value: can not be empty",
      f'affinity.podAntiAffinity.{REQUIRED}[0].topologyKey: Invalid value: "": name part must be non-empty',
      f'affinity.podAntiAffinity.{REQUIRED}[0].topologyKey: Invalid value: "": name part must consist of alphanumeric '
      "characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or "
      "'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"]),
    (neighbours("topologyKey: a, labelSelector: {matchExpressions: [{key: a, operator: In}]}"),
     [f"affinity.podAffinity.{REQUIRED}[0].labelSelector.matchExpressions[0].values: Required value: must be specified "
      "when `operator` is 'In' or 'NotIn'"]),
    (neighbours("topologyKey: a, matchLabelKeys: [b]"),
     [f"affinity.podAffinity.{REQUIRED}[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not "
      "set"]),
    (neighbours("topologyKey: a, labelSelector: {}, matchLabelKeys: [b], mismatchLabelKeys: [b]"),
     [f'affinity.podAffinity.{REQUIRED}[0].matchLabelKeys[0]: Invalid value: "b": exists in both matchLabelKeys and '
      "mismatchLabelKeys"]),
    (f"affinity: {{podAffinity: {{{PREFERRED}: [{{podAffinityTerm: {{topologyKey: a}}}}]}}}}",
     [f"affinity.podAffinity.{PREFERRED}[0].weight: Invalid value: 0: must be in the range 1-100"]),
    (neighbours("topologyKey: a, namespaces: [A]"), [
        f'affinity.podAffinity.{REQUIRED}[0].namespace: Invalid value: "A": a lowercase RFC 1123 label must consist of '
        "lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. "
        "'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"]),
    (spread(maxSkew=0), [f"{SPREAD}.maxSkew: Invalid value: 0: must be greater than zero"]),
    (spread(topologyKey="''"), [f"{SPREAD}.topologyKey: Required value: can not be empty"]),
    (spread(whenUnsatisfiable="Never"),
     [f'{SPREAD}.whenUnsatisfiable: Unsupported value: "Never": supported values: "DoNotSchedule", "ScheduleAnyway"']),
    (spread(minDomains=0), [f"{SPREAD}.minDomains: Invalid value: 0: must be greater than zero"]),
    (spread(minDomains=2, whenUnsatisfiable="ScheduleAnyway"),
     [f"{SPREAD}.minDomains: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not "
      "ScheduleAnyway"]),
    (spread(nodeTaintsPolicy="Obey"),
     [f'{SPREAD}.nodeTaintsPolicy: Unsupported value: "Obey": supported values: "Honor", "Ignore"']),
    (spread(matchLabelKeys="[a]"),
     [f"{SPREAD}.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set"]),
    (spread().removesuffix("]") + spread().replace("topologySpreadConstraints: [", ", "),
     [f'{SPREAD}.{{topologyKey, whenUnsatisfiable}}: Duplicate value: "{{zone, DoNotSchedule}}"']),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "causes"), PLACES, ids=[spec[:60] for spec, _ in PLACES])
def test_places_that_there_are_not(spec: str, causes: list[str]) -> None:
    assert wrong(spec) == causes


SPECS: list[tuple[str, str]] = [
    ("dnsPolicy: None", "dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"),
    ("dnsPolicy: None, dnsConfig: {searches: [a]}",
     "dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None"),
    ("dnsConfig: {nameservers: [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4]}",
     'dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4"]: must not have more than 3 '
     "nameservers"),
    ("dnsConfig: {nameservers: [1.1.01.1]}",
     'dnsConfig.nameservers[0]: Invalid value: "1.1.01.1": must not have leading 0s'),
    ("dnsConfig: {nameservers: ['::ffff:1.1.1.1']}",
     'dnsConfig.nameservers[0]: Invalid value: "::ffff:1.1.1.1": must not be an IPv4-mapped IPv6 address'),
    ("dnsConfig: {options: [{value: a}]}", "dnsConfig.options[0]: Required value: must not be empty"),
    ("hostAliases: [{ip: here}]",
     'hostAliases[0].ip: Invalid value: "here": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'),
    ("schedulingGates: [{name: a}, {name: a}]", 'schedulingGates[1]: Duplicate value: "a"'),
    ("volumes: [{name: v, secret: {secretName: s, defaultMode: 644}}]",
     f"volumes[0].secret.defaultMode: Invalid value: 644: {MODE}"),
    ("volumes: [{name: v, configMap: {name: m, items: [{key: a, path: b, mode: -1}]}}]",
     f"volumes[0].configMap.items[0].mode: Invalid value: -1: {MODE}"),
    ("volumes: [{name: v, configMap: {name: m, items: [{key: a, path: /b}]}}]",
     'volumes[0].configMap.items[0].path: Invalid value: "/b": must be a relative path'),
    ("volumes: [{name: v, secret: {secretName: s, items: [{key: a, path: b/../c}]}}]",
     "volumes[0].secret.items[0].path: Invalid value: \"b/../c\": must not contain '..'"),
    ("volumes: [{name: v, secret: {secretName: s, items: [{key: a, path: ..b}]}}]",
     "volumes[0].secret.items[0].path: Invalid value: \"..b\": must not start with '..'"),
    ("volumes: [{name: v, secret: {secretName: s, items: [{path: b}]}}]",
     "volumes[0].secret.items[0].key: Required value"),
    ("volumes: [{name: v, downwardAPI: {items: [{path: a}]}}]",
     "volumes[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required"),
    ("volumes: [{name: v, projected: {sources: [{secret: {name: s}, configMap: {name: m}}]}}]",
     "volumes[0].projected.sources[0]: Forbidden: may not specify more than 1 volume type per source"),
    ("volumes: [{name: v, projected: {sources: [{secret: {name: s, items: [{key: a, path: f}]}}, "
     "{configMap: {name: m, items: [{key: a, path: f}]}}]}}]",
     'volumes[0].projected: Invalid value: "m": conflicting duplicate paths'),
    ("volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t, expirationSeconds: 60}}]}}]",
     "volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 60: may not specify a "
     "duration less than 10 minutes"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "cause"), SPECS)
def test_specs_that_are_refused(spec: str, cause: str) -> None:
    assert wrong(spec) == [cause]


def test_on_the_network_of_its_host_a_port_is_that_of_the_host() -> None:
    why = "must match `containerPort` when `hostNetwork` is true"
    assert wrong("hostNetwork: true", container="ports: [{containerPort: 80, hostPort: 81}]") == [
        f"containers[0].ports[0].hostPort: Invalid value: 81: {why}"
    ]
    assert wrong("hostNetwork: true", container="ports: [{containerPort: 80}]") == []


@pytest.mark.parametrize(
    ("cost", "valid"), [("5", True), ("-7", True), ("0", True), ("abc", False), ("+1", False), ("08", False),
                        ("2147483648", False), ("''", False)],
)  # fmt: skip
def test_a_deletion_cost_is_a_32bit_integer(cost: str, valid: bool) -> None:
    key = "controller.kubernetes.io/pod-deletion-cost"
    said = [f'metadata.annotations[{key}]: Invalid value: "{cost.strip(chr(39))}": must be a 32bit integer']
    assert wrong("", f"annotations: {{{key}: '{cost.strip(chr(39))}'}}") == ([] if valid else said)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("priority: 5", "the integer value of priority (5) must not be provided in pod spec; priority admission "
         "controller computed 0 from the given PriorityClass name"),
        ("preemptionPolicy: Never", "the string value of PreemptionPolicy (Never) must not be provided in pod spec; "
         "priority admission controller computed PreemptLowerPriority from the given PriorityClass name"),
    ],
)  # fmt: skip
def test_a_priority_comes_from_its_class_alone(spec: str, why: str) -> None:
    text = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{name: c, image: i}}], {spec}}}"
    with pytest.raises(Forbidden) as refused:
        defaults.admit(default(decode(documents.parse(text)[0].obj)))
    assert refused.value.message == f'pods "p" is forbidden: {why}'
    defaults.admit(
        default(decode(documents.parse(text.replace("5", "0").replace("Never", "PreemptLowerPriority"))[0].obj))
    )


NETWORKS = [
    ("10.0.0.1/24", "must not have bits set beyond the prefix length"),
    ("010.0.0.0/24", "must not have leading 0s in IP or prefix length"),
    ("10.0.0.0/08", "must not have leading 0s in IP or prefix length"),
    ("10.0.0.0", "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"),
    ("::ffff:1.2.3.0/120", "must not have an IPv4-mapped IPv6 address"),
]


@pytest.mark.parametrize(("network", "why"), NETWORKS)
def test_networks_that_are_none(network: str, why: str) -> None:
    policy = f"podSelector: {{}}, egress: [{{to: [{{ipBlock: {{cidr: '{network}'}}}}]}}]"
    made = stored(f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: net}}\nspec: {{{policy}}}")
    assert [str(cause) for cause in validate(made)] == [
        f'spec.egress[0].to[0].ipBlock.cidr: Invalid value: "{network}": {why}'
    ]
    balancer = f"type: LoadBalancer, ports: [{{port: 80}}], loadBalancerSourceRanges: [' {network}']"
    made = stored(f"apiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec: {{{balancer}}}")
    assert [str(cause) for cause in validate(made)] == [
        f'spec.LoadBalancerSourceRanges[0]: Invalid value: "{network}": {why}'
    ]
