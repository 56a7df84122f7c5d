"""Containers as local processes: each behind its own loopback address, and none left behind.

Knows neither ECS nor moto: it starts a command, reports its lines and its exit, and sees to its end.
"""
