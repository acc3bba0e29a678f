"""The kinds of a cluster (scheme.py); their fields and types: the generated table of Kubernetes' API (shapes.py) and
decoding by it (schema.py, scalars.py); an older version of a kind (conversion.py), and the protobuf wire format."""
