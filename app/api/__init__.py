"""What an object is: kinds, metadata, selectors, schemas, manifests, printers, errors. Imports nothing else of ours."""
