"""The API server: a store with revisions, and the verbs that guard it."""
