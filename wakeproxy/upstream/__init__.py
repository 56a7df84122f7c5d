"""HTTP to the apps: the probe that finds them answering, the relay that passes requests on, the tunnel for upgrades.

Knows addresses and bytes; not services, visitors or what anybody is told when an app fails.
"""
