"""ReplicaSets and ReplicationControllers, which decide alike. Models kubernetes/pkg/controller/replicaset."""
