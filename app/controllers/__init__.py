"""The control loops of the control plane: one file each, listed here once. The cluster makes one of each class.

They import only app.api and app.reconcile, never each other: what two of them share is in app.api.
"""

from __future__ import annotations

from app.controllers.cluster_autoscaler import ClusterAutoscaler
from app.controllers.deployment import DeploymentController
from app.controllers.endpointslice import EndpointSliceController
from app.controllers.garbage_collector import GarbageCollector
from app.controllers.horizontal import HorizontalController
from app.controllers.metrics_server import MetricsServer
from app.controllers.namespace import NamespaceController
from app.controllers.persistentvolumeclaim import PersistentVolumeBinder
from app.controllers.replicaset import ReplicaSetController
from app.controllers.replicationcontroller import ReplicationController
from app.controllers.scheduler import Scheduler
from app.reconcile import Controller

# In this order within one millisecond: those nearest to the machines first (see app/engine/agenda.py).
CONTROLLERS: tuple[type[Controller], ...] = (
    Scheduler,
    ReplicaSetController,
    ReplicationController,
    PersistentVolumeBinder,
    EndpointSliceController,
    DeploymentController,
    GarbageCollector,
    NamespaceController,
    MetricsServer,
    HorizontalController,
    ClusterAutoscaler,
)
