"""A handler that does nothing: what Python itself costs."""
