"""What several loops and the API server share about workloads: pods, placement, budgets, quotas, replicas, revisions.
Pure functions over objects. Named after Kubernetes' own k8s.io/component-helpers."""
