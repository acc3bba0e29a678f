"""Nodes that fall silent, and what becomes of their pods. Models kubernetes/pkg/controller/nodelifecycle, tainteviction
and cloud-provider/controllers/nodelifecycle."""
