"""The judge: holds every instant of a schedule to what the protocol promises. `docs/protocol.md` says it in words."""

from dataclasses import dataclass
from itertools import product
from typing import Final

from tests.fakes import EPOCH
from tests.simulation.members import CADENCE, FLUSH, GRACE, HOLD_FOR, IDLE_AFTER, SWEEPS_EVERY, Front, Running, World
from tests.simulation.plan import Plan
from tests.simulation.scene import Called, Event, Failed, Landed, Scene, Wrote
from tests.simulation.visiting import Use, Visitor, Visits
from tests.simulation.weather import Member
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import LOST_AFTER, Intent
from wakeproxy.core.service import EcsService, Service

INSPECTS_EVERY: Final = 2.0
HAND: Final = "a hand"
_GRACE: Final = GRACE.total_seconds()
_TELLING_TAKES: Final = _GRACE
"""Seconds within which the ledger hears of a use, though it was just told of one, and the next telling fails once."""
_READING_TAKES: Final = 1.0
"""Seconds from when a record is read to when whoever read it acts by it."""
_LOST_AFTER: Final = LOST_AFTER.total_seconds()


@dataclass(frozen=True, slots=True)
class _Raise:
    """A call to raise a desired count, and when its wake was claimed."""

    by: str
    at: float
    claimed_at: float


