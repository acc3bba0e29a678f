"""The kubelet of a machine: its loop over pods, and the one that keeps its Node. Models kubernetes/pkg/kubelet."""
