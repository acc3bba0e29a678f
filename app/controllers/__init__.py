"""The control loops of kube-controller-manager and of what stands beside it, listed here once. The cluster makes one of
each class.

A loop is a file, or a folder where it has arithmetic of its own. They never import each other: what two of them share
is in app/component_helpers or app/pod_control.py.
"""

from __future__ import annotations

from app.controllers.batch.cronjob import CronJobController
from app.controllers.batch.job import JobController
from app.controllers.batch.ttl_after_finished import TtlAfterFinishedController
from app.controllers.cluster_autoscaler import ClusterAutoscaler
from app.controllers.clusterrole_aggregation import ClusterRoleAggregationController
from app.controllers.customresourcedefinition import CustomResourceDefinitionController
from app.controllers.daemonset.daemonset import DaemonSetController
from app.controllers.deployment.deployment import DeploymentController
from app.controllers.disruption import DisruptionController
from app.controllers.endpointslice.endpoint import EndpointsController
from app.controllers.endpointslice.endpointslice import EndpointSliceController
from app.controllers.endpointslice.mirroring import EndpointSliceMirroringController
from app.controllers.garbage_collector import GarbageCollector
from app.controllers.metrics_server import MetricsServer
from app.controllers.namespace import NamespaceController
from app.controllers.node.cloud_node_lifecycle import CloudNodeLifecycleController
from app.controllers.node.node_lifecycle import NodeLifecycleController
from app.controllers.node.taint_eviction import TaintEvictionController
from app.controllers.pod_gc import PodGarbageCollector
from app.controllers.podautoscaler.horizontal import HorizontalController
from app.controllers.replicaset.replicaset import ReplicaSetController
from app.controllers.replicaset.replicationcontroller import ReplicationController
from app.controllers.resourcequota import ResourceQuotaController
from app.controllers.root_ca_cert_publisher import RootCACertPublisher
from app.controllers.service_lb import ServiceLoadBalancers
from app.controllers.serviceaccount import ServiceAccountsController
from app.controllers.statefulset.statefulset import StatefulSetController
from app.controllers.validatingadmissionpolicystatus import ValidatingAdmissionPolicyStatusController
from app.controllers.volume.claim_protection import ClaimProtection
from app.controllers.volume.ephemeral import EphemeralVolumeController
from app.controllers.volume.persistentvolumeclaim import PersistentVolumeBinder
from app.controllers.volume.volume_protection import VolumeProtection
from app.reconcile import AnyController

# In this order within one millisecond: those nearest to the machines first, and those that evict before those that
# replace, so that what leaves in one instant is replaced in one look (see app/engine/agenda.py).
CONTROLLERS: tuple[type[AnyController], ...] = (
    NodeLifecycleController,
    TaintEvictionController,
    PodGarbageCollector,
    ReplicaSetController,
    ReplicationController,
    StatefulSetController,
    DaemonSetController,
    PersistentVolumeBinder,
    EndpointSliceController,
    EndpointsController,
    EndpointSliceMirroringController,
    ServiceLoadBalancers,
    DisruptionController,
    ResourceQuotaController,
    JobController,
    CronJobController,
    TtlAfterFinishedController,
    DeploymentController,
    GarbageCollector,
    NamespaceController,
    ServiceAccountsController,
    RootCACertPublisher,
    CustomResourceDefinitionController,
    ValidatingAdmissionPolicyStatusController,
    CloudNodeLifecycleController,
    MetricsServer,
    HorizontalController,
    ClusterAutoscaler,
    EphemeralVolumeController,
    ClaimProtection,
    VolumeProtection,
    ClusterRoleAggregationController,
)
