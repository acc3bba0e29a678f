"""A pod template as Go's spew package prints it: Kubernetes names ReplicaSets by the hash of this text, and puts the
subsets of Endpoints in the order of theirs.

`app.api.names` and the endpoints controller call it. The table below holds the order and types of the Go structs'
fields, v1.36 (k8s.io/api/core/v1). Models kubernetes/pkg/util/hash `DeepHashObject` and apimachinery
`util/dump.ForHash`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from app.api import quantities

# A type without a package is v1's. `=name` gives the JSON name where it is not the Go name in another case, `=` alone
# marks an embedded struct, whose fields lie in the surrounding object.
_STRUCTS = """
PodTemplateSpec ObjectMeta:ObjectMeta=metadata Spec:PodSpec
ObjectMeta Name:string GenerateName:string Namespace:string SelfLink:string UID:types.UID ResourceVersion:string
    Generation:int64 CreationTimestamp:Time DeletionTimestamp:*Time DeletionGracePeriodSeconds:*int64
    Labels:map[string]string Annotations:map[string]string OwnerReferences:[]OwnerReference Finalizers:[]string
    ManagedFields:[]ManagedFieldsEntry
OwnerReference APIVersion:string Kind:string Name:string UID:types.UID Controller:*bool BlockOwnerDeletion:*bool
PodSpec Volumes:[]Volume InitContainers:[]Container Containers:[]Container EphemeralContainers:[]EphemeralContainer
    RestartPolicy:RestartPolicy TerminationGracePeriodSeconds:*int64 ActiveDeadlineSeconds:*int64 DNSPolicy:DNSPolicy
    NodeSelector:map[string]string ServiceAccountName:string DeprecatedServiceAccount:string=serviceAccount
    AutomountServiceAccountToken:*bool NodeName:string HostNetwork:bool HostPID:bool HostIPC:bool
    ShareProcessNamespace:*bool SecurityContext:*PodSecurityContext ImagePullSecrets:[]LocalObjectReference
    Hostname:string Subdomain:string Affinity:*Affinity SchedulerName:string Tolerations:[]Toleration
    HostAliases:[]HostAlias PriorityClassName:string Priority:*int32 DNSConfig:*PodDNSConfig
    ReadinessGates:[]PodReadinessGate RuntimeClassName:*string EnableServiceLinks:*bool
    PreemptionPolicy:*PreemptionPolicy Overhead:ResourceList TopologySpreadConstraints:[]TopologySpreadConstraint
    SetHostnameAsFQDN:*bool OS:*PodOS HostUsers:*bool SchedulingGates:[]PodSchedulingGate
    ResourceClaims:[]PodResourceClaim Resources:*ResourceRequirements HostnameOverride:*string
    SchedulingGroup:*PodSchedulingGroup
PodSecurityContext SELinuxOptions:*SELinuxOptions WindowsOptions:*WindowsSecurityContextOptions RunAsUser:*int64
    RunAsGroup:*int64 RunAsNonRoot:*bool SupplementalGroups:[]int64
    SupplementalGroupsPolicy:*SupplementalGroupsPolicy FSGroup:*int64 Sysctls:[]Sysctl
    FSGroupChangePolicy:*PodFSGroupChangePolicy SeccompProfile:*SeccompProfile AppArmorProfile:*AppArmorProfile
    SELinuxChangePolicy:*PodSELinuxChangePolicy
SELinuxOptions User:string Role:string Type:string Level:string
WindowsSecurityContextOptions GMSACredentialSpecName:*string GMSACredentialSpec:*string RunAsUserName:*string
    HostProcess:*bool
SeccompProfile Type:SeccompProfileType LocalhostProfile:*string
AppArmorProfile Type:AppArmorProfileType LocalhostProfile:*string
Sysctl Name:string Value:string
LocalObjectReference Name:string
Toleration Key:string Operator:TolerationOperator Value:string Effect:TaintEffect TolerationSeconds:*int64
HostAlias IP:string Hostnames:[]string
PodDNSConfig Nameservers:[]string Searches:[]string Options:[]PodDNSConfigOption
PodDNSConfigOption Name:string Value:*string
PodReadinessGate ConditionType:PodConditionType
TopologySpreadConstraint MaxSkew:int32 TopologyKey:string WhenUnsatisfiable:UnsatisfiableConstraintAction
    LabelSelector:*LabelSelector MinDomains:*int32 NodeAffinityPolicy:*NodeInclusionPolicy
    NodeTaintsPolicy:*NodeInclusionPolicy MatchLabelKeys:[]string
