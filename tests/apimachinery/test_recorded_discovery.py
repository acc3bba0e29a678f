"""Table columns and discovery are those that an API server of 1.36 told, also of what is not served yet."""

from __future__ import annotations

import re

import pytest

from app.apimachinery.openapi import discovery
from app.kubectl.printers import printers, printing
from tests.support.kinds import KINDS, SCHEME

# In the order of the table. `+`: only with -o wide; `#`: an integer, `?`: a boolean, `@`: a date, else text.
COLUMNS = {
    "Pod": "Name, Ready, Status, Restarts, Age, +IP, +Node, +Nominated Node, +Readiness Gates",
    "Node": "Name, Status, Roles, Age, Version, +Internal-IP, +External-IP, +OS-Image, "
    "+Kernel-Version, +Container-Runtime",
    "Namespace": "Name, Status, Age",
    "Service": "Name, Type, Cluster-IP, External-IP, Port(s), Age, +Selector",
    "Endpoints": "Name, Endpoints, Age",
    "ConfigMap": "Name, Data, Age",
    "Secret": "Name, Type, Data, Age",
    "Event": "Last Seen, Type, Reason, Object, +Subobject, +Source, Message, +First Seen, +Count, +Name",
    "ServiceAccount": "Name, Age",
    "PersistentVolume": "Name, Capacity, Access Modes, Reclaim Policy, Status, Claim, StorageClass, "
    "VolumeAttributesClass, Reason, Age, +VolumeMode",
    "PersistentVolumeClaim": "Name, Status, Volume, Capacity, Access Modes, StorageClass, VolumeAttributesClass, Age, "
    "+VolumeMode",
    "ReplicationController": "Name, Desired#, Current#, Ready#, Age, +Containers, +Images, +Selector",
    "ResourceQuota": "Name, Request, Limit, Age",
    "LimitRange": "Name, Created At@",
    "Deployment": "Name, Ready, Up-to-date, Available, Age, +Containers, +Images, +Selector",
    "ReplicaSet": "Name, Desired#, Current#, Ready#, Age, +Containers, +Images, +Selector",
    "StatefulSet": "Name, Ready, Age, +Containers, +Images",
    "DaemonSet": "Name, Desired#, Current#, Ready#, Up-to-date#, Available#, Node Selector, Age, "
    "+Containers, +Images, +Selector",
    "ControllerRevision": "Name, Controller, Revision, Age",
    "Job": "Name, Status, Completions, Duration, Age, +Containers, +Images, +Selector",
    "CronJob": "Name, Schedule, Timezone, Suspend?, Active#, Last Schedule, Age, +Containers, +Images, +Selector",
    "HorizontalPodAutoscaler": "Name, Reference, Targets, MinPods, MaxPods, Replicas, Age",
    "PodDisruptionBudget": "Name, Min Available, Max Unavailable, Allowed Disruptions#, Age",
    "EndpointSlice": "Name, AddressType, Ports, Endpoints, Age",
    "Ingress": "Name, Class, Hosts, Address, Ports, Age",
    "NetworkPolicy": "Name, Pod-Selector, Age",
    "StorageClass": "Name, Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age",
    "Role": "Name, Created At@",
    "RoleBinding": "Name, Role, Age, +Users, +Groups, +ServiceAccounts",
    "ClusterRole": "Name, Created At@",
    "ClusterRoleBinding": "Name, Role, Age, +Users, +Groups, +ServiceAccounts",
    "Lease": "Name, Holder, Age",
    "PriorityClass": "Name, Value#, Global-Default?, Age, PreemptionPolicy",
    "CustomResourceDefinition": "Name, Created At@",
    "CSIDriver": "Name, AttachRequired?, PodInfoOnMount?, StorageCapacity?, TokenRequests, RequiresRepublish?, Modes, "
    "Age",
    "CSINode": "Name, Drivers#, Age",
    "CSIStorageCapacity": "Name, StorageClassName, Capacity",
    "VolumeAttachment": "Name, Attacher, PV, Node, Attached?, Age",
    "VolumeAttributesClass": "Name, DriverName, Age",
    "RuntimeClass": "Name, Handler, Age",
    "DeviceClass": "Name, Age",
    "ResourceClaim": "Name, State, Age",
    "ResourceClaimTemplate": "Name, Age",
    "ResourceSlice": "Name, Node, Driver, Pool, Age",
    "APIService": "Name, Service, Available, Age",
    "ValidatingWebhookConfiguration": "Name, Webhooks#, Age",
    "MutatingWebhookConfiguration": "Name, Webhooks#, Age",
}
# Resource (`!`: of no namespace) and subresources; kind, short names, categories, hash of the storage version, and
# verbs where they are not all eight.
RESOURCES = """
v1:
  bindings Binding create
  componentstatuses! ComponentStatus cs get/list
  configmaps ConfigMap cm qFsyl6wFWjQ=
  endpoints Endpoints ep fWeeMqaN/OA=
  events Event ev r2yiGXH7wu8=
  limitranges LimitRange limits EBKMFVe6cwo=
  namespaces! Namespace ns Q3oi5N2YM8M= create/delete/get/list/patch/update/watch
  namespaces/finalize! Namespace update
  namespaces/status! Namespace get/patch/update
  nodes! Node no XwShjMxG9Fs=
  nodes/proxy! NodeProxyOptions create/delete/get/patch/update
  nodes/status! Node get/patch/update
  persistentvolumeclaims PersistentVolumeClaim pvc QWTyNDq0dC4=
  persistentvolumeclaims/status PersistentVolumeClaim get/patch/update
  persistentvolumes! PersistentVolume pv HN/zwEC+JgM=
  persistentvolumes/status! PersistentVolume get/patch/update
  pods Pod po in all xPOwRZ+Yhw8=
  pods/attach PodAttachOptions create/get
  pods/binding Binding create
  pods/ephemeralcontainers Pod get/patch/update
  pods/eviction policy/v1/Eviction create
  pods/exec PodExecOptions create/get
  pods/log Pod get
  pods/portforward PodPortForwardOptions create/get
  pods/proxy PodProxyOptions create/delete/get/patch/update
  pods/resize Pod get/patch/update
  pods/status Pod get/patch/update
  podtemplates PodTemplate LIXB2x4IFpk=
  replicationcontrollers ReplicationController rc in all Jond2If31h0=
  replicationcontrollers/scale autoscaling/v1/Scale get/patch/update
  replicationcontrollers/status ReplicationController get/patch/update
  resourcequotas ResourceQuota quota 8uhSgffRX6w=
  resourcequotas/status ResourceQuota get/patch/update
  secrets Secret S6u1pOWzb84=
  serviceaccounts ServiceAccount sa pbx9ZvyFpBE=
  serviceaccounts/token authentication.k8s.io/v1/TokenRequest create
  services Service svc in all 0/CO1lhkEBI=
  services/proxy ServiceProxyOptions create/delete/get/patch/update
  services/status Service get/patch/update
apps/v1:
  controllerrevisions ControllerRevision 85nkx63pcBU=
  daemonsets DaemonSet ds in all dd7pWHUlMKQ=
  daemonsets/status DaemonSet get/patch/update
  deployments Deployment deploy in all 8aSe+NMegvE=
  deployments/scale autoscaling/v1/Scale get/patch/update
  deployments/status Deployment get/patch/update
  replicasets ReplicaSet rs in all P1RzHs8/mWQ=
  replicasets/scale autoscaling/v1/Scale get/patch/update
  replicasets/status ReplicaSet get/patch/update
  statefulsets StatefulSet sts in all H+vl74LkKdo=
  statefulsets/scale autoscaling/v1/Scale get/patch/update
  statefulsets/status StatefulSet get/patch/update
batch/v1:
  cronjobs CronJob cj in all sd5LIXh4Fjs=
  cronjobs/status CronJob get/patch/update
  jobs Job in all mudhfqk/qZY=
  jobs/status Job get/patch/update
autoscaling/v2:
  horizontalpodautoscalers HorizontalPodAutoscaler hpa in all qwQve8ut294=
  horizontalpodautoscalers/status HorizontalPodAutoscaler get/patch/update
policy/v1:
  poddisruptionbudgets PodDisruptionBudget pdb EVWiDmWqyJw=
  poddisruptionbudgets/status PodDisruptionBudget get/patch/update
discovery.k8s.io/v1:
  endpointslices EndpointSlice qgS0xkrxYAI=
networking.k8s.io/v1:
  ingressclasses! IngressClass l/iqIbDgFyQ=
  ingresses Ingress ing 39NQlfNR+bo=
  ingresses/status Ingress get/patch/update
  ipaddresses! IPAddress ip 3f/plJFChNE=
  networkpolicies NetworkPolicy netpol YpfwF18m1G8=
  servicecidrs! ServiceCIDR gNLvruQhW2g=
  servicecidrs/status! ServiceCIDR get/patch/update
storage.k8s.io/v1:
  csidrivers! CSIDriver hL6j/rwBV5w=
  csinodes! CSINode Pe62DkZtjuo=
  csistoragecapacities CSIStorageCapacity xeVl+2Ly1kE=
  storageclasses! StorageClass sc K+m6uJwbjGY=
  volumeattachments! VolumeAttachment tJx/ezt6UDU=
  volumeattachments/status! VolumeAttachment get/patch/update
  volumeattributesclasses! VolumeAttributesClass vac tIjydgKBC5w=
rbac.authorization.k8s.io/v1:
  clusterrolebindings! ClusterRoleBinding 48tpQ8gZHFc=
  clusterroles! ClusterRole bYE5ZWDrJ44=
  rolebindings RoleBinding eGsCzGH6b1g=
  roles Role 7FuwZcIIItM=
coordination.k8s.io/v1:
  leases Lease gqkMMb/YqFM=
scheduling.k8s.io/v1:
  priorityclasses! PriorityClass pc 1QwjyaZjj3Y=
apiextensions.k8s.io/v1:
  customresourcedefinitions! CustomResourceDefinition crd,crds in api-extensions jfWCUB31mvA=
  customresourcedefinitions/status! CustomResourceDefinition get/patch/update
apiregistration.k8s.io/v1:
  apiservices! APIService in api-extensions InPBPD7+PqM=
  apiservices/status! APIService get/patch/update
events.k8s.io/v1:
  events Event ev r2yiGXH7wu8=
admissionregistration.k8s.io/v1:
  mutatingadmissionpolicies! MutatingAdmissionPolicy in api-extensions LYmCf+UMVdg=
  mutatingadmissionpolicybindings! MutatingAdmissionPolicyBinding in api-extensions 90V5FRZZ3Zg=
  mutatingwebhookconfigurations! MutatingWebhookConfiguration in api-extensions Sqi0GUgDaX0=
  validatingadmissionpolicies! ValidatingAdmissionPolicy in api-extensions 6OxvlMmQ6is=
  validatingadmissionpolicies/status! ValidatingAdmissionPolicy get/patch/update
  validatingadmissionpolicybindings! ValidatingAdmissionPolicyBinding in api-extensions v9715VZqakg=
  validatingwebhookconfigurations! ValidatingWebhookConfiguration in api-extensions B0wHjQmsGNk=
"""
UNRECORDED = {  # the reference has no tables of these
    *("PodTemplate", "IngressClass", "NodeMetrics", "PodMetrics", "CertificateSigningRequest", "FlowSchema"),
    *("PriorityLevelConfiguration", "IPAddress", "ServiceCIDR"),
    *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
}
SERVED = {kind.kind for kind in KINDS.values() if not kind.internal}


