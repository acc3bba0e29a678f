"""What the API server fills in. Models `zz_generated.defaults.go` and `defaults.go` of kubernetes `pkg/apis`."""
