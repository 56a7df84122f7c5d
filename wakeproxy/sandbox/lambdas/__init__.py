"""Lambda functions as local processes: each environment sees its code, its variables and its events, nothing else.

moto keeps the functions; this room runs them. It knows neither API Gateway nor EventBridge.
"""
