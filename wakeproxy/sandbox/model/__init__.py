"""What exists in the sandbox's ECS: clusters, task definitions, services, tasks, and how AWS renders them.

Plain state and pure functions of it; touched on the timeline only. Knows neither HTTP nor moto nor processes.
"""
