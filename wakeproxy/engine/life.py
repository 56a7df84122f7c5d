"""What the engine remembers of one service besides its sight. All of it is rebuilt from AWS and the ledger."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from wakeproxy.core.causes import SERVICE_MISSING, Diagnosis
from wakeproxy.core.diagnosis import Patience, diagnose, failed_tasks
from wakeproxy.core.eta import forecast
from wakeproxy.core.observation import Endpoint, Observation, Stage, list_endpoints
from wakeproxy.core.reading import judge_start
from wakeproxy.core.record import LOST_AFTER, MOST_READY, Intent, PastWake, Record, later
from wakeproxy.core.service import Service
from wakeproxy.core.sight import LogLine, Sight

_STAGE_WORDS = {
    Stage.REQUESTED: "Wake requested",
    Stage.PROVISIONING: "A task is being placed and given its network",
    Stage.PULLING: "The image is being pulled",
    Stage.STARTING: "The container is being started",
    Stage.RUNNING: "The task runs; waiting for the app to answer",
    Stage.ANSWERING: "The app answers",
}
_LINES_KEPT = 40
_WAKES_KEPT = 50
_FLAPS_WITHIN = timedelta(minutes=5)
_LINGERS_FOR = timedelta(seconds=30)
"""So long a task of a wake that was given back may still come up and answer, to be stopped at once; it is also the
shortest time before the service may be woken again."""
_CONTESTED_FOR = timedelta(seconds=30)
"""A sleeper that read the ledger just before a claim tells AWS just after it. The watcher looks at what is awake
every 15 s, so within two looks of a claim a desired count of 0 is such a late call rather than somebody's wish."""


