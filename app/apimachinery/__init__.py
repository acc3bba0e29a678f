"""What Kubernetes' apimachinery knows of objects in general: their fields and types, patches, who manages which field,
the schemas that clients ask for, and YAML. Nothing here knows a kind's meaning: that is app/registry's."""
