"""Server-side apply: sets of fields, and who manages which."""
