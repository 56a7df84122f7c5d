"""Deeds: what this engine did since it started, counted; what other processes did is theirs to count."""

from collections import Counter, defaultdict
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wakeproxy.core.counts import SWEEP_BOUNDS, WAKE_BOUNDS
from wakeproxy.core.idleness import Kind
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Stage
from wakeproxy.core.record import PastWake
from wakeproxy.engine.tally import Tally

_ALL_STAGES = "total"


@dataclass(slots=True)
class Deeds:
    """Counts wakes that ended, sweeps, sleeps that were carried out, and how long services were seen asleep."""

    wakes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By service and outcome, ``awake`` or ``failed``."""
    wake_seconds: dict[tuple[str, str], Tally] = field(default_factory=dict)
    """Of those that ended well, by service and stage, and ``total``."""
    sleeps: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By service and `idleness.Kind`."""
    sweep_seconds: Tally = field(default_factory=lambda: Tally(SWEEP_BOUNDS))
    _asleep: dict[ServiceName, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds of the sleeps that have ended."""
    _asleep_since: dict[ServiceName, datetime] = field(default_factory=dict)

    def note_wake(self, name: ServiceName, past: PastWake) -> None:
        """Count a wake that ended."""
        if past.failure is not None:
            self.wakes[name, "failed"] += 1
            return
        self.wakes[name, "awake"] += 1
        for stage, span in past.stage_spans().items():
            if stage is not Stage.ANSWERING:
                self._add(name, str(stage), span)
        self._add(name, _ALL_STAGES, past.took)

    def note_sleep(self, name: ServiceName, kind: Kind) -> None:
        """Count a sleep that was carried out."""
        self.sleeps[name, str(kind)] += 1

    def note_sweep(self, took: timedelta) -> None:
        """Count a sweep that ended."""
        self.sweep_seconds.add(took.total_seconds())

    def note_rest(self, name: ServiceName, *, is_asleep: bool, at: datetime) -> None:
        """Take note whether a service is asleep from now on."""
        since = self._asleep_since.get(name)
        if is_asleep and since is None:
            self._asleep_since[name] = at
        elif since is not None and not is_asleep:
            self._asleep[name] += (at - self._asleep_since.pop(name)).total_seconds()

    def asleep_seconds(self, name: ServiceName, now: datetime) -> float:
        """Say how long a service has been seen asleep, the sleep that goes on included."""
        return self._asleep[name] + (now - self._asleep_since.get(name, now)).total_seconds()

    def keep(self, names: Container[str]) -> None:
        """Forget what was counted of all other services."""
        for counted in (self.wakes, self.wake_seconds, self.sleeps):
            for key in [key for key in counted if key[0] not in names]:
                del counted[key]
        for by_name in (self._asleep, self._asleep_since):
            for name in [name for name in by_name if name not in names]:
                del by_name[name]

    def _add(self, name: ServiceName, stage: str, span: timedelta) -> None:
        self.wake_seconds.setdefault((name, stage), Tally(WAKE_BOUNDS)).add(span.total_seconds())
