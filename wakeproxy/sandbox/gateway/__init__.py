"""API Gateway's HTTP APIs and Lambda's function URLs, served: what terraform applied, answered as AWS would.

moto keeps APIs, routes and stages; this room matches requests to them and has functions answer.
"""
