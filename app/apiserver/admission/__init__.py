"""What the API server does to an object before it is stored, beyond its kind's own rules: limits, policies, quotas."""
