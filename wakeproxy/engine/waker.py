"""The waker: wakes each service once however many ask, keeps its sight, and carries out what the lifecycle asks.

All methods but the background work are plain and quick: an observation, a probe's answer, a refusing upstream or a
visit becomes one lifecycle event, and the table says what follows.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from wakeproxy.core.causes import Cause, Diagnosis
from wakeproxy.core.eta import forecast
from wakeproxy.core.lifecycle import Effect, Event, Phase, advance
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Endpoint, Observation, Stage, list_endpoints
from wakeproxy.core.record import Intent, PastWake, Record, is_wake_claimed, retry_at
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight
from wakeproxy.engine.board import Board
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.life import Life, begin, explain, keep_floor, reach
from wakeproxy.engine.probing import Probing
from wakeproxy.engine.tasks import Tasks
from wakeproxy.errors import AccessDeniedError, FleetError, LedgerError, ServiceGoneError, ThrottledError
from wakeproxy.ports import Prober

logger = logging.getLogger(__name__)

_CLAIMS_PER_WAKE = 3
_RETRY_FIRST, _RETRY_LAST = 0.3, 5.0
_NOT_WANTED = frozenset({Phase.FAILED, Phase.ASLEEP})


@dataclass(frozen=True, slots=True)
class Parts:
    """What a waker works with."""

    claims: Claims
    prober: Prober
    board: Board
    clock: Callable[[], datetime]
    poke: Callable[[ServiceName], None]
    """Asks the watcher to look at a service at once."""


class Waker:
    """Every service's life, from the visit that wakes it to the observation that finds it asleep."""

    def __init__(self, services: Iterable[Service], parts: Parts) -> None:
        self._parts = parts
        self._board = parts.board
        self._clock = parts.clock
        self.lives: Mapping[ServiceName, Life] = {service.name: Life(service) for service in services}
        self._probing = Probing(parts.prober, on_answer=self._answered)
        self._tasks = Tasks("waker")
        self._claiming: dict[ServiceName, asyncio.Task[None]] = {}

    def remember(self, records: Mapping[ServiceName, Record], wakes: Mapping[ServiceName, Sequence[PastWake]]) -> None:
        """Take up what the ledger remembers, at start."""
        now = self._clock()
        for name, life in self.lives.items():
            life.record = records.get(name, life.record)
            life.wakes = list(wakes.get(name, ()))
            allowed_at = retry_at(life.wakes)
            if allowed_at is not None and allowed_at > now:
                failed = replace(self.look(name), phase=Phase.FAILED, retry_at=allowed_at)
                self._board.post(explain(failed, _remembered(life.wakes[-1]), at=life.wakes[-1].ended_at))

    async def stop(self) -> None:
        """End all background work; what was claimed stays claimed, and another process carries on."""
        await self._probing.stop()
        await self._tasks.stop()

    def look(self, name: ServiceName) -> Sight:
        """Say what is known of a service; memory only."""
        return self._board.sights[name]

    def ask(self, name: ServiceName) -> None:
        """Take note that a visit wants the service awake."""
        sight = self.look(name)
        if sight.phase is Phase.FAILED and sight.retry_at is not None and self._clock() < sight.retry_at:
            return
        if sight.phase not in {Phase.AWAKE, Phase.WAKING}:
            self._happen(self.lives[name], Event.VISITED)

    def hear(self, name: ServiceName, record: Record) -> None:
        """Take note of the ledger's word on a service that is in use here: asleep is then not what is wanted."""
        life = self.lives[name]
        life.record = record
        if record.intent is Intent.ASLEEP and self.look(name).phase in {Phase.AWAKE, Phase.WAKING}:
            self._claim(life)

    def refuse(self, name: ServiceName, endpoint: Endpoint) -> None:
        """Take note that a task which answered refuses now: it is probed anew, and AWS is asked at once."""
        life = self.lives[name]
        if life.answering.get(endpoint.task) != endpoint:
            return
        del life.answering[endpoint.task]
        self._settle(life)
        self._parts.poke(name)

    def see(self, name: ServiceName, observation: Observation) -> None:
        """Take in what AWS said of a service."""
        life = self.lives[name]
        life.observation, life.trouble = observation, life.refusal
        self._aim(life, observation)
        event = _event_in(observation)
        if event is not Event.SEEN_UP and life.is_wanted and observation.exists:
            self._insist(life)
        elif event is not Event.SEEN_UP or observation.exists:
            self._happen(life, event)
        self._settle(life)
        self._judge(life)

    def fail_to_see(self, name: ServiceName, error: FleetError) -> None:
        """Take note that AWS could not be asked: what is awake is served from memory, a wake says what is wrong."""
        life = self.lives[name]
        if self.look(name).phase is not Phase.WAKING:
            return
        life.trouble = explain_error(error)
        self._explain(life, life.trouble)
        if isinstance(error, AccessDeniedError) or self._is_out_of_time(life):
            self._give_up(life)

    # From events to effects.

    def _happen(self, life: Life, event: Event) -> None:
        name = life.service.name
        before = self.look(name)
        phase, effects = advance(before.phase, event)
        now = self._clock()
        after = replace(before, phase=phase)
        if Effect.CLAIM in effects:
            life.claims_made, life.is_whole_wake = 0, True
            after = begin(after, at=now, wakes=life.wakes)
        if Effect.FOLLOW in effects:
            after = self._follow(life, after, now)
        if phase is not Phase.WAKING:
            life.is_wanted, life.refusal = False, None
        if phase is Phase.AWAKE:
            after = explain(replace(reach(after, Stage.ANSWERING, at=now), retry_at=None), None, at=now)
        if phase is Phase.ASLEEP and before.phase is not Phase.ASLEEP:
            after = Sight(name)
        self._carry_out(life, after, effects)

    def _carry_out(self, life: Life, after: Sight, effects: tuple[Effect, ...]) -> None:
        if Effect.RECORD in effects:
            after = self._record(life, after)
        if Effect.REST in effects:
            self._tasks.start(self._rest(life), name=f"rest {life.service.name}")
        self._board.post(after)
        if Effect.CLAIM in effects:
            life.is_wanted = True
            self._claim(life)
        if Effect.LOOK in effects:
            self._parts.poke(life.service.name)

    def _follow(self, life: Life, sight: Sight, now: datetime) -> Sight:
        claimed_at = life.resumes(now)
        seen = life.observation
        life.is_whole_wake = claimed_at is not None and (seen is None or seen.stage < Stage.RUNNING)
        life.is_wanted = claimed_at is not None
        life.claims_made = 0
        return begin(sight, at=claimed_at or now, wakes=life.wakes)

    def _record(self, life: Life, sight: Sight) -> Sight:
        failure = None
        if sight.phase is Phase.FAILED:
            failure = sight.diagnosis.sentence if sight.diagnosis else "The wake failed."
        past = life.past(sight, now=self._clock(), failure=failure)
        if past is None:
            return sight
        life.wakes.append(past)
        self._tasks.start(self._write(life.service.name, past), name=f"history of {life.service.name}")
        return replace(sight, retry_at=retry_at(life.wakes) if failure else None)

    # What was seen.

    def _aim(self, life: Life, observation: Observation) -> None:
        service = life.service
        endpoints = list_endpoints(observation, address=service.address, port=service.port)
        if not observation.desired:
            endpoints = ()
        life.answering = {e.task: e for e in life.answering.values() if e in endpoints}
        self._probing.aim(service, [e for e in endpoints if e.task not in life.answering])

    def _settle(self, life: Life) -> None:
        """Bring the sight in line with which tasks answer and how far the others are."""
        name = life.service.name
        if self.look(name).phase is Phase.AWAKE and not life.answering:
            self._happen(life, Event.FELL_SILENT)
            if life.observation is not None:
                self._aim(life, life.observation)
        sight = replace(self.look(name), endpoints=tuple(life.answering.values()))
        if sight.phase is Phase.WAKING and life.observation is not None:
            now = self._clock()
            sight = keep_floor(reach(sight, life.observation.stage, at=now), now=now)
            sight = replace(sight, expected=forecast(life.wakes, image=life.image or None))
        self._board.post(sight)

    def _judge(self, life: Life) -> None:
        sight = self.look(life.service.name)
        if sight.phase is not Phase.WAKING:
            return
        diagnosis, is_hopeless = life.judge(sight)
        self._explain(life, diagnosis or life.trouble)
        if is_hopeless:
            self._give_up(life)

    def _explain(self, life: Life, diagnosis: Diagnosis | None) -> None:
        self._board.post(explain(self.look(life.service.name), diagnosis, at=self._clock()))

    def _give_up(self, life: Life) -> None:
        logger.warning("%s cannot be woken: %s", life.service.name, self.look(life.service.name).diagnosis)
        self._happen(life, Event.GAVE_UP)

    def _answered(self, name: ServiceName, endpoint: Endpoint) -> None:
        life = self.lives[name]
        life.answering[endpoint.task] = endpoint
        self._board.post(replace(self.look(name), endpoints=tuple(life.answering.values())))
        self._happen(life, Event.ANSWERED)

    # Work in the background.

    def _claim(self, life: Life) -> None:
        name = life.service.name
        running = self._claiming.get(name)
        if running is None or running.done():
            self._claiming[name] = self._tasks.start(self._wake(life), name=f"wake {name}")

    async def _wake(self, life: Life) -> None:
        name = life.service.name
        record = await self._parts.claims.claim_wake(name)
        if record is not None:
            life.record = record
            life.claims_made += 1
            await self._raise_count(life)
        self._parts.poke(name)

    async def _raise_count(self, life: Life) -> None:
        """Tell AWS, as often as it takes: a refused or lost call is told again, a denied one ends the wake."""
        pause = _RETRY_FIRST
        while self.look(life.service.name).phase not in _NOT_WANTED:
            try:
                await self._parts.claims.raise_count(life.service)
            except FleetError as error:
                logger.warning("waking %s: %s", life.service.name, error)
                life.refusal = life.trouble = explain_error(error)
                self._explain(life, life.trouble)
                if isinstance(error, AccessDeniedError | ServiceGoneError) or self._is_out_of_time(life):
                    self._give_up(life)
            else:
                life.refusal = life.trouble = None
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, _RETRY_LAST)

    def _is_out_of_time(self, life: Life) -> bool:
        began_at = self.look(life.service.name).began_at
        return began_at is None or self._clock() - began_at >= life.service.wake_timeout

    def _insist(self, life: Life) -> None:
        """A wake was asked for, yet nothing is wanted in AWS: find out who is right."""
        running = self._claiming.get(life.service.name)
        if running is None or running.done():
            self._claiming[life.service.name] = self._tasks.start(
                self._reconsider(life), name=f"insist on {life.service.name}"
            )

    async def _reconsider(self, life: Life) -> None:
        name = life.service.name
        try:
            life.record = (await self._parts.claims.ledger.read([name]))[name]
        except LedgerError as error:
            logger.warning("cannot ask the ledger about %s: %s", name, error)
        if is_wake_claimed(life.record, self._clock()):
            return
        if life.record.intent is Intent.AWAKE and life.claims_made < _CLAIMS_PER_WAKE:
            await self._wake(life)
            return
        life.is_wanted = False
        self._parts.poke(name)

    async def _rest(self, life: Life) -> None:
        try:
            if len(life.observation.deployments if life.observation else ()) <= 1:
                await self._parts.claims.rest(life.service)
        except FleetError as error:
            logger.warning("%s failed to wake and could not be given back: %s", life.service.name, error)

    async def _write(self, name: ServiceName, past: PastWake) -> None:
        try:
            await self._parts.claims.ledger.add_wake(name, past)
        except LedgerError as error:
            logger.warning("the wake of %s is not in the history: %s", name, error)


