"""Follows one deployment until it is done, has failed, or its time is up, and tells what happens meanwhile."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from wakeproxy.core.causes import Diagnosis
from wakeproxy.core.diagnosis import explain_stop, failed_tasks
from wakeproxy.core.observation import Observation, ServiceEvent
from wakeproxy.core.release import Release, ReleaseDeployment
from wakeproxy.core.rollout import Aim, Done, Failed, Going, judge, judge_stops, pause_after
from wakeproxy.core.service import EcsService
from wakeproxy.deploy.outcome import Ending, TimedOut
from wakeproxy.deploy.telling import Event, Kind, Tell
from wakeproxy.deploy.yard import Yard
from wakeproxy.errors import AccessDeniedError, FleetError, ServiceGoneError

_EXPLAINED_EVERY: Final = timedelta(seconds=10)


@dataclass(slots=True)
class Watch:
    """Follows one deployment of a service."""

    yard: Yard
    ecs: EcsService
    aim: Aim
    tell: Tell
    known: frozenset[ServiceEvent] = frozenset()
    """The service's events from before."""
    stops: Counter[Diagnosis] = field(default_factory=Counter)
    """Why tasks of it stopped, and how many did."""
    usual: timedelta | None = None
    """How long the rollout before took."""
    told: Release | None = None
    """How the service stood when ECS was told: what is described may lag behind it."""
    _was_seen: bool = False
    _told: str = ""
    _failed: int = 0
    """Tasks that had failed when they were last looked at."""
    _explained_at: datetime | None = None
    _is_unanswered: bool = False

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why its tasks stopped, each in a sentence with its remedy, the commonest first."""
        return tuple(f"{why.sentence} {why.remedy}" for why, _ in self.stops.most_common())

    async def follow(self, until: datetime) -> Ending:
        """Follow it to its end, but no longer than ``until``.

        Raises:
            AccessDeniedError: the credentials are not good any more.
            ServiceGoneError: the service is there no more.
        """
        ours = self.told.find(self.aim.deployment) if self.told else None
        if self.told and ours and self.told.desired:
            self._tell_progress(self.told, ours)
            self.told = None
            await self._pause(until)
        while True:
            seen = await self._look()
            now = self.yard.clock()
            if seen is not None:
                ending = await self._judge(seen, now)
                if ending is not None:
                    return ending
            if now >= until:
                return await self._give_up(seen)
            await self._pause(until)

    async def _pause(self, until: datetime) -> None:
        now = self.yard.clock()
        pause = min(pause_after(now - self.aim.began_at, self.usual), max(until - now, timedelta()))
        await asyncio.sleep(pause.total_seconds())

    async def _look(self) -> Release | None:
        """Look at the service; ``None`` when AWS did not answer, which it may do again."""
        try:
            seen = await self.yard.releases.read(self.ecs)
        except (AccessDeniedError, ServiceGoneError):
            raise
        except FleetError as error:
            if not self._is_unanswered:
                self.tell(Event(Kind.WARNING, f"{error} The rollout goes on in ECS, and is looked at again."))
            self._is_unanswered = True
            return None
        self._is_unanswered = False
        return seen

    async def _judge(self, seen: Release, now: datetime) -> Done | Failed | None:
        self._tell_events(seen.events)
        verdict = judge(seen, self.aim, now, was_seen=self._was_seen)
        ours = seen.find(self.aim.deployment)
        if ours is not None:
            self._was_seen = True
            self._tell_progress(seen, ours)
        if isinstance(verdict, Going):
            return await self._look_for_stops(seen, ours, now) if ours else None
        if isinstance(verdict, Failed):
            await self._explain(now)
        return verdict

    async def _look_for_stops(self, seen: Release, ours: ReleaseDeployment, now: datetime) -> Failed | None:
        """Find out why tasks stop; where ECS itself gives a failing deployment up, that is left to it.

        ECS counts as failed only what never ran or failed a health check, not what ran and ended by itself, so the
        tasks are looked at now and then whatever it counts.
        """
        if ours.failed > self._failed or now - (self._explained_at or self.aim.began_at) >= _EXPLAINED_EVERY:
            self._failed, self._explained_at = ours.failed, now
            await self._explain(now)
        if seen.has_breaker or not self.stops:
            return None
        return judge_stops(ours, self.stops.most_common(1)[0][0])

    async def _give_up(self, seen: Release | None) -> TimedOut:
        await self._explain(self.yard.clock())
        ours = seen.find(self.aim.deployment) if seen else None
        stands = f": {ours.running} of {ours.desired} tasks run" if ours else ""
        return TimedOut(f"it was not done in time{stands}; it goes on in ECS")

    async def _explain(self, now: datetime) -> None:
        """Find out why its tasks stopped, and tell of each reason once."""
        try:
            tasks = await self.yard.releases.list_tasks(self.ecs, self.aim.deployment)
        except FleetError as error:
            self.tell(Event(Kind.WARNING, f"Why tasks stopped cannot be told: {error}"))
            return
        seen = Observation(self.ecs, now, status="ACTIVE", tasks=tuple(tasks))
        found = Counter(explain_stop(task) for task in failed_tasks(seen, since=self.aim.began_at - timedelta(hours=1)))
        for why in found.keys() - self.stops.keys():
            details = {"cause": str(why.cause), "tasks": found[why], "remedy": why.remedy}
            self.tell(Event(Kind.TASK_FAILED, f"{why.sentence} {why.remedy}", details))
        self.stops = found

    def _tell_events(self, events: Iterable[ServiceEvent]) -> None:
        new = [one for one in events if one not in self.known]
        self.known |= frozenset(new)
        for one in reversed(new):
            self.tell(Event(Kind.SERVICE_EVENT, one.message, {"at": one.at.isoformat()}))

    def _tell_progress(self, seen: Release, ours: ReleaseDeployment) -> None:
        if not (seen.desired or ours.running or ours.pending):
            return  # it sleeps, and nothing of it is to be counted
        leaving = sum(one.running + one.pending for one in seen.deployments if one.id != ours.id)
        parts = [f"{ours.running} of {seen.desired} tasks run"]
        parts += [f"{ours.pending} start"] if ours.pending else []
        parts += [f"{ours.failed} failed"] if ours.failed else []
        parts += [f"{leaving} of the former revision left"] if leaving else []
        text = ", ".join(parts)
        if text != self._told:
            self._told = text
            counts = {"running": ours.running, "pending": ours.pending, "failed": ours.failed}
            self.tell(Event(Kind.PROGRESS, text, {**counts, "desired": seen.desired, "leaving": leaving}))
