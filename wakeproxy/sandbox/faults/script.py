"""The faults in force, and who takes them. Safe to use from any thread."""

import threading
import time
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from wakeproxy.sandbox.faults.fault import Fault, FaultKind


class _Entry:
    """A fault in force: what is left of it."""

    __slots__ = ("ends_at", "fault", "left", "skip")

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.skip = fault.after
        self.left = fault.times
        self.ends_at = None if fault.lasts is None else time.monotonic() + fault.lasts

    def is_over(self) -> bool:
        return self.left == 0 or (self.ends_at is not None and time.monotonic() >= self.ends_at)

    def take(self) -> bool:
        if self.skip:
            self.skip -= 1
            return False
        if self.left is not None:
            self.left -= 1
        return True


class FaultScript:
    """Faults, taken in the order in which they were added."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Put faults in force from now on."""
        with self._lock:
            self._entries.extend(_Entry(fault) for fault in faults)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._entries.clear()

    def pending(self) -> tuple[Fault, ...]:
        """The faults still in force."""
        with self._lock:
            self._forget_old()
            return tuple(entry.fault for entry in self._entries)

    def take_for_call(self, service: str, operation: str, targets: Iterable[str]) -> tuple[Fault, ...]:
        """Every fault that befalls this API call, used up by it."""
        names = tuple(targets) or ("",)

        def befalls(fault: Fault) -> bool:
            return fault.is_of_calls and _is_operation(fault.operation, service, operation) and _is_any(fault, names)

        return self._take(befalls, at_most=None)

    def take_for_task(self, kind: FaultKind, target: str) -> Fault | None:
        """The first fault of this kind that befalls a task of `target`, used up by it."""
        taken = self._take(lambda fault: fault.kind is kind and fnmatchcase(target, fault.target), at_most=1)
        return taken[0] if taken else None

    def _take(self, befalls: Callable[[Fault], bool], *, at_most: int | None) -> tuple[Fault, ...]:
        with self._lock:
            if not self._entries:
                return ()
            self._forget_old()
            taken: list[Fault] = []
            for entry in self._entries:
                if at_most is not None and len(taken) == at_most:
                    break
                if befalls(entry.fault) and entry.take():
                    taken.append(entry.fault)
            return tuple(taken)

    def _forget_old(self) -> None:
        self._entries = [entry for entry in self._entries if not entry.is_over()]


def _is_operation(pattern: str, service: str, operation: str) -> bool:
    return fnmatchcase(f"{service}:{operation}" if ":" in pattern else operation, pattern)


def _is_any(fault: Fault, names: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, fault.target) for name in names)
