"""What every test relies on."""

import asyncio
from ipaddress import ip_network

import pytest

from wakeproxy.front.trust import Networks


def pytest_configure() -> None:
    # pytest-asyncio asks for the current loop before its first test; Python 3.11 would make one that nobody closes.
    asyncio.set_event_loop(None)


@pytest.fixture
def trust_loopback() -> Networks:
    """Believe what proxies on this machine say."""
    return (ip_network("127.0.0.0/8"),)
