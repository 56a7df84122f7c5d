"""What becomes of each call, by the dice and by what befell its caller; after the storm all goes well."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.fakes import EPOCH
from tests.simulation.plan import LATEST, STORM, Climate
from tests.simulation.scene import Fate, Scene
from tests.simulation.virtual import Process
from wakeproxy.errors import FleetError, LedgerError, ThrottledError

_LEDGER_DEADLINE = 2.0
"""All tries of a call to the ledger have so long together; so it is with both adapters."""
_AWS_DEADLINE = 10.0
_CONNECTION_LOST = "The connection broke off."


@dataclass(slots=True)
class Member:
    """One process of ours, and what it cannot reach."""

    scene: Scene
    process: Process
    skew: float
    ledger_lost_until: float = 0.0
    aws_lost_until: float = 0.0
    apps_lost_until: float = 0.0
    failures: int = 0
    """Calls to the ledger that failed in a row."""
    unwell_at: float = 0.0
    """When it last could not do what is expected of every process: run, and tell the ledger at the second try."""
    froze_at: float = 0.0
    thawed_at: float = 0.0

    @property
    def name(self) -> str:
        """What it is called."""
        return self.process.name

    def clock(self) -> datetime:
        """The time by its own clock."""
        return EPOCH + timedelta(seconds=self.scene.loop.time() + self.skew)


class Weather:
    """Decides what becomes of calls."""

    def __init__(self, scene: Scene, climate: Climate) -> None:
        self._scene = scene
        self._climate = climate

    def ledger_fate(self, member: Member) -> Fate:
        """Say what becomes of a call to the ledger: whether or not it is heard, it ends within its deadline."""
        there, back = self._span(self._climate.slowest_ledger), self._span(self._climate.slowest_ledger)
        error = LedgerError(_CONNECTION_LOST)
        if self._scene.loop.time() < member.ledger_lost_until:
            self._note_failure(member)
            return Fate((), self._scene.rng.uniform(0.0, _LEDGER_DEADLINE), error)
        if self._happens(self._climate.ledger_lost):
            self._note_failure(member)
            return Fate((), self._scene.rng.uniform(0.0, _LEDGER_DEADLINE), error)
        if self._happens(self._climate.ledger_unanswered) or there + back > _LEDGER_DEADLINE:
            self._note_failure(member)
            return Fate((there,), _LEDGER_DEADLINE, error)
        member.failures = 0
        return Fate((there,), there + back)

    def look_fate(self, member: Member) -> Fate:
        """Say what becomes of a call that changes nothing."""
        there, back = self._span(self._climate.slowest_aws), self._span(self._climate.slowest_aws)
        if self._is_cut_off(member) or self._happens(self._climate.look_fails):
            self._scene.disturb()
            return Fate((), there + back, self._refusal())
        return Fate((there,), there + back)

    def scale_fate(self, member: Member) -> Fate:
        """Say what becomes of a call of ``UpdateService``."""
        climate, rng, now = self._climate, self._scene.rng, self._scene.loop.time()
        there, back = self._span(climate.slowest_aws), self._span(climate.slowest_aws)
        fate = Fate((there,), there + back)
        if self._is_cut_off(member) or self._happens(climate.scale_refused):
            fate = Fate((), there + back, self._refusal())
        elif self._happens(climate.scale_unheard):
            self._scene.disturb(until=now + there)
            return Fate((), there + back)
        elif self._happens(climate.scale_unanswered):
            fate = Fate((there,), rng.uniform(there, _AWS_DEADLINE), FleetError(_CONNECTION_LOST))
        elif self._happens(climate.scale_late):
            fate = Fate((rng.uniform(there, LATEST),), there + back, FleetError(_CONNECTION_LOST))
        elif self._happens(climate.scale_twice):
            fate = Fate((there, rng.uniform(there, LATEST)), there + back)
        if fate.error is not None or len(fate.arrives) > 1:
            self._scene.disturb(until=now + max(*fate.arrives, fate.ends, 0.0))
        return fate

    def lag(self) -> timedelta:
        """Say how old an answer of ECS is."""
        return timedelta(seconds=self._span(self._climate.most_lag))

    def turn(self) -> float:
        """Say how many seconds AWS's limits keep a call waiting."""
        return self._span(self._climate.longest_turn)

    def _note_failure(self, member: Member) -> None:
        self._scene.disturb()
        member.failures += 1
        if member.failures > 1:
            member.unwell_at = self._scene.loop.time() + _LEDGER_DEADLINE

    def _is_cut_off(self, member: Member) -> bool:
        return self._scene.loop.time() < member.aws_lost_until

    def _refusal(self) -> FleetError:
        rng = self._scene.rng
        return ThrottledError("Rate exceeded.") if rng.random() < 0.5 else FleetError(_CONNECTION_LOST)

    def _happens(self, chance: float) -> bool:
        """Throw the dice; after the storm nothing happens, and without a chance nothing is thrown."""
        return chance > 0.0 and self._scene.loop.time() < STORM and self._scene.rng.random() < chance

    def _span(self, most: float) -> float:
        """Draw a span: mostly short, at times as long as it gets."""
        return most * self._scene.rng.random() ** 3
