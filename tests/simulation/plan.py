"""What is to happen in a schedule, drawn from its seed before anything does."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

from tests.fakes import Course

STORM: Final = 45.0
"""Seconds in which things may go wrong; what began within may last a while longer."""
LATEST: Final = 18.0
"""Seconds after which a call may still be carried out whose caller has heard that it failed; it may come twice, too.
Fronts look out for such a call for 30 seconds after a wake, at every look at what is awake."""


class Mishap(StrEnum):
    """What may befall a process, or the world."""

    FREEZE = "freezes"
    KILL = "is killed"
    LEDGER_LOST = "loses the ledger"
    AWS_LOST = "loses AWS"
    APPS_LOST = "loses the apps"
    STOPPED_BY_HAND = "is stopped by hand"
    STARTED_BY_HAND = "is started by hand"
    VISIT = "is visited"


class Moment(StrEnum):
    """Instants at which something that goes wrong does most harm."""

    SLEEP_CLAIMING = "about to claim a sleep"
    SLEEP_CLAIMED = "sleep claimed"
    WAKE_CLAIMING = "about to claim a wake"
    WAKE_CLAIMED = "wake claimed"
    LOWERING = "about to lower"
    LOWERED = "lowered"
    RAISING = "about to raise"
    RAISED = "raised"


_MOMENTS: Final = (*Moment, Moment.SLEEP_CLAIMED, Moment.SLEEP_CLAIMED, Moment.LOWERING, Moment.LOWERING)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody comes, and keeps coming until he is served or his patience ends."""

    at: float
    front: int
    service: int
    lasts: float


@dataclass(frozen=True, slots=True)
class Blow:
    """A mishap at an instant."""

    at: float
    kind: Mishap
    whom: int
    lasts: float


@dataclass(frozen=True, slots=True)
class Ambush:
    """A mishap that waits for its moment: the ``nth`` of its kind, counted from zero, and so many seconds more."""

    moment: Moment
    nth: int
    after: float
    kind: Mishap
    whom: int
    """Of a freeze or a death, -1 is whoever brought the moment about."""
    lasts: float


