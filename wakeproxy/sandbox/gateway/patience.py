"""Waiting for a function no longer than a gateway does. The function runs on, as on AWS: nobody tells it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def invoke_within(seconds: float, invoke: Callable[[], T]) -> T | None:
    """Invoke in a thread of its own; `None` when that takes too long; raises what it raised."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(invoke())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            future.set_exception(error)

    threading.Thread(target=run, name="sandbox-integration", daemon=True).start()
    try:
        return future.result(timeout=seconds)
    except TimeoutError:
        return None
