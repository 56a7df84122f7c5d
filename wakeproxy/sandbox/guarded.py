"""The sandbox's top: the one place where an error nobody foresaw ends, logged, so that the others' work goes on."""

import logging
from collections.abc import Callable

_log = logging.getLogger(__name__)


def run_guarded(action: Callable[[], object]) -> None:
    """Run one action of many."""
    try:
        action()
    except Exception:  # noqa: BLE001 - see above
        _log.exception("an action of the sandbox failed")
