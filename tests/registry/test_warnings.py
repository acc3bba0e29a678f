"""What is taken, and what is said about it: the sentences of a real API server of 1.36."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from app.api import limits
from app.api.objects import Obj
from app.apimachinery import documents
from app.registry import warnings
from tests.support.kinds import admit, decode, default

NODES = "requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [%s]}]}"
OLD_ZONE = "{key: failure-domain.beta.kubernetes.io/zone, operator: Exists}"
HIDES = "which may be dropped when using apply"
NOBODY = "a null labelSelector results in matching no pod"
FRACTION = "is invalid, must be an integer"


def stored(text: str) -> Obj:
    (document,) = documents.parse(text)
    return admit(default(decode({"metadata": {"name": "x"}, **document.obj})))


def told(text: str) -> list[str]:
    return list(warnings.on_create(stored(text)))


def of_pod(spec: str, notes: str = "") -> list[str]:
    head = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p, annotations: {{{notes}}}}}\n"
    return told(f"{head}spec: {{containers: [{{name: c, image: i}}], {spec}}}")


def of_container(fields: str) -> list[str]:
    return told(f"apiVersion: v1\nkind: Pod\nspec: {{containers: [{{name: c, image: i, {fields}}}]}}")


PODS: list[tuple[str, str]] = [
    ("nodeSelector: {beta.kubernetes.io/os: linux}",
     'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'),
    (f"affinity: {{nodeAffinity: {{{NODES % OLD_ZONE}}}}}",
     "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]"
     ".matchExpressions[0].key: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; "
     'use "topology.kubernetes.io/zone" instead'),
    ("affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: "
     "{matchExpressions: [{key: node-role.kubernetes.io/master, operator: Exists}]}}]}}",
     "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0]"
     '.key: node-role.kubernetes.io/master is use "node-role.kubernetes.io/control-plane" instead'),
    ("affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: "
     "{matchExpressions: [{key: a, operator: In, values: ['-x']}]}}]}}",
     "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0]"
     ".values[0]: -x is invalid, a valid label must be an empty string or consist of alphanumeric characters, '-', '_' "
     "or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
     "regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"),
    ("topologySpreadConstraints: [{maxSkew: 1, whenUnsatisfiable: DoNotSchedule, labelSelector: {}, "
     "topologyKey: beta.kubernetes.io/instance-type}]",
     "spec.topologySpreadConstraints[0].topologyKey: beta.kubernetes.io/instance-type is deprecated since v1.17; "
     'use "node.kubernetes.io/instance-type" instead'),
    ("topologySpreadConstraints: [{maxSkew: 1, whenUnsatisfiable: DoNotSchedule, topologyKey: zone}]",
     f"spec.topologySpreadConstraints[0].labelSelector: {NOBODY}"),
    ("affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a}]}}",
     "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: " + NOBODY),
    ("affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: "
     "{topologyKey: a}}]}}",
     "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector: "
     + NOBODY),
    ("volumes: [{name: v, gitRepo: {repository: r}}]",
     "spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+"),
    ("volumes: [{name: v, glusterfs: {endpoints: e, path: p}}]",
     "spec.volumes[0].glusterfs: deprecated in v1.25, non-functional in v1.26+"),
    ("volumes: [{name: v, cephfs: {monitors: [m]}}]",
     "spec.volumes[0].cephfs: deprecated in v1.28, non-functional in v1.31+"),
    ("volumes: [{name: v, storageos: {volumeName: v}}]",
     "spec.volumes[0].storageOS: deprecated in v1.22, non-functional in v1.25+"),
    ("volumes: [{name: v, scaleIO: {gateway: g, system: s, secretRef: {name: s}}}]",
     "spec.volumes[0].scaleIO: deprecated in v1.16, non-functional in v1.22+"),
    ("volumes: [{name: v, photonPersistentDisk: {pdID: d}}]",
     "spec.volumes[0].photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+"),
    ("volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: "
     "{requests: {storage: '0.5'}}}}}}]",
     "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: "
     f'fractional byte value "500m" {FRACTION}'),
    ("volumes: [{name: v, configMap: {name: m, items: [{key: a, path: d/}, {key: b, path: d/e}]}}]",
     'volume "v" (ConfigMap "m"): overlapping paths: "d/e" with "d"'),
    ("volumes: [{name: v, secret: {secretName: s, items: [{key: a, path: d}, {key: b, path: d}]}}]",
     'volume "v" (Secret "s"): overlapping paths: "d" with "d"'),
    ("volumes: [{name: v, downwardAPI: {items: [{path: a/b, fieldRef: {fieldPath: metadata.name}}, "
     "{path: a, fieldRef: {fieldPath: metadata.name}}]}}]",
     'volume "v" (DownwardAPI): overlapping paths: "a" with "a/b"'),
    ("volumes: [{name: v, projected: {sources: [{configMap: {name: m, items: [{key: a, path: token}]}}, "
     "{serviceAccountToken: {path: token}}]}}]",
     'volume "v" (Projected): overlapping paths: "token" (ServiceAccountToken) with "token" (ConfigMap "m")'),
    ("volumes: [{name: v, projected: {sources: [{}]}}]", 'volume "v" (Projected) has no sources provided'),
    ("hostAliases: [{ip: 10.0.0.1, hostnames: [a]}, {ip: 10.0.0.1, hostnames: [b]}]",
     'spec.hostAliases[1].ip: duplicate ip "10.0.0.1"'),
    ("hostAliases: [{ip: '2001:DB8::1', hostnames: [a]}]",
     'spec.hostAliases[0].ip: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")'),
    ("dnsConfig: {nameservers: ['2001:db8:0:0::53']}",
     'spec.dnsConfig.nameservers[0]: IPv6 address "2001:db8:0:0::53" should be in RFC 5952 canonical format '
     '("2001:db8::53")'),
    ("imagePullSecrets: [{name: a}, {name: a}]", 'spec.imagePullSecrets[1].name: duplicate name "a"'),
    ("imagePullSecrets: [{}]", 'spec.imagePullSecrets[0].name: invalid empty name ""'),
    ("overhead: {memory: 100m}", f'spec.overhead[memory]: fractional byte value "100m" {FRACTION}'),
    ("terminationGracePeriodSeconds: -1",
     "spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "text"), PODS, ids=[spec[:40] for spec, _ in PODS])
def test_of_a_pod(spec: str, text: str) -> None:
    assert of_pod(spec) == [text]


CONTAINERS: list[tuple[str, list[str]]] = [
    ("env: [{name: A, value: '1'}, {name: A, value: '2'}]", [f'env[1]: hides previous definition of "A", {HIDES}']),
    ("env: [{name: A, value: '1'}, {name: A, value: $(A)}]", [f'env[1]: hides previous definition of "A", {HIDES}']),
    ("env: [{name: A, value: '1'}, {name: A, value: $(A)2}]", []),
    ("resources: {limits: {memory: 100m}}",
     [f'resources.{part}[memory]: fractional byte value "100m" {FRACTION}' for part in ("limits", "requests")]),
    ("resources: {requests: {ephemeral-storage: '1.5'}}",
     [f'resources.requests[ephemeral-storage]: fractional byte value "1500m" {FRACTION}']),
    ("ports: [{containerPort: 80, hostIP: 10.0.0.1, name: web}]",
     ["ports[0]: hostIP set without hostPort: "
      "{Name:web HostPort:0 ContainerPort:80 Protocol:TCP HostIP:10.0.0.1}"]),
    ("ports: [{containerPort: 80}, {containerPort: 80}]",
     ["ports[1]: duplicate port definition with spec.containers[0].ports[0]"]),
    ("ports: [{containerPort: 80}, {containerPort: 80, hostPort: 81}]",
     ["ports[1]: overlapping port definition with spec.containers[0].ports[0]"]),
    ("ports: [{containerPort: 80, hostPort: 81}, {containerPort: 80, hostPort: 81, hostIP: 10.0.0.1}]",
     ["ports[1]: dangerously ambiguous port definition with spec.containers[0].ports[0]"]),
    ("ports: [{containerPort: 80, hostPort: 81}, {containerPort: 80, hostPort: 82}]", []),
    ("ports: [{containerPort: 53, protocol: UDP}, {containerPort: 53}]", []),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "texts"), CONTAINERS, ids=[fields[:50] for fields, _ in CONTAINERS])
def test_of_a_container(fields: str, texts: list[str]) -> None:
    assert of_container(fields) == [f"spec.containers[0].{text}" for text in texts]


def test_of_two_containers_with_a_port_of_one_name() -> None:
    port = "ports: [{name: web, containerPort: %d}]"
    spec = f"initContainers: [{{name: i, image: i, {port % 80}}}, {{name: j, image: i, {port % 81}}}]"
    first = "spec.initContainers[0].ports[0]"
    why = f"services and probes that select ports by name will use {first}"
    assert of_pod(spec) == [f'spec.initContainers[1].ports[0]: duplicate port name "web" with {first}, {why}']


PROFILE = "securityContext: {appArmorProfile: {type: RuntimeDefault}}"
SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
APPARMOR = 'deprecated since v1.30; use the "appArmorProfile" field instead'
NOTES: list[tuple[str, str, str, str]] = [
    ("scheduler.alpha.kubernetes.io/critical-pod", "", "",
     'non-functional in v1.16+; use the "priorityClassName" field instead'),
    ("security.alpha.kubernetes.io/sysctls", "a=1", "", 'non-functional in v1.11+; use the "sysctls" field instead'),
    ("seccomp.security.alpha.kubernetes.io/pod", "unconfined", "", SECCOMP),
    ("container.seccomp.security.alpha.kubernetes.io/c", "unconfined", "", SECCOMP),
    ("container.apparmor.security.beta.kubernetes.io/c", "runtime/default", "", APPARMOR),
    ("container.apparmor.security.beta.kubernetes.io/c", "localhost/x", PROFILE, APPARMOR),
    ("container.apparmor.security.beta.kubernetes.io/c", "runtime/default", PROFILE, ""),
    ("seccomp.security.alpha.kubernetes.io/pod", "unconfined",
     "securityContext: {seccompProfile: {type: Unconfined}}", ""),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "spec", "why"), NOTES)
def test_of_annotations_that_became_fields(key: str, value: str, spec: str, why: str) -> None:
    assert of_pod(spec, f"{key}: '{value}'") == ([f"metadata.annotations[{key}]: {why}"] if why else [])


TEMPLATE = "{metadata: {labels: {a: b}}, spec: {%scontainers: [{name: c, image: i}]}}"
BAD_TEMPLATE = TEMPLATE % "terminationGracePeriodSeconds: -1, "
SELECTED = "selector: {matchLabels: {a: b}}"
PATIENCE = "spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"
CLAIM = "{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 100m}}}}"
MANY = "completionMode: Indexed, completions: 100001, parallelism: 10001, template: " + TEMPLATE % ""
MANY_TOLD = (
    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, "
    "Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
)
WORKLOADS: list[tuple[str, str, str]] = [
    ("apps/v1 Deployment", f"{SELECTED}, template: {BAD_TEMPLATE}", f"spec.template.{PATIENCE}"),
    ("apps/v1 ReplicaSet", f"{SELECTED}, template: {BAD_TEMPLATE}", f"spec.template.{PATIENCE}"),
    ("apps/v1 DaemonSet", f"{SELECTED}, template: {BAD_TEMPLATE}", f"spec.template.{PATIENCE}"),
    ("apps/v1 StatefulSet", f"{SELECTED}, template: {BAD_TEMPLATE}", f"spec.template.{PATIENCE}"),
    ("v1 ReplicationController", f"selector: {{a: b}}, template: {BAD_TEMPLATE}", f"spec.template.{PATIENCE}"),
    ("batch/v1 Job", f"template: {BAD_TEMPLATE}", f"spec.template.{PATIENCE}"),
    ("batch/v1 CronJob", f"schedule: '@hourly', jobTemplate: {{spec: {{template: {BAD_TEMPLATE}}}}}",
     f"spec.jobTemplate.spec.template.{PATIENCE}"),
    ("batch/v1 Job", MANY, f"spec: {MANY_TOLD}"),
    ("batch/v1 CronJob", f"schedule: '@hourly', jobTemplate: {{spec: {{{MANY}}}}}",
     f"spec.jobTemplate.spec: {MANY_TOLD}"),
    ("apps/v1 StatefulSet", f"{SELECTED}, template: {TEMPLATE % ''}, volumeClaimTemplates: [{CLAIM}]",
     f'spec.volumeClaimTemplates[0].resources.requests[storage]: fractional byte value "100m" {FRACTION}'),
    ("apps/v1 StatefulSet", f"{SELECTED}, template: {TEMPLATE % ''}, revisionHistoryLimit: -1",
     "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"),
    ("v1 PersistentVolumeClaim", "accessModes: [ReadWriteOnce], resources: {limits: {storage: '0.1'}}",
     f'spec.resources.limits[storage]: fractional byte value "100m" {FRACTION}'),
    ("v1 PersistentVolume", "capacity: {storage: 1Gi}, persistentVolumeReclaimPolicy: Recycle",
     "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach "
     "is to use dynamic provisioning."),
    ("v1 PersistentVolume", "rbd: {monitors: [m], image: i}",
     "spec.rbd: deprecated in v1.28, non-functional in v1.31+"),
    ("v1 PersistentVolume", f"nodeAffinity: {{required: {{nodeSelectorTerms: [{{matchExpressions: [{OLD_ZONE}]}}]}}}}",
     "spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: "
     'failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead'),
    ("v1 Node", "externalID: abc", "spec.externalID: this field is deprecated, and is unused by Kubernetes"),
    ("v1 Node", "podCIDRs: ['2001:DB8::/64']",
     'spec.podCIDRs[0]: IPv6 CIDR value "2001:DB8::/64" should be in RFC 5952 canonical format ("2001:db8::/64")'),
    ("v1 ResourceQuota", "hard: {cpu: '2', limits.cpu: '1'}",
     "ResourceQuota cpu (2) should be less than limits.cpu (1)"),
    ("v1 ResourceQuota", "hard: {requests.ephemeral-storage: 2Gi, limits.ephemeral-storage: 1Gi}",
     "ResourceQuota requests.ephemeral-storage (2Gi) should be less than limits.ephemeral-storage (1Gi)"),
    ("storage.k8s.io/v1 CSIDriver", "tokenRequests: [{audience: ''}]",
     "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible "
     "logging of tokens in volume attributes"),
    ("resource.k8s.io/v1 ResourceSlice", "driver: GPU.example.com, pool: {name: p, generation: 1, "
     "resourceSliceCount: 1}",
     'spec.driver: driver names should be lowercase; "GPU.example.com" contains uppercase characters'),
    ("networking.k8s.io/v1 NetworkPolicy",
     "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '2001:DB8::/32', except: ['2001:db8:0::/48']}}]}]",
     'spec.ingress[0].from[0].ipBlock.cidr: IPv6 CIDR value "2001:DB8::/32" should be in RFC 5952 canonical format '
     '("2001:db8::/32")|spec.ingress[0].from[0].ipBlock.except[0]: IPv6 CIDR value "2001:db8:0::/48" should be in RFC '
     '5952 canonical format ("2001:db8::/48")'),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "spec", "texts"), WORKLOADS)
def test_of_a_spec(kind: str, spec: str, texts: str) -> None:
    version, name = kind.split()
    assert "|".join(told(f"apiVersion: {version}\nkind: {name}\nspec: {{{spec}}}")) == texts


@pytest.mark.parametrize(
    ("kind", "spec", "where"),
    [
        ("v1 Pod", "containers: [{name: c, image: i}]", "the Pod's hostname"),
        ("apps/v1 Deployment", f"{SELECTED}, template: {TEMPLATE % ''}", "Pod names and hostnames"),
        ("apps/v1 ReplicaSet", f"{SELECTED}, template: {TEMPLATE % ''}", "Pod names and hostnames"),
        ("v1 ReplicationController", f"template: {TEMPLATE % ''}", "Pod names and hostnames"),
        ("batch/v1 Job", f"template: {TEMPLATE % ''}", "Pod names and hostnames"),
        ("batch/v1 CronJob", f"schedule: '@hourly', jobTemplate: {{spec: {{template: {TEMPLATE % ''}}}}}",
         "Pod names and hostnames"),
    ],
)  # fmt: skip
def test_of_a_name_with_dots(kind: str, spec: str, where: str) -> None:
    version, name = kind.split()
    made = told(f"apiVersion: {version}\nkind: {name}\nmetadata: {{name: a.b}}\nspec: {{{spec}}}")
    why = "which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"
    assert made == [f"metadata.name: this is used in {where}, {why}"]


SERVICES: list[tuple[str, str]] = [
    ("clusterIP: None, type: ClusterIP, loadBalancerIP: 10.0.0.1, externalIPs: [10.0.0.1], sessionAffinity: ClientIP",
     "spec.loadBalancerIP is ignored for headless services|spec.externalIPs is ignored for headless services|"
     "spec.SessionAffinity is ignored for headless services"),
    ("externalIPs: [10.0.0.1]", "spec.externalIPs is deprecated and may no longer be implemented in some clusters"),
    ("type: ExternalName, externalName: a.b, externalIPs: [10.0.0.1]",
     'spec.externalIPs is ignored when spec.type is "ExternalName"'),
    ("externalName: a.b", 'spec.externalName is ignored when spec.type is not "ExternalName"'),
    ("trafficDistribution: PreferClose",
     'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'),
    ("type: LoadBalancer, loadBalancerIP: 010.0.0.1",
     'spec.loadBalancerIP: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"'),
    ("type: LoadBalancer, loadBalancerIP: '::ffff:1.2.3.4'",
     'spec.loadBalancerIP: non-standard IP address "::ffff:1.2.3.4" is invalid: use "1.2.3.4"'),
    ("type: LoadBalancer, loadBalancerSourceRanges: ['2001:DB8::/64']",
     'spec.loadBalancerSourceRanges[0]: IPv6 CIDR value "2001:DB8::/64" should be in RFC 5952 canonical format '
     '("2001:db8::/64")'),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "texts"), SERVICES)
def test_of_a_service(spec: str, texts: str) -> None:
    made = told(f"apiVersion: v1\nkind: Service\nspec: {{ports: [{{port: 80}}], {spec}}}")
    assert "|".join(made) == texts


OTHERS: list[tuple[str, str]] = [
    ("apiVersion: v1\nkind: Service\nmetadata: {name: x, annotations: "
     "{service.kubernetes.io/topology-aware-hints: auto}}\nspec: {}",
     "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use "
     "service.kubernetes.io/topology-mode instead"),
    ("apiVersion: v1\nkind: Endpoints\nsubsets: [{addresses: [{ip: '2001:DB8::1'}]}]",
     'subsets[0].addresses[0].ip: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")'),
    ("apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: FQDN\nendpoints: [{addresses: [a.b]}]",
     "spec.addressType: FQDN endpoints are deprecated"),
    ("apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv6\nendpoints: [{addresses: ['::0']}]",
     'endpoints[0].addresses[0]: IPv6 address "::0" should be in RFC 5952 canonical format ("::")'),
    ("apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x, annotations: "
     "{kubernetes.io/ingress.class: nginx}}\nspec: {defaultBackend: {service: {name: s, port: {number: 80}}}}",
     "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"),
    ("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: x, annotations: "
     "{kubernetes.io/enforce-mountable-secrets: 'true'}}",
     "metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces "
     "to isolate access to mounted secrets"),
    ("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: x, annotations: "
     "{volume.beta.kubernetes.io/storage-class: a}}\nspec: {accessModes: [ReadWriteOnce]}",
     "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "
     '"storageClassName" attribute instead'),
    ("apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: x, annotations: "
     "{volume.beta.kubernetes.io/mount-options: ro}}\nspec: {}",
     "metadata.annotations[volume.beta.kubernetes.io/mount-options]: deprecated since v1.31; use "
     '"mountOptions" attribute instead'),
    ("apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nhandler: h\nscheduling: {nodeSelector: "
     "{beta.kubernetes.io/arch: a}}",
     'scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/arch" instead'),
    ("apiVersion: storage.k8s.io/v1\nkind: StorageClass\nprovisioner: p\nallowedTopologies: [{matchLabelExpressions: "
     "[{key: failure-domain.beta.kubernetes.io/region, values: [a]}]}]",
     'allowedTopologies[0].matchLabelExpressions[0].key: deprecated since v1.17; use "topology.kubernetes.io/region" '
     "instead"),
    ("apiVersion: storage.k8s.io/v1\nkind: CSIStorageCapacity\nstorageClassName: s\nnodeTopology: {matchLabels: "
     "{beta.kubernetes.io/os: linux}}",
     'nodeTopology.matchLabels.beta.kubernetes.io/os: deprecated since v1.14; use "kubernetes.io/os" instead'),
]  # fmt: skip


@pytest.mark.parametrize(("manifest", "text"), OTHERS)
def test_of_other_kinds(manifest: str, text: str) -> None:
    assert told(manifest) == [text]


def pem(*kinds: str) -> str:
    return base64.b64encode("".join(f"-----BEGIN {k}-----\nAA==\n-----END {k}-----\n" for k in kinds).encode()).decode()


NO_CERTIFICATE = 'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the '
NO_KEY = (
    'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the '
)


@pytest.mark.parametrize(
    ("certificate", "key", "text"),
    [
        ("", "", "tls: failed to find any PEM data in certificate input"),
        (pem("RSA PRIVATE KEY"), "", "tls: failed to find certificate PEM data in certificate input, but did find a "
         "private key; PEM inputs may have been switched"),
        (pem("A", "B"), "", f"{NO_CERTIFICATE}following types: [A B]"),
        (pem("CERTIFICATE"), "", "tls: failed to find any PEM data in key input"),
        (pem("CERTIFICATE"), pem("CERTIFICATE"),
         "tls: found a certificate rather than a key in the PEM for the private key"),
        (pem("CERTIFICATE"), pem("A", "B"), f"{NO_KEY}following types: [A B]"),
        (pem("A", "CERTIFICATE"), pem("EC PRIVATE KEY"), ""),
    ],
)  # fmt: skip
def test_of_a_secret_without_a_certificate(certificate: str, key: str, text: str) -> None:
    data = f"{{tls.crt: '{certificate}', tls.key: '{key}'}}"
    assert told(f"apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\ndata: {data}") == ([text] if text else [])


def definition(*formats: tuple[str, str]) -> Obj:
    properties = {f"f{number}": {"type": kind, "format": name} for number, (kind, name) in enumerate(formats)}
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
    version = {"name": "v1", "schema": {"openAPIV3Schema": schema}}
    return {"kind": "CustomResourceDefinition", "metadata": {}, "spec": {"versions": [version]}}


def test_of_a_format_that_nobody_checks_once_it_is_new() -> None:
    known = ("string", "date-time"), ("string", "password"), ("integer", "int64"), ("number", "double")
    assert warnings.on_create(definition(*known)) == ()
    old, new = definition(("string", "colour")), definition(("string", "colour"), ("integer", "int8"))
    assert warnings.on_create(old) == ('unrecognized format "colour"',)
    assert warnings.on_update(new, old) == ('unrecognized format "int8"',)


def custom(*finalizers: str) -> Obj:
    return {"apiVersion": "a.io/v1", "kind": "Widget", "metadata": {"name": "w", "finalizers": list(finalizers)}}


def test_of_finalizers_of_nobodys_domain_once_they_are_new() -> None:
    prefer = 'metadata.finalizers: "%s": prefer a domain-qualified finalizer name%s to avoid accidental conflicts with '
    prefer += "other finalizer writers"
    assert warnings.on_create(custom("mine", "a.io", "a.io/b", "orphan"), custom=True) == (
        prefer % ("a.io", " including a path (/)"),
        prefer % ("mine", ""),
    )
    assert warnings.on_update(custom("mine", "yours"), custom("mine"), custom=True) == (prefer % ("yours", ""),)


# --------------------------------------------------------------------------------------------------- updates


def with_generation(obj: Obj, number: int, **meta: Any) -> Obj:
    return {**obj, "metadata": {**obj["metadata"], "generation": number, **meta}}


@pytest.mark.parametrize(
    "kind", ["apps/v1 Deployment", "apps/v1 ReplicaSet", "apps/v1 StatefulSet", "v1 ReplicationController"]
)
def test_a_template_is_looked_at_again_when_the_desired_state_changes(kind: str) -> None:
    version, name = kind.split()
    obj = stored(f"apiVersion: {version}\nkind: {name}\nspec: {{template: {BAD_TEMPLATE}}}")
    first, second = with_generation(obj, 1), with_generation(obj, 2)
    assert warnings.on_update(with_generation(obj, 1, labels={"a": "b"}), first) == ()
    assert warnings.on_update(second, first) == (f"spec.template.{PATIENCE}",)
    assert warnings.on_update(second, first, "status") == ()


def test_a_daemon_sets_template_when_that_changes() -> None:
    bad, good = (
        stored(f"apiVersion: apps/v1\nkind: DaemonSet\nspec: {{template: {each}}}")
        for each in (BAD_TEMPLATE, TEMPLATE % "")
    )
    assert warnings.on_update(bad, bad) == ()
    assert warnings.on_update(bad, good) == (f"spec.template.{PATIENCE}",)


def test_a_pod_is_not_looked_at_again_and_a_claim_template_by_another_name() -> None:
    pod = stored("apiVersion: v1\nkind: Pod\nspec: {containers: [], terminationGracePeriodSeconds: -1}")
    assert warnings.on_create(pod)
    assert warnings.on_update(pod, pod) == ()
    claims = f"volumeClaimTemplates: [{CLAIM}], template: {TEMPLATE % ''}"
    made = stored(f"apiVersion: apps/v1\nkind: StatefulSet\nspec: {{{claims}}}")
    field = "spec.volumeClaimTemplates[0].Spec.resources.requests[storage]"
    assert warnings.on_update(made, made) == (f'{field}: fractional byte value "100m" {FRACTION}',)


@pytest.mark.parametrize(
    ("obj", "text"),
    [
        ({"kind": "Pod", "status": {"podIPs": [{"ip": "::0"}]}}, "status.podIPs[0].ip"),
        ({"kind": "Pod", "status": {"hostIPs": [{"ip": "::0"}]}}, "status.hostIPs[0].ip"),
        ({"kind": "Service", "status": {"loadBalancer": {"ingress": [{"ip": "::0"}]}}},
         "status.loadBalancer.ingress[0]"),
        ({"kind": "Ingress", "status": {"loadBalancer": {"ingress": [{"ip": "::0"}]}}},
         "status.loadBalancer.ingress[0]"),
    ],
)  # fmt: skip
def test_of_a_status(obj: Obj, text: str) -> None:
    assert warnings.on_update(obj, obj, "status") == (
        f'{text}: IPv6 address "::0" should be in RFC 5952 canonical format ("::")',
    )


def test_an_account_is_told_once_and_a_driver_when_its_tokens_change() -> None:
    notes = {"annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}}
    fenced = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": notes}
    free = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {}}
    assert len(warnings.on_update(fenced, free)) == 1
    assert warnings.on_update(fenced, fenced) == ()
    one, two = (
        {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "spec": {"tokenRequests": [{"audience": each}]}}
        for each in "ab"
    )
    assert len(warnings.on_update(two, one)) == 1
    assert warnings.on_update(one, one) == ()


def test_no_more_ports_and_paths_are_compared_than_a_pod_is_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WARNING_COMPARISONS", 4)
    ports = ", ".join(["{containerPort: 80}"] * 9)
    items = ", ".join(["{key: k, path: p}"] * 9)
    assert len(of_container(f"ports: [{ports}]")) == 4
    assert len(of_pod(f"volumes: [{{name: v, configMap: {{name: m, items: [{items}]}}}}]")) == 4


def test_no_more_is_said_than_anybody_reads() -> None:
    volumes = ", ".join(f"{{name: v{number}, rbd: {{monitors: [m], image: i}}}}" for number in range(600))
    assert len(of_pod(f"volumes: [{volumes}]")) == limits.WARNINGS