@dataclass(slots=True)
class Life:
    """One service while the engine runs."""

    service: Service
    record: Record = field(default_factory=Record)
    wakes: list[PastWake] = field(default_factory=list)
    observation: Observation | None = None
    answering: dict[str, Endpoint] = field(default_factory=dict)
    """By task, in the order in which they answered."""
    lapsed: set[str] = field(default_factory=set)
    """Tasks that answered and do so no more: of them no other front's word is taken, only our own probe's."""
    leaving: frozenset[str] = frozenset()
    """Tasks that ECS was told to stop from here: whatever AWS still says of them, nothing is passed on to them."""
    left_at: datetime | None = None
    """When it was told so."""
    shared: frozenset[str] = frozenset()
    """The tasks that answered here when other fronts were last told, within this generation."""
    is_wanted: bool = False
    """A wake was asked for here and has not ended: a desired count of 0 is then no answer."""
    claims_made: int = 0
    refusal: Diagnosis | None = None
    """Why AWS refused the wake's own call; it stands until the call succeeds."""
    given_back_at: datetime | None = None
    """When the last wake was given up and its tasks were given back."""
    is_gathering: bool = False
    """The wake waits until what it requires answers; until then nothing of its own can go wrong."""
    is_whole_wake: bool = False
    """The wake was seen from its beginning, so that its times teach something."""

    @property
    def has_been_seen(self) -> bool:
        """Whether AWS was asked and knows the service."""
        return self.observation is not None and self.observation.exists

    @property
    def image(self) -> str:
        """What is being started, as far as a task has shown."""
        live = self.observation.live if self.observation else ()
        return live[-1].image if live else ""

    def up_since(self, now: datetime) -> datetime:
        """Since when it is up, where it is found so at ``now``: it need not be this process that woke it."""
        live = self.observation.live if self.observation and not self.is_whole_wake else ()
        return min((task.started_at for task in live if task.started_at), default=now)

    def endpoints(self, now: datetime) -> tuple[Endpoint, ...]:
        """Say where the tasks are that may serve."""
        if self.observation is None or not self.observation.desired or self.lingers(now):
            return ()
        found = list_endpoints(self.observation, address=self.service.address, port=self.service.port)
        if self.left_at is None or now - self.left_at >= LOST_AFTER:
            return found
        return tuple(endpoint for endpoint in found if endpoint.task not in self.leaving)

    def leave(self, now: datetime) -> None:
        """Let go of all tasks, for ECS is about to be told to stop them.

        A wake that comes at once may spare them. So they are taken for gone as long as AWS may lag behind, no longer.
        """
        self.left_at = now
        self.leaving = frozenset(task.arn for task in self.observation.live) if self.observation else frozenset()

    def stay(self) -> None:
        """Take the tasks back: ECS may not have been told."""
        self.left_at = None

    @property
    def news(self) -> tuple[str, ...]:
        """The tasks to name to other fronts: those that answer here, and those others named that live."""
        live = {task.arn for task in self.observation.live} if self.observation else set()
        named = (live & set(self.record.ready)) - self.lapsed
        return tuple(sorted(named | self.answering.keys()))[:MOST_READY]

    def own(self, record: Record) -> None:
        """Take up a claim that was made here."""
        self.record, self.shared = record, frozenset()
        self.claims_made += 1

    def take_up(self, record: Record) -> None:
        """Take up what the ledger says, unless it is older than a claim that is known here.

        Only a claim changes until when it is kept awake, so a visitor's wish that is on its way to the ledger stands.
        """
        if record.generation > self.record.generation:
            self.record, self.shared = record, frozenset()
        elif record.generation == self.record.generation:
            if self.answering.keys().isdisjoint(record.ready):
                self.shared = frozenset()  # a front that cannot reach them took them off, or they never came to it
            self.record = replace(record, awake_until=self.record.awake_until or record.awake_until)

    def trusts(self, endpoint: Endpoint) -> bool:
        """Whether another front's word on a task is taken: it answers, and need not be asked here."""
        return endpoint.task in self.record.ready and endpoint.task not in self.lapsed

    def forget_answers(self) -> None:
        """Believe in no task any more before it has answered our own probe."""
        self.lapsed |= self.answering.keys() | set(self.record.ready)
        self.answering.clear()

    def keep_to(self, endpoints: Collection[Endpoint]) -> None:
        """Let go of the tasks that answered and are not among these."""
        self.lapsed |= {endpoint.task for endpoint in self.answering.values() if endpoint not in endpoints}
        self.answering = {e.task: e for e in self.answering.values() if e in endpoints}
        seen = {task.arn for task in self.observation.tasks} if self.observation else set()
        self.lapsed &= seen | set(self.record.ready)

    def patience(self) -> Patience:
        """How long this service's wakes may take."""
        return Patience(timeout=self.service.wake_timeout)

    def insists(self, age: timedelta | None) -> bool:
        """Whether a desired count of 0 is no answer: a wake goes on here, or was claimed a moment ago (``age``)."""
        if self.is_wanted or self.record.intent is not Intent.AWAKE or age is None:
            return self.is_wanted
        return timedelta() <= age < _CONTESTED_FOR

    def lingers(self, now: datetime) -> bool:
        """Whether what still answers is only waiting to be stopped: to serve from it would forget why it failed."""
        return self.given_back_at is not None and now - self.given_back_at < _LINGERS_FOR

    def follow(self, now: datetime) -> datetime:
        """Take up a wake that goes on without having been asked for here; say when it began.

        The ledger knows when it was claimed, if that is recent enough to be this wake: a restart resumes its own.
        """
        claimed_at = self._claimed_within(self.service.wake_timeout, now)
        self.claims_made = 0
        self.is_wanted = claimed_at is not None
        has_begun = self.observation is None or self.observation.stage < Stage.RUNNING
        self.is_whole_wake = self.is_wanted and has_begun
        return claimed_at or now

    def relapse(self, age: timedelta | None) -> None:
        """Take up the way back of a service that was awake; it is no whole wake and teaches nothing."""
        self.claims_made, self.is_whole_wake, self.is_wanted = 0, False, self.insists(age)

    def judge(self, seen: Observation, *, since: datetime) -> tuple[Diagnosis | None, bool]:
        """Say what is wrong with the wake that goes on, and whether it must be given up."""
        if not seen.exists:
            return SERVICE_MISSING, True
        found, is_hopeless = judge_start(self.service, seen, since=since)
        if is_hopeless or not self._flaps(seen):
            return found, is_hopeless
        return diagnose(seen, since=self._flaps_since(seen)), True

    def _flaps(self, seen: Observation) -> bool:
        """Whether exits add up although the app answers between them, and so begins a new wake each time."""
        return len(failed_tasks(seen, since=self._flaps_since(seen))) >= self.patience().exits

    def _flaps_since(self, seen: Observation) -> datetime:
        return later(self.record.claimed_at, seen.seen_at - _FLAPS_WITHIN)

    def past(self, sight: Sight, *, now: datetime, failure: str | None) -> PastWake | None:
        """Make the history's line of a wake that ends now; ``None`` when its times would teach nothing."""
        if not sight.stages or not (self.is_whole_wake or failure):
            return None
        stages = sight.own_stages
        began_at = self._claimed_within(self.service.wake_timeout, now) or stages[0][1]
        return PastWake(began_at, now, self.image or self._last_image(), stages, failure)

    def _claimed_within(self, span: timedelta, now: datetime) -> datetime | None:
        """When the wake that goes on was claimed: one word for all fronts, so that all write down the same wake."""
        claimed_at = self.record.claimed_at
        if self.record.intent is not Intent.AWAKE or claimed_at is None:
            return None
        return claimed_at if timedelta() <= now - claimed_at < span else None

    def recall(self, wakes: Iterable[PastWake]) -> None:
        """Take up the ledger's history besides what was seen here meanwhile."""
        known = {wake.began_at: wake for wake in (*wakes, *self.wakes)}
        self.wakes = [known[began_at] for began_at in sorted(known)]

    def keep(self, past: PastWake) -> None:
        """Add to the history kept in memory."""
        self.wakes = [*self.wakes, past][-_WAKES_KEPT:]

    def _last_image(self) -> str:
        return self.wakes[-1].image if self.wakes else ""


