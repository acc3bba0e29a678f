"""Deployments: the loop, the arithmetic of a rollout, its status. Models kubernetes/pkg/controller/deployment."""
