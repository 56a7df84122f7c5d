"""What every test relies on."""

import asyncio
import gc
import signal
from ipaddress import ip_network

import pytest

from wakeproxy.front.trust import Networks


def pytest_configure() -> None:
    # pytest-asyncio asks for the current loop before its first test; Python 3.11 would make one that nobody closes.
    asyncio.set_event_loop(None)
    # What a shell starts in the background ignores Ctrl-C, and so would all that tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module", autouse=True)
def _look_for_garbage_in_what_tests_make() -> None:
    """Leave modules and the models of AWS's APIs to themselves: they stay, and are most of what there is."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def trust_loopback() -> Networks:
    """Believe what proxies on this machine say."""
    return (ip_network("127.0.0.0/8"),)
