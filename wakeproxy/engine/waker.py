"""The waker: wakes each service once however many ask, keeps its sight, and carries out what the lifecycle asks.

All methods but the background work are plain and quick: an observation, a probe's answer, a refusing upstream or a
visit becomes one lifecycle event, and the table says what follows.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from wakeproxy.core.causes import Diagnosis
from wakeproxy.core.eta import forecast
from wakeproxy.core.idleness import Judgement, Stay
from wakeproxy.core.lifecycle import DOWN, UP, Effect, Event, Phase, advance
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Endpoint, Observation, Stage
from wakeproxy.core.outlook import Outlook
from wakeproxy.core.reading import remembered_failure
from wakeproxy.core.record import Intent, PastWake, Record, later, retry_at
from wakeproxy.core.roster import is_reached_otherwise
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight
from wakeproxy.engine.board import Board
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.deeds import Deeds
from wakeproxy.engine.life import Life, begin, explain, keep_floor, reach
from wakeproxy.engine.needs import Needs
from wakeproxy.engine.probing import Probing
from wakeproxy.engine.pursuit import Pursuit, Tell
from wakeproxy.engine.refusals import explain_error
from wakeproxy.errors import FleetError
from wakeproxy.ports import Prober

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a waker works with."""

    claims: Claims
    prober: Prober
    board: Board
    clock: Callable[[], datetime]
    poke: Callable[[ServiceName], None]
    """Asks the watcher to look at a service at once."""
    deeds: Deeds = field(default_factory=Deeds)