@dataclass(frozen=True, slots=True)
class Climate:
    """How calls fare: seconds, and chances of one call."""

    slowest_ledger: float = 0.05
    slowest_aws: float = 0.3
    most_lag: float = 0.3
    """How old the answer of a look may be."""
    longest_turn: float = 0.0
    """How long AWS's limits may keep a call that lowers waiting."""
    ledger_lost: float = 0.0
    ledger_unanswered: float = 0.0
    look_fails: float = 0.0
    scale_refused: float = 0.0
    scale_unheard: float = 0.0
    """It is answered and comes to nothing."""
    scale_unanswered: float = 0.0
    scale_late: float = 0.0
    scale_twice: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One schedule."""

    seed: int
    services: int
    fronts: int
    sleepers: int
    skews: tuple[float, ...]
    """By how many seconds the clock of each process is ahead."""
    wake_timeout: float
    settles_for: float
    """Seconds after the last mishap is over before all are visited once more."""
    climate: Climate
    course: Course
    visits: tuple[Visit, ...]
    blows: tuple[Blow, ...]
    ambushes: tuple[Ambush, ...]

    @property
    def spread(self) -> float:
        """By how many seconds two clocks differ at most, that of ECS among them."""
        return max(*self.skews, 0.0) - min(*self.skews, 0.0)


def draw_plan(seed: int) -> Plan:
    """Draw a schedule: some are quiet, so that what is claimed without any trouble is held to the letter."""
    rng = Random(f"plan {seed}")
    fronts, sleepers = rng.choice((1, 2, 2, 2, 3)), rng.choice((0, 0, 1, 1, 2))
    services = rng.choice((1, 1, 1, 1, 2))
    is_rough = rng.random() < 0.75
    members = fronts + sleepers
    plot = rng.choice(_PLOTS)(rng, fronts) if is_rough else Plot()
    return Plan(
        seed,
        services,
        fronts,
        sleepers,
        skews=tuple(_draw_skews(rng, members)),
        wake_timeout=rng.choice((20.0, 120.0)),
        settles_for=rng.choice((8.0, 18.0)),
        climate=_draw_climate(rng) if is_rough else Climate(),
        course=_hasten(Course(), rng.uniform(0.1, 0.5)),
        visits=(*plot.visits, *(_draw_visit(rng, fronts, services) for _ in range(rng.randint(1, 6)))),
        blows=(*plot.blows, *(_draw_blow(rng, members) for _ in range(rng.choice((0, 0, 1, 2, 3)) * is_rough))),
        ambushes=(
            *plot.ambushes,
            *(_draw_ambush(rng, members, is_rough=is_rough) for _ in range(rng.choice((0, 1, 2, 3)))),
        ),
    )


@dataclass(frozen=True, slots=True)
class Plot:
    """Mishaps that belong together, for by chance they would seldom meet."""

    visits: tuple[Visit, ...] = ()
    blows: tuple[Blow, ...] = ()
    ambushes: tuple[Ambush, ...] = ()


def _leave_to_chance(rng: Random, fronts: int) -> Plot:
    """Plot nothing."""
    del rng, fronts
    return Plot()


def _catch_in_the_act(rng: Random, fronts: int) -> Plot:
    """Stop or kill whoever acts, and have the service visited meanwhile."""
    moment, kind = rng.choice(_ACTS), rng.choice((Mishap.FREEZE, Mishap.FREEZE, Mishap.KILL))
    nth, whom, span = rng.choice((0, 0, 1)), rng.randrange(fronts), _draw_span(rng)
    comes, stays = rng.choice((rng.uniform(0, 1), rng.uniform(0, 8))), rng.choice((0.05, max(0.05, span - 5)))
    caught = Ambush(moment, nth, 0.0, kind, -1, span)
    return Plot(ambushes=(caught, Ambush(moment, nth, comes, Mishap.VISIT, whom, stays)))


def _cut_off(rng: Random, fronts: int) -> Plot:
    """Let one front lose the apps, and be visited, while another is in use."""
    at, lonely = rng.uniform(10, STORM), rng.randrange(fronts)
    long, refused = rng.uniform(20, 45), rng.uniform(0, 3)
    visits = Visit(at - 8, (lonely + 1) % fronts, 0, 10 + long), Visit(at + refused, lonely, 0, 0.05)
    return Plot(visits, (Blow(at, Mishap.APPS_LOST, lonely, long),))


_ACTS: Final = (Moment.LOWERING, Moment.LOWERING, Moment.RAISING, Moment.SLEEP_CLAIMED, Moment.WAKE_CLAIMED)
_PLOTS: Final = (_leave_to_chance, _leave_to_chance, _catch_in_the_act, _catch_in_the_act, _cut_off)


def _hasten(course: Course, speed: float) -> Course:
    return Course(
        course.addressed * speed,
        course.pulling * speed,
        course.starting * speed,
        course.running * speed,
        course.listening * speed,
    )


def _draw_skews(rng: Random, members: int) -> list[float]:
    most = rng.choice((0.0, 0.0, 0.0, 3.0, 30.0, 90.0))
    return [rng.uniform(-most, most) for _ in range(members)]


def _draw_climate(rng: Random) -> Climate:
    def chance() -> float:
        return rng.choice((0.02, 0.1, 0.3)) if rng.random() < 0.3 else 0.0

    return Climate(
        slowest_ledger=rng.choice((0.01, 0.05, 0.9)),
        slowest_aws=rng.choice((0.1, 0.5, 2.0)),
        most_lag=rng.choice((0.0, 1.0, 4.0)),
        longest_turn=rng.choice((0.0, 0.0, 5.0)),
        ledger_lost=chance(),
        ledger_unanswered=chance(),
        look_fails=chance(),
        scale_refused=chance(),
        scale_unheard=chance(),
        scale_unanswered=chance(),
        scale_late=chance(),
        scale_twice=chance(),
    )


def _draw_visit(rng: Random, fronts: int, services: int) -> Visit:
    lasts = rng.choice((0.05, 0.05, 0.5, rng.uniform(1, 30)))
    return Visit(rng.uniform(0.0, STORM), rng.randrange(fronts), rng.randrange(services), lasts)


def _draw_blow(rng: Random, members: int) -> Blow:
    return Blow(rng.uniform(0, STORM), _draw_mishap(rng), rng.randrange(members), _draw_span(rng))


def _draw_ambush(rng: Random, members: int, *, is_rough: bool) -> Ambush:
    after = rng.choice((0.0, rng.uniform(0, 1), rng.uniform(0, 8)))
    kind = _draw_mishap(rng) if is_rough and rng.random() < 0.6 else Mishap.VISIT
    whom = rng.choice((-1, -1, rng.randrange(members)))
    lasts = rng.choice((0.05, 5.0)) if kind is Mishap.VISIT else _draw_span(rng)
    return Ambush(rng.choice(_MOMENTS), rng.choice((0, 0, 1, 2)), after, kind, whom, lasts)


def _draw_mishap(rng: Random) -> Mishap:
    kinds: tuple[Mishap, ...] = (*Mishap, Mishap.FREEZE, Mishap.KILL)
    return rng.choice(kinds)


def _draw_span(rng: Random) -> float:
    return rng.choice((rng.uniform(0, 3), rng.uniform(3, 15), rng.uniform(25, 45)))
