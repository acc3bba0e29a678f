"""The tables of `kubectl get`. Models kubernetes/pkg/printers."""
