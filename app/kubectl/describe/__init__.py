"""`kubectl describe`. Models kubectl/pkg/describe."""