def _event_in(observation: Observation) -> Event:
    if not observation.exists or observation.is_at_rest:
        return Event.SEEN_AT_REST
    return Event.SEEN_UP if observation.desired else Event.SEEN_DRAINING


def _remembered(wake: PastWake) -> Diagnosis:
    return Diagnosis(Cause.STOPPED, wake.failure or "The last wake failed.", "Try again.", can_retry=True)


def explain_error(error: FleetError) -> Diagnosis:
    """Put an error of AWS's into words for visitors; its own text may name accounts and roles and is only logged."""
    match error:
        case AccessDeniedError():
            return Diagnosis(
                Cause.ACCESS_DENIED,
                "AWS does not allow wakeproxy to wake this service.",
                "Give wakeproxy's role the rights it needs, and check that its credentials are valid.",
                can_retry=False,
            )
        case ServiceGoneError():
            return Diagnosis(
                Cause.SERVICE_MISSING,
                "ECS knows no such service.",
                "Check the cluster and service name, the region and the account.",
                can_retry=False,
            )
        case ThrottledError():
            return Diagnosis(
                Cause.THROTTLED,
                "AWS limits the rate of our calls just now; we keep trying.",
                "Wait; it passes by itself.",
                can_retry=True,
            )
        case _:
            return Diagnosis(
                Cause.AWS_UNREACHABLE,
                "AWS does not answer just now; we keep trying.",
                "Wait; if it stays so, check the network from wakeproxy to AWS.",
                can_retry=True,
            )
