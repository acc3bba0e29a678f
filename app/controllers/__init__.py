"""The control loops of the control plane: one file each, listed here once. The cluster makes one of each class.

They import only app.api and app.reconcile, never each other: what two of them share is in app.api.
"""

from __future__ import annotations

from app.controllers.cloud_node_lifecycle import CloudNodeLifecycleController
from app.controllers.cluster_autoscaler import ClusterAutoscaler
from app.controllers.cronjob import CronJobController
from app.controllers.daemonset import DaemonSetController
from app.controllers.deployment import DeploymentController
from app.controllers.disruption import DisruptionController
from app.controllers.endpointslice import EndpointSliceController
from app.controllers.garbage_collector import GarbageCollector
from app.controllers.horizontal import HorizontalController
from app.controllers.job import JobController
from app.controllers.metrics_server import MetricsServer
from app.controllers.namespace import NamespaceController
from app.controllers.node_lifecycle import NodeLifecycleController
from app.controllers.persistentvolumeclaim import PersistentVolumeBinder
from app.controllers.pod_gc import PodGarbageCollector
from app.controllers.replicaset import ReplicaSetController
from app.controllers.replicationcontroller import ReplicationController
from app.controllers.resourcequota import ResourceQuotaController
from app.controllers.scheduler import Scheduler
from app.controllers.service_lb import ServiceLoadBalancers
from app.controllers.statefulset import StatefulSetController
from app.controllers.taint_eviction import TaintEvictionController
from app.controllers.ttl_after_finished import TtlAfterFinishedController
from app.reconcile import Controller

# In this order within one millisecond: those nearest to the machines first, and those that evict before those that
# replace, so that what leaves in one instant is replaced in one look (see app/engine/agenda.py).
CONTROLLERS: tuple[type[Controller], ...] = (
    Scheduler,
    NodeLifecycleController,
    TaintEvictionController,
    PodGarbageCollector,
    ReplicaSetController,
    ReplicationController,
    StatefulSetController,
    DaemonSetController,
    PersistentVolumeBinder,
    EndpointSliceController,
    ServiceLoadBalancers,
    DisruptionController,
    ResourceQuotaController,
    JobController,
    CronJobController,
    TtlAfterFinishedController,
    DeploymentController,
    GarbageCollector,
    NamespaceController,
    CloudNodeLifecycleController,
    MetricsServer,
    HorizontalController,
    ClusterAutoscaler,
)