LabelSelector MatchLabels:map[string]string MatchExpressions:[]LabelSelectorRequirement
LabelSelectorRequirement Key:string Operator:LabelSelectorOperator Values:[]string
PodOS Name:OSName
PodSchedulingGate Name:string
PodSchedulingGroup PodGroupName:*string
PodResourceClaim Name:string ResourceClaimName:*string ResourceClaimTemplateName:*string
ResourceRequirements Limits:ResourceList Requests:ResourceList Claims:[]ResourceClaim
ResourceClaim Name:string Request:string
Affinity NodeAffinity:*NodeAffinity PodAffinity:*PodAffinity PodAntiAffinity:*PodAntiAffinity
NodeAffinity RequiredDuringSchedulingIgnoredDuringExecution:*NodeSelector
    PreferredDuringSchedulingIgnoredDuringExecution:[]PreferredSchedulingTerm
NodeSelector NodeSelectorTerms:[]NodeSelectorTerm
NodeSelectorTerm MatchExpressions:[]NodeSelectorRequirement MatchFields:[]NodeSelectorRequirement
NodeSelectorRequirement Key:string Operator:NodeSelectorOperator Values:[]string
PreferredSchedulingTerm Weight:int32 Preference:NodeSelectorTerm
PodAffinity RequiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm
    PreferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm
PodAntiAffinity RequiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm
    PreferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm
WeightedPodAffinityTerm Weight:int32 PodAffinityTerm:PodAffinityTerm
PodAffinityTerm LabelSelector:*LabelSelector Namespaces:[]string TopologyKey:string NamespaceSelector:*LabelSelector
    MatchLabelKeys:[]string MismatchLabelKeys:[]string
Container Name:string Image:string Command:[]string Args:[]string WorkingDir:string Ports:[]ContainerPort
    EnvFrom:[]EnvFromSource Env:[]EnvVar Resources:ResourceRequirements ResizePolicy:[]ContainerResizePolicy
    RestartPolicy:*ContainerRestartPolicy RestartPolicyRules:[]ContainerRestartRule VolumeMounts:[]VolumeMount
    VolumeDevices:[]VolumeDevice LivenessProbe:*Probe ReadinessProbe:*Probe StartupProbe:*Probe Lifecycle:*Lifecycle
    TerminationMessagePath:string TerminationMessagePolicy:TerminationMessagePolicy ImagePullPolicy:PullPolicy
    SecurityContext:*SecurityContext Stdin:bool StdinOnce:bool TTY:bool
ContainerPort Name:string HostPort:int32 ContainerPort:int32 Protocol:Protocol HostIP:string
EnvFromSource Prefix:string ConfigMapRef:*ConfigMapEnvSource SecretRef:*SecretEnvSource
ConfigMapEnvSource LocalObjectReference:LocalObjectReference= Optional:*bool
SecretEnvSource LocalObjectReference:LocalObjectReference= Optional:*bool
EnvVar Name:string Value:string ValueFrom:*EnvVarSource
EnvVarSource FieldRef:*ObjectFieldSelector ResourceFieldRef:*ResourceFieldSelector
    ConfigMapKeyRef:*ConfigMapKeySelector SecretKeyRef:*SecretKeySelector FileKeyRef:*FileKeySelector
ObjectFieldSelector APIVersion:string FieldPath:string
ResourceFieldSelector ContainerName:string Resource:string Divisor:resource.Quantity
ConfigMapKeySelector LocalObjectReference:LocalObjectReference= Key:string Optional:*bool
SecretKeySelector LocalObjectReference:LocalObjectReference= Key:string Optional:*bool
FileKeySelector VolumeName:string Path:string Key:string Optional:*bool
ContainerResizePolicy ResourceName:ResourceName RestartPolicy:ResourceResizeRestartPolicy
ContainerRestartRule Action:ContainerRestartRuleAction ExitCodes:*ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes Operator:ContainerRestartRuleOnExitCodesOperator Values:[]int32
VolumeMount Name:string ReadOnly:bool RecursiveReadOnly:*RecursiveReadOnlyMode MountPath:string SubPath:string
    MountPropagation:*MountPropagationMode SubPathExpr:string
VolumeDevice Name:string DevicePath:string
Probe ProbeHandler:ProbeHandler= InitialDelaySeconds:int32 TimeoutSeconds:int32 PeriodSeconds:int32
    SuccessThreshold:int32 FailureThreshold:int32 TerminationGracePeriodSeconds:*int64
