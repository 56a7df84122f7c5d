"""What every test relies on."""

import asyncio


def pytest_configure() -> None:
    # pytest-asyncio asks for the current loop before its first test; Python 3.11 would make one that nobody closes.
    asyncio.set_event_loop(None)
