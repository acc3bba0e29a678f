"""Pods with a name and a disk of their own. Models kubernetes/pkg/controller/statefulset."""
