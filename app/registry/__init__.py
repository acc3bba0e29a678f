"""What the API server knows of each kind: defaults, validation, what happens to an object on create and update
(strategies.py), and the scale subresource. Models kubernetes/pkg/registry and pkg/apis."""
