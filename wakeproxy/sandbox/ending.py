"""Being told to end, in a way that cannot be missed.

The system hands a signal to any thread of a process, while Python runs its handler in the main one, and nothing wakes
that from a lock or a selector: a process that waits so sometimes does not end until something else happens. What each
signal writes into a pipe wakes whoever reads.
"""

import os
import signal


class Ending:
    """Hears of the signals it is made for from then on, and of `tell`; to be made in the main thread."""

    def __init__(self, *signals: signal.Signals) -> None:
        self._heard, self._told = os.pipe()
        os.set_blocking(self._told, False)
        signal.set_wakeup_fd(self._told, warn_on_full_buffer=False)
        for each in signals:
            signal.signal(each, lambda *_: None)

    def tell(self) -> None:
        """Tell of the end from any thread."""
        os.write(self._told, b"\0")

    def wait(self) -> None:
        """Wait to be told once; harmless if that was long ago."""
        os.read(self._heard, 1)