def begin(sight: Sight, *, at: datetime, wakes: Sequence[PastWake]) -> Sight:
    """Begin to tell of a wake."""
    return replace(
        sight,
        stages=((Stage.REQUESTED, at),),
        diagnosis=None,
        retry_at=None,
        expected=forecast(wakes, image=None),
        percent_floor=0,
        log=(LogLine(at, _STAGE_WORDS[Stage.REQUESTED]),),
        needs=(),
        gathered_at=None,
    )


def reach(sight: Sight, stage: Stage, *, at: datetime) -> Sight:
    """Note that a stage was reached; a stage once passed is not entered again."""
    if not sight.stages or stage <= sight.stages[-1][0]:
        return sight
    return tell(replace(sight, stages=(*sight.stages, (stage, at))), _STAGE_WORDS[stage], at=at)


def tell(sight: Sight, text: str, *, at: datetime) -> Sight:
    """Add a line to what visitors may read of this wake."""
    return replace(sight, log=(*sight.log, LogLine(at, text))[-_LINES_KEPT:])


def explain(sight: Sight, diagnosis: Diagnosis | None, *, at: datetime) -> Sight:
    """Note what is wrong; a new finding is told once."""
    if diagnosis == sight.diagnosis:
        return sight
    explained = replace(sight, diagnosis=diagnosis)
    return tell(explained, diagnosis.sentence, at=at) if diagnosis else explained


def keep_floor(sight: Sight, *, now: datetime) -> Sight:
    """Hold on to the percentage shown so far."""
    return replace(sight, percent_floor=max(sight.percent_floor, sight.progress(now).percent))
