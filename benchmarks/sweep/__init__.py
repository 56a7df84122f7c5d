"""Many services before AWS's real limits: what a sweep of them costs, and what it costs those who wait for a wake."""
