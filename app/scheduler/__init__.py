"""kube-scheduler: its loop (scheduler.py), what a node must offer (framework.py, interpod.py), whose place an important
pod takes (preemption.py), and who is tried again when (queue.py). Models kubernetes/pkg/scheduler."""
