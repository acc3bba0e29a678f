"""Loops that Kubernetes does not have, each one file: they come with Loopscope, or serve custom kinds.

By the same contract as the controllers (app/reconcile.py), and like those they never import each other.
"""

from __future__ import annotations

from app.operators.chaos import ChaosMonkey
from app.operators.mysql.agents import MySQLAgents
from app.operators.mysql.alpha import AlphaOperator
from app.operators.mysql.backups import MySQLBackups
from app.operators.mysql.operator import MySQLOperator
from app.operators.mysql.replication import GroupReplication
from app.operators.mysql.sidecar import MySQLSidecar
from app.operators.rabbitmq.cluster_operator import RabbitmqClusterOperator
from app.operators.rabbitmq.servers import RabbitServers
from app.reconcile import AnyController

OPERATORS: tuple[type[AnyController], ...] = (
    ChaosMonkey, MySQLOperator, MySQLBackups, GroupReplication, MySQLSidecar, AlphaOperator, MySQLAgents, RabbitServers,
    RabbitmqClusterOperator,
)  # fmt: skip
