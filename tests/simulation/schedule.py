"""One schedule from its seed to the verdict."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from tests.simulation.cloud import Cloud
from tests.simulation.judge import HAND, INSPECTS_EVERY, Judge
from tests.simulation.members import Front, LoneSleeper, Protocol, Running, World, make_services
from tests.simulation.plan import STORM, Ambush, Mishap, Moment, Plan, draw_plan
from tests.simulation.scene import Calling, Claiming, Event, Landed, Scene, Told, Wrote
from tests.simulation.virtual import WORLD, Process
from tests.simulation.visiting import Visitor, Visits
from tests.simulation.weather import Member, Weather
from wakeproxy.core.record import Intent

_STEP: Final = 3.0
_REAL: Final = Protocol()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a schedule."""

    plan: Plan
    violations: tuple[str, ...]
    journal: tuple[tuple[float, Event], ...]

    @property
    def is_good(self) -> bool:
        """Whether every promise was kept."""
        return not self.violations


class Schedule:
    """Runs one plan."""

    def __init__(self, plan: Plan, protocol: Protocol) -> None:
        self._plan = plan
        self._scene = scene = Scene(plan.seed)
        services = make_services(plan.services, wake_timeout=plan.wake_timeout)
        cloud = Cloud(scene, [service.ecs for service in services], plan.course)
        truth = protocol.make_truth()
        self._world = World(cloud, truth, Weather(scene, plan.climate), services, protocol)
        self._visits = Visits(scene)
        self._judge = Judge(scene, plan, self._world, self._visits)
        self._places: list[Running | None] = [None] * (plan.fronts + plan.sleepers)
        """Which process runs at each place; ``None`` while none does."""
        self._starts = 0
        self._counts: dict[Moment, int] = dict.fromkeys(Moment, 0)
        scene.listeners += [self._judge.hear, self._spring]

    def run(self) -> Verdict:
        """Run it to its end, or to the first broken promise."""
        scene, plan = self._scene, self._plan
        for place in range(len(self._places)):
            scene.later(0.0, self._start, place)
        for visit in plan.visits:
            scene.later(visit.at, self._visit, visit.front, visit.service, visit.lasts)
        for blow in plan.blows:
            scene.later(blow.at, self._strike, blow.kind, blow.whom, blow.lasts)
        scene.later(INSPECTS_EVERY, self._inspect)
        try:
            self._run()
        finally:
            scene.loop.dispose()
        return Verdict(plan, tuple(scene.violations), tuple(scene.journal))

    def _run(self) -> None:
        loop, judge = self._scene.loop, self._judge
        loop.run_to(STORM)
        while loop.time() < self._scene.disturbed_at and not loop.is_halted:
            loop.run_to(self._scene.disturbed_at)
        for front in range(self._plan.fronts):
            self._scene.later(self._plan.settles_for + front, self._visit, front, self._plan.services - 1, 0.05)
        loop.run_to(loop.time() + self._plan.settles_for + self._plan.fronts)
        while any(visitor.served_at is None for visitor in self._visits.visitors) and not loop.is_halted:
            loop.run_to(loop.time() + _STEP)
        self._expect(judge.list_awake, within=judge.quiet_takes)
        self._expect(judge.list_unaware, within=judge.hearing_takes)
        self._scene.violations += loop.errors

    def _expect(self, list_exceptions: Callable[[], list[str]], *, within: float) -> None:
        """Let the quiet go on until there is no exception left; what is one for too long breaks a promise."""
        loop, scene = self._scene.loop, self._scene
        ends_at = loop.time() + within
        while (exceptions := list_exceptions()) and not loop.is_halted:
            if loop.time() >= ends_at:
                scene.accuse(exceptions[0])
            else:
                loop.run_to(min(loop.time() + _STEP, ends_at))

    def _inspect(self) -> None:
        self._judge.inspect()
        self._scene.later(INSPECTS_EVERY, self._inspect)

    # What happens.

    def _start(self, place: int) -> None:
        self._starts += 1
        is_front = place < self._plan.fronts
        name = f"{'front' if is_front else 'sleeper'} {place}.{self._starts}"
        member = Member(self._scene, Process(self._scene.loop, name), self._plan.skews[place])
        member.unwell_at = self._scene.loop.time()
        one: Running = Front(self._world, member) if is_front else LoneSleeper(self._world, member)
        self._scene.emit(Told(name, f"starts, its clock {member.skew:+.3f} s"))
        self._places[place] = self._judge.running[name] = one
        one.process.start(one.run())

    def _visit(self, front: int, service: int, lasts: float) -> None:
        def choose() -> Front | None:
            """The front wanted, or the next that lives."""
            order = [self._places[(front + step) % self._plan.fronts] for step in range(self._plan.fronts)]
            return next((one for one in order if isinstance(one, Front)), None)

        name = self._world.services[service % len(self._world.services)].name
        visitor = Visitor(len(self._visits.visitors) + 1, name, self._scene.loop.time(), lasts)
        self._visits.visitors.append(visitor)
        self._scene.loop.create_task(self._visits.come(visitor, choose), context=WORLD.copy())

    def _strike(self, kind: Mishap, whom: int, lasts: float) -> None:
        now = self._scene.loop.time()
        if now > STORM:
            return
        one = self._places[whom % len(self._places)]
        ecs = self._world.services[whom % len(self._world.services)].ecs
        match kind:
            case Mishap.VISIT:
                self._visit(whom % self._plan.fronts, whom, lasts)
            case Mishap.STOPPED_BY_HAND | Mishap.STARTED_BY_HAND:
                self._scene.disturb()
                self._world.cloud.land(HAND, ecs, int(kind is Mishap.STARTED_BY_HAND))
            case _ if one is not None:
                self._befall(one, kind, now + lasts)
            case _:
                pass

    def _befall(self, one: Running, kind: Mishap, ends: float) -> None:
        member = one.member
        self._scene.emit(Told(member.name, f"{kind}, until {ends:.3f} s"))
        self._scene.disturb(until=ends)
        span = ends - self._scene.loop.time()
        match kind:
            case Mishap.FREEZE:
                if not one.process.is_frozen:
                    self._freeze(one, span)
            case Mishap.KILL:
                self._kill(one, span)
            case Mishap.LEDGER_LOST:
                member.ledger_lost_until = max(member.ledger_lost_until, ends)
            case Mishap.AWS_LOST:
                member.aws_lost_until = max(member.aws_lost_until, ends)
            case Mishap.APPS_LOST:
                member.apps_lost_until = max(member.apps_lost_until, ends)
            case _:
                raise AssertionError(kind)

    def _freeze(self, one: Running, span: float) -> None:
        member = one.member
        member.froze_at = self._scene.loop.time()
        member.unwell_at = member.froze_at + span
        one.process.freeze()

        def thaw() -> None:
            member.thawed_at = self._scene.loop.time()
            self._scene.emit(Told(member.name, "goes on"))
            one.process.thaw()

        self._scene.later(span, thaw)

    def _kill(self, one: Running, span: float) -> None:
        place = self._places.index(one)
        one.process.kill()
        self._places[place] = None
        del self._judge.running[one.member.name]
        if isinstance(one, Front):
            self._visits.lose(one)
        self._scene.later(span, self._start, place)

    # Ambushes.

    def _spring(self, event: Event) -> None:
        moment = _moment_of(event)
        if moment is None:
            return
        nth = self._counts[moment]
        self._counts[moment] += 1
        for ambush in self._plan.ambushes:
            if (ambush.moment, ambush.nth) == (moment, nth):
                self._scene.later(ambush.after, self._strike, ambush.kind, self._whom(ambush, event), ambush.lasts)

    def _whom(self, ambush: Ambush, event: Event) -> int:
        """Find the place of whoever is meant."""
        if ambush.whom >= 0:
            return ambush.whom
        places = (place for place, one in enumerate(self._places) if one is not None and one.member.name == event.by)
        return next(places, 0)


