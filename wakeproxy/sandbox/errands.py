"""One thread for what may take long: secrets, log lines and events handed to moto, sweeps of leftover processes.

Errands are done one after the other, in the order given, so that log lines and events keep theirs.
"""

import queue
import threading
from collections.abc import Callable

from wakeproxy.sandbox.guarded import run_guarded


class Errands:
    """A queue of jobs and the thread that does them."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="sandbox-errands", daemon=True)

    def start(self) -> None:
        """Begin to do jobs."""
        self._thread.start()

    def stop(self) -> None:
        """Do what is queued, then end."""
        self._jobs.put(None)
        self._thread.join()

    def run(self, job: Callable[[], object]) -> None:
        """Queue a job; its failure is logged, not raised."""
        self._jobs.put(job)

    def flush(self) -> None:
        """Wait until every job queued so far is done; not to be called from a job."""
        done = threading.Event()
        self._jobs.put(done.set)
        done.wait()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            run_guarded(job)
