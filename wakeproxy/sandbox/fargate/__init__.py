"""Fargate: brings services to their desired count and leads each task through its life.

Runs on the timeline. Decisions (`rolling`, `order`) are pure; the rest waits, starts processes, and asks moto's other
services. It is told of changes by `ecs` and knows nothing of HTTP or of AWS's API.
"""