ProbeHandler Exec:*ExecAction HTTPGet:*HTTPGetAction TCPSocket:*TCPSocketAction GRPC:*GRPCAction
ExecAction Command:[]string
HTTPGetAction Path:string Port:intstr.IntOrString Host:string Scheme:URIScheme HTTPHeaders:[]HTTPHeader
HTTPHeader Name:string Value:string
TCPSocketAction Port:intstr.IntOrString Host:string
GRPCAction Port:int32 Service:*string
Lifecycle PostStart:*LifecycleHandler PreStop:*LifecycleHandler StopSignal:*Signal
LifecycleHandler Exec:*ExecAction HTTPGet:*HTTPGetAction TCPSocket:*TCPSocketAction Sleep:*SleepAction
SleepAction Seconds:int64
SecurityContext Capabilities:*Capabilities Privileged:*bool SELinuxOptions:*SELinuxOptions
    WindowsOptions:*WindowsSecurityContextOptions RunAsUser:*int64 RunAsGroup:*int64 RunAsNonRoot:*bool
    ReadOnlyRootFilesystem:*bool AllowPrivilegeEscalation:*bool ProcMount:*ProcMountType
    SeccompProfile:*SeccompProfile AppArmorProfile:*AppArmorProfile
Capabilities Add:[]Capability Drop:[]Capability
Volume Name:string VolumeSource:VolumeSource=
VolumeSource HostPath:*HostPathVolumeSource EmptyDir:*EmptyDirVolumeSource
    GCEPersistentDisk:*GCEPersistentDiskVolumeSource AWSElasticBlockStore:*AWSElasticBlockStoreVolumeSource
    GitRepo:*GitRepoVolumeSource Secret:*SecretVolumeSource NFS:*NFSVolumeSource ISCSI:*ISCSIVolumeSource
    Glusterfs:*GlusterfsVolumeSource PersistentVolumeClaim:*PersistentVolumeClaimVolumeSource RBD:*RBDVolumeSource
    FlexVolume:*FlexVolumeSource Cinder:*CinderVolumeSource CephFS:*CephFSVolumeSource Flocker:*FlockerVolumeSource
    DownwardAPI:*DownwardAPIVolumeSource FC:*FCVolumeSource AzureFile:*AzureFileVolumeSource
    ConfigMap:*ConfigMapVolumeSource VsphereVolume:*VsphereVirtualDiskVolumeSource Quobyte:*QuobyteVolumeSource
    AzureDisk:*AzureDiskVolumeSource PhotonPersistentDisk:*PhotonPersistentDiskVolumeSource
    Projected:*ProjectedVolumeSource PortworxVolume:*PortworxVolumeSource ScaleIO:*ScaleIOVolumeSource
    StorageOS:*StorageOSVolumeSource CSI:*CSIVolumeSource Ephemeral:*EphemeralVolumeSource Image:*ImageVolumeSource
HostPathVolumeSource Path:string Type:*HostPathType
EmptyDirVolumeSource Medium:StorageMedium SizeLimit:*resource.Quantity
SecretVolumeSource SecretName:string Items:[]KeyToPath DefaultMode:*int32 Optional:*bool
ConfigMapVolumeSource LocalObjectReference:LocalObjectReference= Items:[]KeyToPath DefaultMode:*int32 Optional:*bool
KeyToPath Key:string Path:string Mode:*int32
NFSVolumeSource Server:string Path:string ReadOnly:bool
PersistentVolumeClaimVolumeSource ClaimName:string ReadOnly:bool
DownwardAPIVolumeSource Items:[]DownwardAPIVolumeFile DefaultMode:*int32
DownwardAPIVolumeFile Path:string FieldRef:*ObjectFieldSelector ResourceFieldRef:*ResourceFieldSelector Mode:*int32
ProjectedVolumeSource Sources:[]VolumeProjection DefaultMode:*int32
VolumeProjection Secret:*SecretProjection DownwardAPI:*DownwardAPIProjection ConfigMap:*ConfigMapProjection
    ServiceAccountToken:*ServiceAccountTokenProjection ClusterTrustBundle:*ClusterTrustBundleProjection
    PodCertificate:*PodCertificateProjection
SecretProjection LocalObjectReference:LocalObjectReference= Items:[]KeyToPath Optional:*bool
ConfigMapProjection LocalObjectReference:LocalObjectReference= Items:[]KeyToPath Optional:*bool
DownwardAPIProjection Items:[]DownwardAPIVolumeFile
ServiceAccountTokenProjection Audience:string ExpirationSeconds:*int64 Path:string
CSIVolumeSource Driver:string ReadOnly:*bool FSType:*string VolumeAttributes:map[string]string
    NodePublishSecretRef:*LocalObjectReference
