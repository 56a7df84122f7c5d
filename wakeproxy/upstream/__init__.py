"""HTTP to the apps: the probe that finds them answering, the relay that passes requests on, the tunnel for upgrades."""
