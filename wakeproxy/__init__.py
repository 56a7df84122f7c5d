"""wakeproxy: ECS services that cost nothing while nobody uses them, and wake on the first request."""

__version__ = "0.1.0"
