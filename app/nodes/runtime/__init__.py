"""The container runtime of a machine, and what runs in containers: images and their programs, how commands go, a small
shell, log lines."""