def test_there_is_a_row_for_every_kind() -> None:
    assert SERVED - set(COLUMNS) <= UNRECORDED


@pytest.mark.parametrize("kind", [kind for kind in COLUMNS if kind in SERVED])
def test_the_columns_of_a_table(kind: str) -> None:
    expected = [column(written) for written in COLUMNS[kind].split(", ")]
    assert [each._replace(description="") for each in printers.table(kind, [], 0).columns] == expected


def column(written: str) -> printing.Column:
    name = written.strip("+#?@")
    type_ = {"#": "integer", "?": "boolean", "@": "date"}.get(written[-1], "string")
    return printing.Column(name, type_, "name" if name == "Name" else "", "", int(written[0] == "+"))


def test_what_discovery_tells_of_each_resource() -> None:
    recorded = {lines[0].strip(":"): lines[1:] for lines in map(str.splitlines, _blocks(RESOURCES))}
    assert set(recorded) & set(discovery.group_versions(SCHEME))
    for group_version, lines in recorded.items():
        listed = discovery.resource_list(SCHEME, group_version) or {"resources": []}
        served = [told(resource) for resource in listed["resources"]]
        names = [line.split()[0] for line in served]
        assert served == [line.strip() for line in lines if line.split()[0] in names]


def _blocks(text: str) -> list[str]:
    """One for each group and version, whose order is another test's matter."""
    return [block.strip() for block in re.split(r"^(?=\S)", text, flags=re.MULTILINE) if block.strip()]


def told(resource: discovery.Doc) -> str:
    kind = "/".join(filter(None, (resource.get("group"), resource.get("version"), resource["kind"])))
    words = [resource["name"] + ("" if resource["namespaced"] else "!"), kind]
    words += [",".join(resource["shortNames"])] if "shortNames" in resource else []
    words += ["in " + ",".join(resource["categories"])] if "categories" in resource else []
    words += [resource["storageVersionHash"]] if "storageVersionHash" in resource else []
    words += ["/".join(resource["verbs"])] if len(resource["verbs"]) != len(discovery.VERBS) else []
    return " ".join(words)