def _moment_of(event: Event) -> Moment | None:
    match event:
        case Claiming(_, _, after):
            return Moment.SLEEP_CLAIMING if after.intent is Intent.ASLEEP else Moment.WAKE_CLAIMING
        case Wrote(_, _, before, after) if before.generation != after.generation:
            return Moment.SLEEP_CLAIMED if after.intent is Intent.ASLEEP else Moment.WAKE_CLAIMED
        case Calling(_, _, count):
            return Moment.RAISING if count else Moment.LOWERING
        case Landed(by, _, _, count) if by != HAND:
            return Moment.RAISED if count else Moment.LOWERED
        case _:
            return None


def run_seed(seed: int, protocol: Protocol = _REAL) -> Verdict:
    """Run the schedule of a seed; what the engine logs as an error is a broken promise, too."""
    with _errors_logged() as errors:
        found = Schedule(draw_plan(seed), protocol).run()
    return Verdict(found.plan, (*found.violations, *errors), found.journal)


@contextmanager
def _errors_logged() -> Iterator[list[str]]:
    """Collect what the engine logs as an error; all else it says is not even put into words."""
    errors: list[str] = []
    logger = logging.getLogger("wakeproxy")
    level, handler = logger.level, _Collector(errors)
    logger.addHandler(handler)
    logger.setLevel(logging.ERROR)
    try:
        yield errors
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


class _Collector(logging.Handler):
    def __init__(self, errors: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message, and what was raised."""
        error = record.exc_info[1] if record.exc_info else None
        self._errors.append(f"logged: {record.getMessage()} {error!r}")
