"""A pod on each node. Models kubernetes/pkg/controller/daemon."""
