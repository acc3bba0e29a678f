"""Loops that Kubernetes does not have, each one file: they come with Loopscope, or serve custom kinds.

By the same contract as the controllers (app/reconcile.py), and like those they never import each other.
"""

from __future__ import annotations

from app.operators.chaos import ChaosMonkey
from app.operators.rabbitmq.cluster_operator import RabbitmqClusterOperator
from app.operators.rabbitmq.servers import RabbitServers
from app.reconcile import AnyController

OPERATORS: tuple[type[AnyController], ...] = (ChaosMonkey, RabbitServers, RabbitmqClusterOperator)
