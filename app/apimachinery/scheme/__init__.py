"""Fields and types: the generated table of Kubernetes' API (shapes.py), decoding by it (schema.py, scalars.py), older
versions (conversion.py), and the protobuf wire format."""
