"""What visitors meet: routed requests, wait pages, holds, and everything below ``/.wakeproxy/``."""
