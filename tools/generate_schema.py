"""Writes app/apimachinery/scheme/schema_v1_36.json: the types of Kubernetes' API as one compact table.

Run at development time only (`.venv/bin/python tools/generate_schema.py`), after a change here or a new Kubernetes
version. Source: the JSON schemas that the package kubernetes-validate carries. They hold names, types, formats,
required fields, list types and merge keys; what they lack and the API server nevertheless knows (the names and values
of string types, which zero values are left out) is the short table of facts below. Descriptions are not taken.

The table reads like Go: `"containers": "[]Container required merge=name"`. `app/apimachinery/scheme/shapes.py` explains
the words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate

VERSION = "1.36.0"
SOURCE = (
    Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"v{VERSION}-local" / "_definitions.json"
)
TARGET = Path(__file__).parent.parent / "app" / "apimachinery" / "scheme" / "schema_v1_36.json"

META = "io.k8s.apimachinery.pkg.apis.meta.v1"
API_VERSIONS = {
    "v1": "io.k8s.api.core.v1",
    "apps/v1": "io.k8s.api.apps.v1",
    "batch/v1": "io.k8s.api.batch.v1",
    "autoscaling/v1": "io.k8s.api.autoscaling.v1",
    "autoscaling/v2": "io.k8s.api.autoscaling.v2",
    "policy/v1": "io.k8s.api.policy.v1",
    "discovery.k8s.io/v1": "io.k8s.api.discovery.v1",
    "coordination.k8s.io/v1": "io.k8s.api.coordination.v1",
    "networking.k8s.io/v1": "io.k8s.api.networking.v1",
    "rbac.authorization.k8s.io/v1": "io.k8s.api.rbac.v1",
    "storage.k8s.io/v1": "io.k8s.api.storage.v1",
    "node.k8s.io/v1": "io.k8s.api.node.v1",
    "resource.k8s.io/v1": "io.k8s.api.resource.v1",
    "scheduling.k8s.io/v1": "io.k8s.api.scheduling.v1",
    "apiextensions.k8s.io/v1": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1",
    "apiregistration.k8s.io/v1": "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1",
    "certificates.k8s.io/v1": "io.k8s.api.certificates.v1",
    "events.k8s.io/v1": "io.k8s.api.events.v1",
    "flowcontrol.apiserver.k8s.io/v1": "io.k8s.api.flowcontrol.v1",
    "authentication.k8s.io/v1": "io.k8s.api.authentication.v1",
    "authorization.k8s.io/v1": "io.k8s.api.authorization.v1",
}

# Definitions that are scalars on the wire, or anything at all.
SCALARS = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "Quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "IntOrString",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "any",
    f"{META}.Time": "Time",
    f"{META}.MicroTime": "MicroTime",
    f"{META}.FieldsV1": "any",
    **{
        f"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.{name}": "JSON"
        for name in ("JSON", "JSONSchemaPropsOrStringArray")
    },
    **{
        f"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.{name}": name
        for name in ("JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool")
    },
}
FORMATS = {("integer", "int32"): "int32", ("integer", "int64"): "int64", ("integer", None): "int64"}
FORMATS |= {("number", "double"): "float64", ("string", "byte"): "[]byte", ("string", None): "string"}
FORMATS |= {("boolean", None): "bool", ("object", None): "any"}

# Named string types: the fields that have them, and the values in the order in which errors list them. A type
# without values is only a name ("of type v1.ConditionStatus").
NAMED_STRINGS: dict[str, tuple[str, list[str]]] = {
    "RestartPolicy": ("PodSpec.restartPolicy", ["Always", "OnFailure", "Never"]),
    "DNSPolicy": ("PodSpec.dnsPolicy", ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]),
    "PreemptionPolicy": ("PodSpec.preemptionPolicy PriorityClass.preemptionPolicy", ["PreemptLowerPriority", "Never"]),
    "ContainerRestartPolicy": (
        "Container.restartPolicy EphemeralContainer.restartPolicy",
        ["Always", "Never", "OnFailure"],
    ),
    "PullPolicy": (
        "Container.imagePullPolicy EphemeralContainer.imagePullPolicy ImageVolumeSource.pullPolicy",
        ["Always", "IfNotPresent", "Never"],
    ),
    "TerminationMessagePolicy": (
        "Container.terminationMessagePolicy EphemeralContainer.terminationMessagePolicy",
        ["File", "FallbackToLogsOnError"],
    ),
    "Protocol": (
        "ContainerPort.protocol ServicePort.protocol EndpointPort.protocol NetworkPolicyPort.protocol",
        ["SCTP", "TCP", "UDP"],
    ),
    "URIScheme": ("HTTPGetAction.scheme", ["HTTP", "HTTPS"]),
    "TolerationOperator": ("Toleration.operator", ["Equal", "Exists", "Lt", "Gt"]),
    "TaintEffect": ("Toleration.effect Taint.effect", ["NoSchedule", "PreferNoSchedule", "NoExecute"]),
    "NodeSelectorOperator": (
        "NodeSelectorRequirement.operator",
        ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"],
    ),
    "LabelSelectorOperator": ("LabelSelectorRequirement.operator", ["In", "NotIn", "Exists", "DoesNotExist"]),
    "UnsatisfiableConstraintAction": (
        "TopologySpreadConstraint.whenUnsatisfiable",
        ["DoNotSchedule", "ScheduleAnyway"],
    ),
    "MountPropagationMode": (
        "VolumeMount.mountPropagation",
        ["Bidirectional", "HostToContainer", "None"],
    ),
    "ServiceType": ("ServiceSpec.type", ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]),
    "ServiceAffinity": ("ServiceSpec.sessionAffinity", ["ClientIP", "None"]),
    "ServiceExternalTrafficPolicy": ("ServiceSpec.externalTrafficPolicy", ["Cluster", "Local"]),
    "ServiceInternalTrafficPolicy": ("ServiceSpec.internalTrafficPolicy", ["Cluster", "Local"]),
    "IPFamily": ("ServiceSpec.ipFamilies[]", ["IPv4", "IPv6"]),
    "IPFamilyPolicy": ("ServiceSpec.ipFamilyPolicy", ["PreferDualStack", "RequireDualStack", "SingleStack"]),
    "AddressType": ("EndpointSlice.addressType", ["FQDN", "IPv4", "IPv6"]),
    "DeploymentStrategyType": ("DeploymentStrategy.type", ["Recreate", "RollingUpdate"]),
    "DaemonSetUpdateStrategyType": ("DaemonSetUpdateStrategy.type", ["RollingUpdate", "OnDelete"]),
    "StatefulSetUpdateStrategyType": ("StatefulSetUpdateStrategy.type", ["RollingUpdate", "OnDelete"]),
    "PodManagementPolicyType": ("StatefulSetSpec.podManagementPolicy", ["OrderedReady", "Parallel"]),
    "ConcurrencyPolicy": ("CronJobSpec.concurrencyPolicy", ["Allow", "Forbid", "Replace"]),
    "CompletionMode": ("JobSpec.completionMode", ["Indexed", "NonIndexed"]),
    "PodReplacementPolicy": ("JobSpec.podReplacementPolicy", ["Failed", "TerminatingOrFailed"]),
    "PersistentVolumeAccessMode": (
        "PersistentVolumeClaimSpec.accessModes[] PersistentVolumeSpec.accessModes[]",
        ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"],
    ),
    "PersistentVolumeReclaimPolicy": (
        "PersistentVolumeSpec.persistentVolumeReclaimPolicy StorageClass.reclaimPolicy",
        ["Delete", "Recycle", "Retain"],
    ),
    "PersistentVolumeMode": (
        "PersistentVolumeClaimSpec.volumeMode PersistentVolumeSpec.volumeMode",
        ["Block", "Filesystem"],
    ),
    "PolicyType": ("NetworkPolicySpec.policyTypes[]", ["Egress", "Ingress"]),
    "PathType": ("HTTPIngressPath.pathType", ["Exact", "ImplementationSpecific", "Prefix"]),
    "UnhealthyPodEvictionPolicyType": (
        "PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy",
        ["AlwaysAllow", "IfHealthyBudget"],
    ),
    "MetricSourceType": (
        "v2.MetricSpec.type",
        ["ContainerResource", "External", "Object", "Pods", "Resource"],
    ),
    "SecretType": ("Secret.type", []),
    "StorageMedium": ("EmptyDirVolumeSource.medium", []),
    "ResourceScope": ("CustomResourceDefinitionSpec.scope", ["Cluster", "Namespaced"]),
    "ConditionStatus": (
        "DeploymentCondition.status NodeCondition.status PodCondition.status ReplicaSetCondition.status",
        [],
    ),
    "PodPhase": ("PodStatus.phase", []),
    "NamespacePhase": ("NamespaceStatus.phase", []),
}
# Strings that are pointers in Go: "" is a value of its own there and is kept.
POINTER_STRINGS = {
    "PersistentVolumeClaimSpec": "storageClassName volumeAttributesClassName",
    "PodSpec": "runtimeClassName preemptionPolicy hostnameOverride",
    "PodSecurityContext": "fsGroupChangePolicy supplementalGroupsPolicy seLinuxChangePolicy",
    "SecurityContext": "procMount", "SeccompProfile": "localhostProfile", "AppArmorProfile": "localhostProfile",
    "WindowsSecurityContextOptions": "gmsaCredentialSpec gmsaCredentialSpecName runAsUserName",
    "Container": "restartPolicy", "EphemeralContainer": "restartPolicy",
    "VolumeMount": "mountPropagation recursiveReadOnly",
    "TopologySpreadConstraint": "nodeAffinityPolicy nodeTaintsPolicy",
    "PodResourceClaim": "resourceClaimName resourceClaimTemplateName", "ResourceHealth": "message",
    "ISCSIVolumeSource": "initiatorName", "ServicePort": "appProtocol", "ServiceSpec": "loadBalancerClass",
    "IngressSpec": "ingressClassName", "HostPathVolumeSource": "type", "discovery.EndpointPort": "name appProtocol",
    "LeaseSpec": "holderIdentity", "Endpoint": "hostname zone", "TypedLocalObjectReference": "apiGroup",
    "TypedObjectReference": "apiGroup", "VolumeAttachmentSource": "persistentVolumeName",
    "ResourceSliceSpec": "nodeName", "Device": "nodeName", "CSIDriverSpec": "fsGroupPolicy",
    "ObjectFieldSelector": "fieldPath", "CronJobSpec": "timeZone", "PersistentVolumeSpec": "volumeAttributesClassName",
    "GlusterfsPersistentVolumeSource": "endpointsNamespace", "AzureFilePersistentVolumeSource": "secretNamespace",
}  # fmt: skip
# Numbers and booleans that are no pointers in Go and bear `omitempty`: 0 and false are the same as absent.
OMITTED_ZEROS = {
    "PodSpec": "hostNetwork hostPID hostIPC",
    "Container": "stdin stdinOnce tty",
    "EphemeralContainer": "stdin stdinOnce tty",
    "VolumeMount": "readOnly",
    "VolumeMountStatus": "readOnly",
    "ContainerPort": "hostPort",
    "ContainerStateTerminated": "signal",
    "Probe": "initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold",
    "DeploymentSpec": "paused minReadySeconds",
    "DeploymentStatus": "availableReplicas observedGeneration readyReplicas replicas unavailableReplicas "
    "updatedReplicas",
    "ReplicaSetSpec": "minReadySeconds",
    "ReplicaSetStatus": "availableReplicas fullyLabeledReplicas observedGeneration readyReplicas",
    "StatefulSetSpec": "minReadySeconds",
    "StatefulSetStatus": "currentReplicas observedGeneration readyReplicas updatedReplicas",
    "DaemonSetSpec": "minReadySeconds",
    "DaemonSetStatus": "numberAvailable numberUnavailable observedGeneration updatedNumberScheduled",
    "ReplicationControllerSpec": "minReadySeconds",
    "ReplicationControllerStatus": "availableReplicas fullyLabeledReplicas observedGeneration readyReplicas",
    "JobStatus": "active failed succeeded",
    "PodStatus": "observedGeneration",
    "PodCondition": "observedGeneration",
    "Condition": "observedGeneration",
    "PodDisruptionBudgetStatus": "observedGeneration",
    "HorizontalPodAutoscalerStatus": "observedGeneration",
    "ServicePort": "nodePort",
    "ServiceSpec": "publishNotReadyAddresses healthCheckNodePort",
    "ServiceBackendPort": "number",
    "NodeSpec": "unschedulable",
    "ObjectMeta": "generation",
    "Event": "count",
    "ScaleSpec": "replicas",
    "AWSElasticBlockStoreVolumeSource": "partition readOnly",
    "AzureFileVolumeSource": "readOnly",
    "CephFSVolumeSource": "readOnly",
    "CinderVolumeSource": "readOnly",
    "FCVolumeSource": "readOnly",
    "FlexVolumeSource": "readOnly",
    "GCEPersistentDiskVolumeSource": "partition readOnly",
    "GlusterfsVolumeSource": "readOnly",
    "ISCSIVolumeSource": "chapAuthDiscovery chapAuthSession readOnly",
    "NFSVolumeSource": "readOnly",
    "PersistentVolumeClaimVolumeSource": "readOnly",
    "PortworxVolumeSource": "readOnly",
    "QuobyteVolumeSource": "readOnly",
    "RBDVolumeSource": "readOnly",
    "ScaleIOVolumeSource": "readOnly sslEnabled",
    "StorageOSVolumeSource": "readOnly",
    "CSIPersistentVolumeSource": "readOnly",
    "PriorityClass": "globalDefault",
    "SubjectAccessReviewStatus": "denied",
    "TokenReviewStatus": "authenticated",
    "ExactDeviceRequest": "count",
    "DeviceSubRequest": "count",
}
# Structs that are no pointers in Go: they are there, empty, even where nobody writes them. So are the metadata, spec
# and status of everything.
VALUE_STRUCTS = {
    "Container": "resources",
    "EphemeralContainer": "resources",
    "PersistentVolumeClaimSpec": "resources",
    "ContainerStatus": "lastState state",
    "DeploymentSpec": "strategy template",
    "ReplicaSetSpec": "template",
    "StatefulSetSpec": "template updateStrategy",
    "DaemonSetSpec": "template updateStrategy",
    "JobSpec": "template",
    "CronJobSpec": "jobTemplate",
    "PodTemplate": "template",
    "ServiceStatus": "loadBalancer",
    "IngressStatus": "loadBalancer",
    "HTTPIngressPath": "backend",
    "NodeStatus": "daemonEndpoints nodeInfo",
    "NodeDaemonEndpoints": "kubeletEndpoint",
    "Endpoint": "conditions",
    "Event": "involvedObject source",
    "HorizontalPodAutoscalerSpec": "scaleTargetRef",
    "v2.HorizontalPodAutoscalerSpec": "scaleTargetRef",
    "CustomResourceDefinitionSpec": "names",
    "CustomResourceDefinitionStatus": "acceptedNames",
    "VolumeAttachmentSpec": "source",
    "ResourceClaimSpec": "devices",
    "ResourceSliceSpec": "pool",
    "FlowSchemaSpec": "priorityLevelConfiguration",
    "LimitedPriorityLevelConfiguration": "limitResponse",
}
VALUE_STRUCT_NAMES = {"metadata", "spec", "status"}
NO_VALUE_STRUCTS = {"CustomResourceSubresources.status"}


def main() -> None:
    TARGET.write_text(generate())
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


def generate() -> str:
    """The text of the table. Raises AssertionError if a fact above names a field that does not exist."""
    definitions: dict[str, Any] = json.loads(SOURCE.read_text())["$defs"]
    kinds = dict(_kinds(definitions))
    reached = _reachable(definitions, set(kinds.values()))
    names = _short_names(reached)
    types = {
        names[full]: _type(names[full], definitions[full], names) for full in sorted(reached, key=names.__getitem__)
    }
    _check_facts(types)
    table = {
        "kubernetes": VERSION,
        "kinds": {key: names[full] for key, full in sorted(kinds.items())},
        "values": {name: values for name, (_, values) in sorted(NAMED_STRINGS.items())},
        "packages": _packages(names),
        "types": types,
    }
    return _layout(table)


def _kinds(definitions: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """("apps/v1/Deployment", definition) for all that has the metadata of an object."""
    packages = {package: version for version, package in API_VERSIONS.items()}
    for full, definition in definitions.items():
        package, _, kind = full.rpartition(".")
        metadata = definition.get("properties", {}).get("metadata", {}).get("$ref", "")
        if package in packages and "kind" in definition.get("properties", ()) and metadata.endswith(".ObjectMeta"):
            yield f"{packages[package]}/{kind}", full
    yield "v1/DeleteOptions", f"{META}.DeleteOptions"


def _reachable(definitions: dict[str, Any], roots: set[str]) -> set[str]:
    reached: set[str] = set()
    todo = sorted(roots)
    while todo:
        full = todo.pop()
        if full in reached or full in SCALARS:
            continue
        reached.add(full)
        todo += [ref.rpartition("/")[2] for ref in re.findall(r'"\$ref": "([^"]+)"', json.dumps(definitions[full]))]
    return reached


def _short_names(reached: set[str]) -> dict[str, str]:
    """`Container`; `v2.MetricSpec` outside v1; `discovery.EndpointPort` where groups share a name."""
    names: dict[str, str] = {}
    for full in sorted(reached):
        package, _, name = full.rpartition(".")
        group, version = package.split(".")[-2:]
        shared = any(other != full and other.endswith(f".v1.{name}") for other in reached)
        if version != "v1":
            names[full] = f"{version}.{name}"
        else:
            names[full] = f"{group}.{name}" if shared and group != "core" else name
    assert len(set(names.values())) == len(names)
    return names


def _packages(names: dict[str, str]) -> dict[str, str]:
    """{"io.k8s.api.core.v1": "Affinity AppArmorProfile ..."}: where the types are at home."""
    packages: dict[str, list[str]] = {}
    for full, name in sorted(names.items()):
        packages.setdefault(full.rpartition(".")[0], []).append(name)
    return {package: " ".join(sorted(short)) for package, short in packages.items()}


def _type(name: str, definition: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    required = set(definition.get("required", ()))
    fields = {
        field: _field(f"{name}.{field}", facts, names, field in required)
        for field, facts in sorted(definition.get("properties", {}).items())
    }
    return {"": "atomic", **fields} if definition.get("x-kubernetes-map-type") == "atomic" else fields


def _field(path: str, facts: dict[str, Any], names: dict[str, str], required: bool) -> str:
    kind = _go_type(path, facts, names)
    words = [kind]
    if required:
        words.append("required")
    strategy = facts.get("x-kubernetes-patch-strategy", "").split(",")
    if "merge" in strategy:
        key = facts.get("x-kubernetes-patch-merge-key", "")
        words.append(f"merge={key}" if key else "merge")
    if "retainKeys" in strategy:
        words.append("retainKeys")
    keys = ",".join(facts.get("x-kubernetes-list-map-keys", ()))
    if keys and f"merge={keys}" not in words:
        words.append(f"keys={keys}")
    if facts.get("x-kubernetes-list-type") == "set":
        words.append("set")
    if facts.get("x-kubernetes-map-type") == "atomic" or (
        facts.get("x-kubernetes-list-type") == "atomic" and "merge" in strategy
    ):
        words.append("atomic")
    owner, _, field = path.rpartition(".")
    if field in POINTER_STRINGS.get(owner, "").split():
        words.append("pointer")
    if field in OMITTED_ZEROS.get(owner, "").split():
        words.append("omitzero")
    named_value = field in VALUE_STRUCT_NAMES and path not in NO_VALUE_STRUCTS
    if kind in names.values() and (named_value or field in VALUE_STRUCTS.get(owner, "").split()):
        words.append("value")
    return " ".join(words)


def _go_type(path: str, facts: dict[str, Any], names: dict[str, str]) -> str:
    for name, (fields, _) in NAMED_STRINGS.items():
        if path in fields.split():
            return name
    if "$ref" in facts:
        full = facts["$ref"].rpartition("/")[2]
        return SCALARS.get(full) or names[full]
    wire = facts["type"] if isinstance(facts["type"], str) else facts["type"][0]
    if wire == "array":
        return "[]" + _go_type(f"{path}[]", facts["items"], names)
    if "additionalProperties" in facts:
        return "map[string]" + _go_type(f"{path}{{}}", facts["additionalProperties"], names)
    return FORMATS[wire, facts.get("format")]


def _check_facts(types: dict[str, dict[str, str]]) -> None:
    """A fact about a field that does not exist is a spelling mistake."""
    paths = [path for fields, _ in NAMED_STRINGS.values() for path in fields.split()]
    for facts in (POINTER_STRINGS, OMITTED_ZEROS, VALUE_STRUCTS):
        paths += [f"{owner}.{field}" for owner, fields in facts.items() for field in fields.split()]
    for path in paths:
        owner, _, field = path.removesuffix("[]").rpartition(".")
        assert field in types.get(owner, {}), f"no field {path}"


def _layout(table: dict[str, Any]) -> str:
    """One line a type, so that a new Kubernetes version reads as a diff."""
    parts = []
    for key, value in table.items():
        written = json.dumps(value)
        if isinstance(value, dict):
            rows = (json.dumps({name: row}, separators=(",", ":"))[1:-1] for name, row in value.items())
            written = "{\n" + ",\n".join(rows) + "\n}"
        parts.append(f"{json.dumps(key)}:{written}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main()
