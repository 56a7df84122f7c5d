"""Hypothesis for the whole folder: a busy machine makes no property false, so there is no deadline."""

from hypothesis import settings

settings.register_profile("core", deadline=None)
settings.load_profile("core")
