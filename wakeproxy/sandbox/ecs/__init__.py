"""ECS's API: one function per operation, from parameters to answer.

Runs on the timeline. Knows the model and the scheduler; knows nothing of HTTP, signatures or moto's API.
"""
