"""A real browser for the applied stack."""

from tests.pages.conftest import browser

__all__ = ["browser"]
