"""Who is behind a Service. Models kubernetes/pkg/controller: endpointslice, endpoint and endpointslicemirroring."""
