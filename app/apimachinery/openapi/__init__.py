"""What clients ask an API server about itself: discovery, OpenAPI, explain."""
