"""Rollouts beside those of ecs-deploy from PyPI: how quick, by how many calls, and whether they do what was meant."""