class Waker:
    """Every service's life, from the visit that wakes it to the observation that finds it asleep."""

    def __init__(self, services: Iterable[Service], parts: Parts) -> None:
        self._parts = parts
        self._board = parts.board
        self._clock = parts.clock
        self.deeds = parts.deeds
        self.lives: dict[ServiceName, Life] = {service.name: Life(service) for service in services}
        self._probing = Probing(parts.prober, on_answer=self._answered)
        self.needs = Needs(self.lives, parts.board, self.ask)
        self._pursuit = Pursuit(
            parts.claims,
            parts.board,
            gather=self._gather,
            poke=parts.poke,
            tell=Tell(self._meet_trouble, self._learn),
        )

    def remember(self, records: Mapping[ServiceName, Record], wakes: Mapping[ServiceName, Sequence[PastWake]]) -> None:
        """Take up what the ledger remembers of services that are new here, or as soon as it can be read."""
        now = self._clock()
        for name, record in records.items():
            life = self.lives.get(name)
            if life is None:
                continue
            self._learn(life, record)
            life.recall(wakes.get(name, ()))
            allowed_at = retry_at(life.wakes)
            if allowed_at is not None and allowed_at > now and self.look(name).phase in DOWN:
                failed = replace(self.look(name), phase=Phase.FAILED, retry_at=allowed_at)
                self._board.post(explain(failed, remembered_failure(life.wakes[-1]), at=life.wakes[-1].ended_at))

    def adopt(self, sight: Sight) -> None:
        """Take up which tasks another process of this front knows to answer, until AWS is first asked here."""
        life = self.lives.get(sight.service)
        if life is None or life.observation is not None:
            return
        if sight.phase is Phase.AWAKE and self.look(sight.service).phase in DOWN:
            life.answering = {endpoint.task: endpoint for endpoint in sight.endpoints}
            self._board.post(sight)

    def add(self, service: Service) -> None:
        """Wake another service, too, from now on."""
        self.lives[service.name] = Life(service)
        self._board.add(service.name)

    def change(self, service: Service) -> None:
        """Take up how a service is configured now; it keeps its phase, unless its tasks have to be asked anew."""
        life = self.lives[service.name]
        before, life.service = life.service, service
        if not is_reached_otherwise(before, service):
            return
        self._probing.aim(service, ())
        life.forget_answers()
        if self.look(service.name).phase is Phase.AWAKE:
            self._happen(life, Event.FELL_SILENT)
        self._board.post(replace(self.look(service.name), endpoints=()))
        self._aim(life)
        self._parts.poke(service.name)

    def remove(self, name: ServiceName) -> None:
        """Let go of a service: in AWS it stays as it is, and whoever waits for it is told."""
        life = self.lives.pop(name)
        self._probing.aim(life.service, ())
        self._pursuit.leave(name)
        self._board.remove(name)
        self.needs.leave(name)

    async def stop(self) -> None:
        """End all background work; what was claimed stays claimed, and another process carries on."""
        await self._probing.stop()
        await self._pursuit.stop()

    @property
    def names(self) -> Collection[ServiceName]:
        """The names of all services."""
        return self.lives.keys()

    def look(self, name: ServiceName) -> Sight:
        """Say what is known of a service; memory only."""
        return self._board.sights[name]

    def ask(self, name: ServiceName) -> None:
        """Take note that a visit wants the service awake."""
        if name not in self.lives:
            return  # it was removed, of which not everybody has heard
        sight = self.look(name)
        if sight.phase is Phase.FAILED and sight.retry_at is not None and self._clock() < sight.retry_at:
            self._pursuit.reconsider(self.lives[name])
            return
        if sight.phase not in UP:
            self._happen(self.lives[name], Event.VISITED)

    def hear(self, name: ServiceName, record: Record) -> None:
        """Take note of the ledger's word on a service that is in use here: asleep is then not what is wanted."""
        life = self.lives.get(name)
        if life is None:
            return  # what is left of it finishes, and is told of
        self._learn(life, record)
        self._look_ahead(life)
        if record.intent is not Intent.ASLEEP:
            return
        phase = self.look(name).phase
        if phase in UP:
            self._pursuit.claim(life)
        elif phase in DOWN and _has_outlived_its_sleep(record):
            self.ask(name)  # the sleep was seen before the ledger was told of the use

    def keep_awake(self, name: ServiceName, until: datetime) -> None:
        """Take note that a visitor wants the service to stay awake until then at least; it wakes nothing."""
        life = self.lives.get(name)
        if life is not None:
            life.record = replace(life.record, awake_until=later(life.record.awake_until, until))
            self._look_ahead(life)
            self._pursuit.keep(life, until)

    def learn(self, name: ServiceName, judgement: Judgement) -> None:
        """Take note of what a sweep said of a service, to tell why it stays."""
        if name not in self.lives:
            return  # it was removed during the sweep
        stay = judgement if isinstance(judgement, Stay) else None
        sight = self.look(name)
        if sight.phase is Phase.AWAKE:
            self._board.post(replace(sight, outlook=replace(sight.outlook, stay=stay, judged_at=self._clock())))

    def refuse(self, name: ServiceName, endpoint: Endpoint) -> None:
        """Take note that a task which answered refuses now: AWS is asked at once, and then the task anew.

        Not before, for its address may by now be another's.
        """
        life = self.lives.get(name)
        seen = None if life is None else life.observation
        if life is None or seen is None or life.answering.get(endpoint.task) != endpoint:
            return
        del life.answering[endpoint.task]
        life.lapsed.add(endpoint.task)
        self._settle(life, seen)
        self._parts.poke(name)

    def look_again(self, name: ServiceName) -> None:
        """Take note that a task broke off: AWS is asked at once whether it still runs."""
        self._parts.poke(name)

    def see(self, name: ServiceName, observation: Observation) -> None:
        """Take in what AWS said of a service."""
        life = self.lives[name]
        life.observation = observation
        self._aim(life)
        event = _event_in(observation)
        if (
            event is not Event.SEEN_UP
            and observation.exists
            and life.insists(self._parts.claims.age(life.service.name, life.record))
        ):
            self._pursuit.insist(life)
        elif observation.exists or self.look(name).phase is not Phase.WAKING:
            self._happen(life, event)
        self._trust(life)
        self._settle(life, observation)
        self._judge(life, observation)

    def fail_to_see(self, name: ServiceName, error: FleetError) -> None:
        """Take note that AWS could not be asked: what is awake is served from memory, a wake says what is wrong."""
        life = self.lives[name]
        if life.observation is not None:  # else there is nothing to probe, and what was adopted stands
            self._aim(life)
            self._trust(life)
        if self.look(name).phase is Phase.WAKING:
            self._stand(life, explain_error(error))

    async def _gather(self, life: Life) -> bool:
        """Have what a service needs awake before it is started; whether it is."""
        service, seen = life.service, life.observation
        is_up = self.look(service.name).phase is not Phase.WAKING or (seen is not None and seen.desired > 0)
        if is_up or not service.all_needs:
            return True  # what is up is claimed at once, or a sleeper would get ahead
        life.is_gathering = True
        try:
            trouble = await self.needs.gather(life)
        finally:
            life.is_gathering = False
        sight = self.look(service.name)
        if trouble is not None:
            self._meet_trouble(life, trouble)
        elif sight.phase is Phase.WAKING and service.needs:
            self._board.post(replace(sight, gathered_at=self._clock()))
        return trouble is None

    # From events to effects.

    def _happen(self, life: Life, event: Event) -> None:
        name = life.service.name
        before = self.look(name)
        phase, effects = advance(before.phase, event)
        now = self._clock()
        after = replace(before, phase=phase)
        if Effect.CLAIM in effects:
            life.claims_made, life.is_whole_wake, life.given_back_at = 0, True, None
            after = begin(after, at=now, wakes=life.wakes)
        if Effect.FOLLOW in effects:
            after = begin(after, at=self._take_up(life, before.phase, now), wakes=life.wakes)
        self.deeds.note_rest(name, is_asleep=phase is Phase.ASLEEP and life.has_been_seen, at=now)
        if phase is not Phase.WAKING:
            life.is_wanted, life.refusal = False, None
        if phase is Phase.AWAKE and before.phase is not phase:
            after = replace(after, outlook=Outlook(awake_since=life.up_since(now)))
        if phase is Phase.AWAKE:
            after = explain(replace(reach(after, Stage.ANSWERING, at=now), retry_at=None, needs=()), None, at=now)
        if phase in DOWN and before.phase is not phase:
            after = Sight(name, phase)
        self._carry_out(life, _foretell(after, life.record), effects)

    def _carry_out(self, life: Life, after: Sight, effects: tuple[Effect, ...]) -> None:
        if Effect.RECORD in effects:
            after = self._record(life, after)
        if Effect.REST in effects:
            life.given_back_at = self._clock()
            self._aim(life)
            self._pursuit.rest(life)
        self._board.post(after)
        if Effect.CLAIM in effects:
            life.is_wanted = True
            self._pursuit.claim(life)
        if Effect.LOOK in effects:
            self._parts.poke(life.service.name)

    def _take_up(self, life: Life, before: Phase, now: datetime) -> datetime:
        """Take up a wake that was not asked for here, and say when it began."""
        if before is not Phase.AWAKE:
            return life.follow(now)
        life.relapse(self._parts.claims.age(life.service.name, life.record))
        return now

    def _record(self, life: Life, sight: Sight) -> Sight:
        failure = None
        if sight.phase is Phase.FAILED:
            failure = sight.diagnosis.sentence if sight.diagnosis else "The wake failed."
        past = life.past(sight, now=self._clock(), failure=failure)
        if past is None:
            return sight
        life.keep(past)
        if life.claims_made:
            self.deeds.note_wake(life.service.name, past)
        self._pursuit.write(life, past)
        return replace(sight, retry_at=retry_at(life.wakes) if failure else None)

    def _look_ahead(self, life: Life) -> None:
        """Bring what is told of the service's stay in line with its record."""
        self._board.post(_foretell(self.look(life.service.name), life.record))

    # What was seen.

    def _learn(self, life: Life, record: Record) -> None:
        """Take note of what the ledger says, and of whose answers others know."""
        if self.lives.get(life.service.name) is not life:
            return  # it was removed meanwhile
        life.take_up(record)
        self._parts.claims.age(life.service.name, life.record)
        if life.observation is not None:
            self._aim(life)
            self._trust(life)
        self._pursuit.share(life)

    def _aim(self, life: Life) -> None:
        """Probe the tasks last seen that have not answered yet, be it here or to another front."""
        endpoints = life.endpoints(self._clock())
        life.keep_to(endpoints)
        unknown = [e for e in endpoints if e.task not in life.answering and not life.trusts(e)]
        self._probing.aim(life.service, unknown)

    def _trust(self, life: Life) -> None:
        """Take for answering what another front found so: of the tasks seen here, at the addresses seen here."""
        for endpoint in life.endpoints(self._clock()):
            if life.trusts(endpoint) and endpoint.task not in life.answering:
                self._answered(life.service.name, endpoint)

    def _settle(self, life: Life, seen: Observation) -> None:
        """Bring the sight in line with which tasks answer and how far the others are."""
        name = life.service.name
        if self.look(name).phase is Phase.AWAKE and not life.answering:
            self._happen(life, Event.FELL_SILENT)
        sight = replace(self.look(name), endpoints=tuple(life.answering.values()))
        if sight.phase is Phase.WAKING:
            now = self._clock()
            sight = keep_floor(reach(sight, seen.stage, at=now), now=now)
            sight = replace(sight, expected=forecast(life.wakes, image=life.image or None))
        self._board.post(sight)
        self._pursuit.share(life)

    def _judge(self, life: Life, seen: Observation) -> None:
        sight = self.look(life.service.name)
        if sight.phase is not Phase.WAKING or not sight.stages or life.is_gathering:
            return
        diagnosis, is_hopeless = life.judge(seen, since=sight.own_stages[0][1])
        self._explain(life, life.refusal or diagnosis)
        if is_hopeless:
            self._give_up(life)

    def _meet_trouble(self, life: Life, trouble: Diagnosis) -> None:
        """Take note that a wake's own call to AWS failed."""
        life.refusal = trouble
        if self.look(life.service.name).phase is Phase.WAKING:
            self._stand(life, trouble)

    def _stand(self, life: Life, trouble: Diagnosis) -> None:
        """Bear with AWS for as long as a wake may take, unless bearing cannot help."""
        self._explain(life, trouble)
        stages = () if life.is_gathering else self.look(life.service.name).own_stages
        is_late = bool(stages) and self._clock() - stages[0][1] >= life.service.wake_timeout
        if is_late or not trouble.can_retry:
            self._give_up(life)

    def _explain(self, life: Life, diagnosis: Diagnosis | None) -> None:
        self._board.post(explain(self.look(life.service.name), diagnosis, at=self._clock()))

    def _give_up(self, life: Life) -> None:
        found = self.look(life.service.name).diagnosis
        logger.warning("%s cannot be woken: %s", life.service.name, found.sentence if found else "no reason is known")
        self._happen(life, Event.GAVE_UP)

    def _answered(self, name: ServiceName, endpoint: Endpoint) -> None:
        life = self.lives[name]
        life.answering[endpoint.task] = endpoint
        life.lapsed.discard(endpoint.task)
        self._board.post(replace(self.look(name), endpoints=tuple(life.answering.values())))
        self._happen(life, Event.ANSWERED)
        self._pursuit.share(life)


def _foretell(sight: Sight, record: Record) -> Sight:
    """Tell of a service's stay what its record knows; what a sweep said before somebody had a say is over."""
    before, kept_until = sight.outlook, record.awake_until
    stay = before.stay if before.kept_until == kept_until else None
    return replace(sight, outlook=replace(before, used_at=record.last_used_at, kept_until=kept_until, stay=stay))


def _has_outlived_its_sleep(record: Record) -> bool:
    """Whether a service was used after it was claimed to sleep."""
    used_at, claimed_at = record.last_used_at, record.claimed_at
    return used_at is not None and claimed_at is not None and used_at > claimed_at


def _event_in(observation: Observation) -> Event:
    if not observation.exists or observation.is_at_rest:
        return Event.SEEN_AT_REST
    return Event.SEEN_UP if observation.desired else Event.SEEN_DRAINING