class Judge:
    """Watches one schedule."""

    def __init__(self, scene: Scene, plan: Plan, world: World, visits: Visits) -> None:
        self._scene = scene
        self._plan = plan
        self._world = world
        self._visits = visits
        self.running: dict[str, Running] = {}
        """The processes that live, by name."""
        self._named: dict[EcsService, ServiceName] = {one.ecs: one.name for one in world.services}
        self._raised: dict[EcsService, _Raise] = {}
        """The last call to raise a desired count since it was lowered."""
        self._lowered_by: dict[EcsService, str] = {}
        self._claimed_at: dict[ServiceName, float] = {}
        """When the last wake was claimed."""
        self._slept_at: dict[ServiceName, float] = {}
        """When a sleeper claimed it last, which forgets what answers whom."""
        self._down_since: dict[ServiceName, float] = {}
        self._stopped_at: dict[ServiceName, float] = {}
        """When it was last stopped by hand."""
        climate = plan.climate
        self.mends_within = 12.0 + 8 * climate.slowest_aws + 4 * climate.slowest_ledger
        """Seconds until what went wrong is put right: two looks, or two tries, and the calls they take."""
        self._is_prompt = climate.most_lag + 4 * (climate.slowest_aws + climate.slowest_ledger) < _LOST_AFTER
        """Whether whoever looks sees the effect of a call before it may be taken for lost."""
        self.serves_within = plan.services * (self.mends_within + plan.course.listening + 5.0)

    def hear(self, event: Event) -> None:
        """Judge something that happens."""
        match event:
            case Called(by, ecs, 0):
                self._lowered_by[ecs] = by
                self._judge_lowering(self.running.get(by), self._named[ecs])
            case Called(by, ecs, _) if by != HAND:
                self._judge_raising(by, ecs)
            case Failed(by, _, _):
                for ecs in [ecs for ecs, one in self._raised.items() if one.by == by]:
                    del self._raised[ecs]
            case Wrote(by, name, before, after) if before.generation != after.generation:
                if after.intent is Intent.AWAKE:
                    self._claimed_at[name] = self._now
                elif not self._has_failed(self.running.get(by), name):
                    self._slept_at[name] = self._now
            case Landed(by, ecs, _, 0):
                self._raised.pop(ecs, None)
                if by == HAND:
                    self._stopped_at[self._named[ecs]] = self._now
            case _:
                pass

    # Never asleep while in use.

    def _judge_lowering(self, caller: Running | None, name: ServiceName) -> None:
        if caller is None:
            return
        known_at = self._knew_at(caller.member)
        has_failed = self._has_failed(caller, name)
        for use in self._visits.uses:
            if use.name != name or use.began_at > known_at - _TELLING_TAKES or not self._is_told_of(use):
                continue
            if has_failed and not self._is_known_to_be_served(use, caller):
                continue  # nobody can be using what does not answer
            if self._counts(use, known_at):
                ended = "goes on" if use.ended_at is None else f"ended at {use.ended_at:.3f} s"
                self._scene.accuse(
                    f"{caller.member.name} puts {name} to sleep although it is in use: one at {use.front.member.name} "
                    f"that began at {use.began_at:.3f} s {ended}"
                )

    def _knew_at(self, member: Member) -> float:
        """When at the latest what a process acts by was so; it may have stood still since."""
        now = self._now
        stood_still = now - member.thawed_at < _READING_TAKES
        return (member.froze_at if stood_still else now) - _READING_TAKES

    def _is_told_of(self, use: Use) -> bool:
        member = use.front.member
        return not (member.process.is_dead or member.process.is_frozen) and member.unwell_at < use.began_at

    def _has_failed(self, caller: Running | None, name: ServiceName) -> bool:
        """Whether somebody gives a failed wake back."""
        return isinstance(caller, Front) and caller.engine.waker.look(name).phase is Phase.FAILED

    def _is_known_to_be_served(self, use: Use, caller: Running) -> bool:
        """Whether the app answers another front, which had time to say so since that was last forgotten."""
        is_elsewhere = use.front is not caller and use.is_served and use.ended_at is None
        return is_elsewhere and self._now - self._slept_at.get(use.name, -_GRACE) > _GRACE

    def _counts(self, use: Use, known_at: float) -> bool:
        """Whether a use forbids to sleep: by any clock if it went on through the whole grace, else by the worst one."""
        if use.ended_at is None and use.began_at < known_at - _GRACE - _TELLING_TAKES:
            return True
        ended_at = self._now if use.ended_at is None else use.ended_at
        return ended_at > self._now - IDLE_AFTER.total_seconds() + self._plan.spread

    # One wake, one call.

    def _judge_raising(self, by: str, ecs: EcsService) -> None:
        """Hold a call to being the only one for its claim: before that may be taken for lost, nobody calls anew."""
        now, claimed_at = self._now, self._claimed_at.get(self._named[ecs], float("-inf"))
        if self._lowered_by.get(ecs) == by:
            return  # it undoes what it has done
        first = self._raised.get(ecs)
        if first is not None and self._is_too_soon(first):
            self._scene.accuse(f"{by} wakes {ecs} again after {first.by} did at {first.at:.3f} s")
        self._raised[ecs] = _Raise(by, now, claimed_at)

    def _is_too_soon(self, first: _Raise) -> bool:
        """Whether nothing excuses another call now: no mishap, no clock, and no answer that took long."""
        if self._scene.disturbed_at >= first.at - 2 * _GRACE or self._plan.spread > 0.0:
            return False
        return self._is_prompt or self._now - first.claimed_at < _LOST_AFTER - _READING_TAKES

    # What must come right in time.

    def inspect(self) -> None:
        """Look around."""
        for service in self._world.services:
            if self._is_down(service) and self._is_wanted(service.name):
                since = self._down_since.setdefault(service.name, self._now)
                if self._now - max(since, self._scene.disturbed_at) > self.mends_within:
                    self._scene.accuse(f"{service.name} has been asleep although it is wanted since {since:.3f} s")
            else:
                self._down_since.pop(service.name, None)
        for visitor in self._visits.visitors:
            if visitor.served_at is None:
                self._judge_waiting(visitor)
        for use in self._visits.uses:
            is_held = use.ended_at is None and not use.is_served and use.front.member.unwell_at < use.began_at
            if is_held and self._now - use.began_at > HOLD_FOR + INSPECTS_EVERY:
                self._scene.accuse(f"{use.front.member.name} holds a request longer than it may")

    def _judge_waiting(self, visitor: Visitor) -> None:
        since = max(visitor.came_at, visitor.told_to_wait_until, self._scene.disturbed_at)
        if self._now - since > self.serves_within + visitor.lasts:
            self._scene.accuse(f"visitor {visitor.number} is not served although all has been well for long")
        is_in_time = self._plan.wake_timeout > self.serves_within
        if is_in_time and visitor.failed_at > max(visitor.came_at, self._scene.disturbed_at) + self._plan.wake_timeout:
            self._scene.accuse(f"visitor {visitor.number} is told that a wake failed although nothing has gone wrong")

    def _is_down(self, service: Service) -> bool:
        return self._world.cloud.services[service.ecs].desired == 0

    def _is_wanted(self, name: ServiceName) -> bool:
        if any(front.engine.waker.look(name).phase is Phase.FAILED for front in self.fronts):
            return False
        stopped_at = self._stopped_at.get(name, -1.0)
        uses = (use for use in self._visits.uses if use.name == name and use.began_at > stopped_at)
        if any(use.ended_at is None and self._is_told_of(use) for use in uses):
            return True
        record = self._world.truth.records.get(name)
        is_claimed = record is not None and record.intent is Intent.AWAKE and record.claimed_at is not None
        return is_claimed and self._claimed_at.get(name, -1.0) > stopped_at

    # The end.

    @property
    def hearing_takes(self) -> float:
        """Seconds within which everybody has looked: a front that was throttled looks 16 times less often."""
        return 16 * CADENCE.asleep.total_seconds()

    @property
    def quiet_takes(self) -> float:
        """Seconds after the last use within which all sleep."""
        told = FLUSH.total_seconds() + IDLE_AFTER.total_seconds() + 2 * self._plan.spread
        return told + 2 * (SWEEPS_EVERY + _GRACE + self.mends_within)

    def list_awake(self) -> list[str]:
        """Say what is awake."""
        found: list[str] = []
        for service in self._world.services:
            truth = self._world.cloud.services[service.ecs]
            if truth.desired:
                called_at = (truth.asked[-1][0] - EPOCH).total_seconds()
                found.append(f"{service.name} stays awake for nobody, as it was called to at {called_at:.3f} s")
        return found

    def list_unaware(self) -> list[str]:
        """Say who takes a service for awake."""
        found: list[str] = []
        for service, front in product(self._world.services, self.fronts):
            phase = front.engine.waker.look(service.name).phase
            if phase not in {Phase.ASLEEP, Phase.FAILED}:
                found.append(f"{front.member.name} takes {service.name} for {phase}, whom nobody uses")
        return found

    @property
    def fronts(self) -> list[Front]:
        """The fronts that live."""
        return [one for one in self.running.values() if isinstance(one, Front)]

    @property
    def _now(self) -> float:
        return self._scene.loop.time()
