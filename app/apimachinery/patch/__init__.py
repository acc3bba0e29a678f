"""JSON Patch, merge patch, strategic merge patch, and `kubectl apply` by three-way merge."""
