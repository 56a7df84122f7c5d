"""The endpoint: one HTTP port for every AWS service and for the sandbox's own controls.

Reads what call a request is, logs it, lets faults befall it, and hands it to ECS or to moto.
"""