ImageVolumeSource Reference:string PullPolicy:PullPolicy
EndpointSubset Addresses:[]EndpointAddress NotReadyAddresses:[]EndpointAddress Ports:[]EndpointPort
EndpointAddress IP:string Hostname:string NodeName:*string TargetRef:*ObjectReference
EndpointPort Name:string Port:int32 Protocol:Protocol AppProtocol:*string
ObjectReference Kind:string Namespace:string Name:string UID:types.UID APIVersion:string ResourceVersion:string
    FieldPath:string
"""

_TIME = "{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}"  # never set in a template
_ZERO = {"bool": "false", "int32": "0", "int64": "0"}


class _Field(NamedTuple):
    name: str
    type: str  # as Go prints it, with its package
    key: str  # JSON name in lower case; "" for an embedded struct


def pod_template(template: Mapping[str, Any]) -> str:
    """Parts of a type that the table lacks (volumes of vendors) are written as JSON, so that the text still tells
    templates apart."""
    return dumped("PodTemplateSpec", template)


def dumped(name: str, value: Mapping[str, Any]) -> str:
    """A struct of core/v1 as `spew.Sprintf("%#v", value)` with the settings of ForHash."""
    return f"(v1.{name})" + _value(f"v1.{name}", value)


def _value(type: str, value: Any) -> str:
    """What follows `(type)`. Only behind a pointer is empty another thing than absent: lists and maps that came by
    protobuf are nil when they are empty."""
    if type.startswith("*"):
        return "<nil>" if value is None else _value(type[1:], value)
    if type.startswith("[]"):
        return f"[{' '.join(_value(type[2:], item) for item in value)}]" if value else "<nil>"
    if type in ("map[string]string", "v1.ResourceList"):
        inner = "string" if type.startswith("map") else "resource.Quantity"
        entries = (f"{key}:{_value(inner, value[key])}" for key in sorted(value or ()))
        return f"map[{' '.join(entries)}]" if value else "<nil>"
    if type == "resource.Quantity":
        return _quantity(value)
    if type == "intstr.IntOrString":
        number, text = (0, value) if isinstance(value, str) else (value or 0, "")
        return f"{{Type:(intstr.Type){bool(text):d} IntVal:(int32){number} StrVal:(string){text}}}"
    if type == "v1.Time":
        return _TIME
    fields = _structs().get(type)
    if fields is not None:
        return _struct(fields, value or {})
    return _plain(type, value)


def _struct(fields: tuple[_Field, ...], value: Mapping[str, Any]) -> str:
    by_name = {key.lower(): item for key, item in value.items()}
    return (
        "{"
        + " ".join(f"{name}:({type}){_value(type, by_name.get(key) if key else value)}" for name, type, key in fields)
        + "}"
    )


def _plain(type: str, value: Any) -> str:
    if value is None:
        return _ZERO.get(type, "")
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


_DECIMAL = re.compile(r"(-?\d+)([numkMGTPE]?|e-?\d+)", re.ASCII)
_SCALES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def _quantity(value: Any) -> str:
    """A Quantity keeps the canonical text it was read from, and the number as value and power of ten."""
    text = "" if value is None else quantities.canonical(str(value))
    number, scale, form = 0, 0, ""
    if text.endswith("i"):
        number, form = quantities.value(text), "BinarySI"
    elif text not in ("", "0"):
        found = _DECIMAL.fullmatch(text)
        assert found is not None
        suffix = found[2]
        exponential = suffix.startswith("e")
        number, scale = int(found[1]), int(suffix[1:]) if exponential else _SCALES[suffix]
        form = "DecimalExponent" if exponential else "DecimalSI"
    return (
        f"{{i:(resource.int64Amount){{value:(int64){number} scale:(resource.Scale){scale}}} "
        f"d:(resource.infDecAmount){{Dec:(*inf.Dec)<nil>}} s:(string){text} Format:(resource.Format){form}}}"
    )


@cache
def _structs() -> dict[str, tuple[_Field, ...]]:
    table: dict[str, tuple[_Field, ...]] = {}
    for line in _STRUCTS.replace("\n    ", " ").strip().split("\n"):
        name, *fields = line.split()
        table[f"v1.{name}"] = tuple(map(_field, fields))
    return table


_BUILT_IN = ("string", "bool", "int32", "int64", "map[string]string")


def _field(text: str) -> _Field:
    """`SecurityContext:*PodSecurityContext`, `ObjectMeta:ObjectMeta=metadata`."""
    name, rest = text.split(":")
    type, marked, key = rest.partition("=")
    bare = type.lstrip("*[]")
    package = "" if bare in _BUILT_IN or "." in bare else "v1."
    prefix = type.removesuffix(bare)
    return _Field(name, f"{prefix}{package}{bare}", (key if marked else name).lower())
