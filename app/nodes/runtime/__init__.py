"""The container runtime of a machine, and what runs in containers: images and their programs, a small shell, log
lines."""
