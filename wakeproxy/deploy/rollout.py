"""Carries a plan out: register, tell ECS, watch, verify what sleeps, go back if it fails, tidy up.

The desired count is left alone unless it is asked for. Nothing is remembered between two runs: what ECS and the ledger
say is enough to go on with a rollout that was cut short.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from wakeproxy.core.release import label_of
from wakeproxy.core.rollout import Aim, Done, Failed, Failure
from wakeproxy.deploy.outcome import Ending, Outcome, Result, TimedOut
from wakeproxy.deploy.planning import Plan
from wakeproxy.deploy.pruning import prune
from wakeproxy.deploy.request import PATIENCE, Conduct
from wakeproxy.deploy.returning import Returning
from wakeproxy.deploy.revising import register
from wakeproxy.deploy.telling import Event, Kind, Tell
from wakeproxy.deploy.verifying import NotAnswering
from wakeproxy.deploy.watching import Watch
from wakeproxy.deploy.yard import Yard
from wakeproxy.errors import FleetError, LedgerError, WakeproxyError
from wakeproxy.ports.rollouts import Change

_ELSEWHERE: Final = frozenset({Failure.ROLLED_BACK, Failure.REPLACED, Failure.VANISHED, Failure.GONE})
"""Failures after which the service has what somebody else gave it: that is not ours to take away."""


@dataclass(slots=True)
class Rollout:
    """One rollout to one service."""

    yard: Yard
    plan: Plan
    conduct: Conduct
    tell: Tell
    _standing: list[str] = field(default_factory=list)
    """What was done so far, in sentences, for whoever is cut short."""

    async def run(self) -> Result:
        """Carry it out; a failure is a result.

        Raises:
            AccessDeniedError: the credentials were lost; what stands was told.
            WakeproxyError: AWS refused before anything was changed of the service.
        """
        async with self._telling_what_stands():
            until = self.yard.clock() + self.conduct.timeout
            watch = await self._begin()
            if not self.conduct.waits:
                return self._end(Outcome.STARTED, "it goes on in ECS, and nobody waits for it", watch)
            ending = await watch.follow(until)
            result = await self._settle(ending, watch, until)
            if result.outcome in {Outcome.DONE, Outcome.UNVERIFIED}:
                spared = frozenset(filter(None, (result.revision, self.plan.goes_back_to)))
                await prune(self.yard, keep=self.conduct.keep_revisions, spared=spared, tell=self.tell)
            return result

    # Beginning.

    async def _begin(self) -> Watch:
        """Tell ECS what is wanted, unless that is under way already."""
        plan = self.plan
        if plan.going_on is not None:
            created_at = plan.going_on.created_at
            aim = Aim(plan.going_on.id, plan.going_on.revision, created_at or self.yard.clock(), created_at)
            return self._watch(aim, f"goes on with deployment {aim.deployment} of {label_of(aim.revision)}")
        revision = await register(self.yard, plan.revised, self.tell)
        self._standing.append(f"{revision.label} is registered.")
        began_at = self.yard.clock()
        conduct = self.conduct
        change = Change(
            revision=revision.arn if revision.arn != plan.release.revision else None,
            is_forced=plan.is_forced,
            desired_count=conduct.desired_count,
            min_percent=conduct.min_percent,
            max_percent=conduct.max_percent,
        )
        changed = await self.yard.releases.change(plan.service.ecs, change)
        primary = changed.primary
        aim = Aim(primary.id if primary else "", revision.arn, began_at, primary.created_at if primary else None)
        watch = self._watch(aim, f"is given {revision.label} by deployment {aim.deployment}")
        watch.known, watch.told = frozenset(changed.events), changed
        return watch

    def _watch(self, aim: Aim, begun: str) -> Watch:
        name = self.plan.service.name
        self._standing.append(f"ECS goes on with deployment {aim.deployment} of {label_of(aim.revision)}.")
        details = {"deployment": aim.deployment, "revision": aim.revision, "from": self.plan.goes_back_to}
        self.tell(Event(Kind.STARTED, f"{name} {begun}", details))
        release = self.plan.release
        usual = release.usual if release.desired else None
        return Watch(self.yard, release.ecs, aim, self.tell, frozenset(release.events), usual=usual)

    # Ending.

    async def _settle(self, ending: Ending, watch: Watch, until: datetime) -> Result:
        """Make a result of how it ended; what sleeps is verified first."""
        if isinstance(ending, Done):
            if ending.desired:
                return self._end(Outcome.DONE, f"all {ending.desired} tasks that are wanted run", watch)
            if not self.conduct.verifies:
                return self._end(Outcome.UNVERIFIED, "it sleeps, and nobody has seen the revision answer", watch)
            return await self._verify(watch, until)
        return await self._fail(ending, watch)

    async def _verify(self, watch: Watch, until: datetime) -> Result:
        service, verifier = self.plan.service, self.yard.verifier
        if verifier is None:
            why = f"wakeproxy's config does not name {service.name}, so that nobody knows how it answers"
            return self._end(Outcome.UNVERIFIED, f"it sleeps, and {why}", watch)
        self.tell(Event(Kind.VERIFYING, f"{service.name} sleeps; it is woken once to see that the revision answers"))
        self._standing.append("It was woken to be verified, and sleeps when it is idle.")
        answer = await verifier.wake(service, until, self.tell)
        if isinstance(answer, NotAnswering):
            await self._try(verifier.give_back(service))
            return await self._fail(answer.as_ending, watch, reasons=answer.reasons)
        ending = await watch.follow(until)
        if isinstance(ending, Done):
            self.tell(Event(Kind.VERIFIED, f"{service.name} answers with {label_of(watch.aim.revision)}"))
        await self._try(verifier.put_back(service, answer.claimed, self.tell))
        if isinstance(ending, Done):
            return self._end(Outcome.DONE, "it was woken and answered", watch)
        return await self._fail(ending, watch)

    async def _fail(self, ending: Failed | TimedOut, watch: Watch, *, reasons: tuple[str, ...] = ()) -> Result:
        """Go back if that is wanted and still ours to do; tell what stands."""
        outcome = Outcome.TIMED_OUT if isinstance(ending, TimedOut) else Outcome.FAILED
        sentence = ending.sentence
        stands = watch.aim.revision
        # However short its time was, the way back is not to be cut short.
        returning = Returning(self.yard, self.plan.service, max(self.conduct.timeout, PATIENCE), self.tell)
        if isinstance(ending, Failed) and ending.failure in _ELSEWHERE:
            stands = await returning.see(watch.aim)
        elif self.conduct.rolls_back:
            stands, told = await self._go_back(returning, watch.aim)
            sentence = f"{sentence}; {told}"
        found = self._end(outcome, sentence, watch)
        return replace(found, stands=stands, reasons=(*reasons, *watch.reasons))

    async def _go_back(self, returning: Returning, failed: Aim) -> tuple[str, str]:
        to = self.plan.goes_back_to
        if to is None or to == failed.revision:
            return failed.revision, "no other revision ran before, to which to go back"
        return await returning.go_back(failed, to)

    def _end(self, outcome: Outcome, sentence: str, watch: Watch) -> Result:
        revision = watch.aim.revision
        return Result(outcome, sentence, revision, stands=revision, deployment=watch.aim.deployment)

    # Around it all.

    async def _try(self, deed: Awaitable[None]) -> None:
        """Do what the outcome does not hang on."""
        try:
            await deed
        except (FleetError, LedgerError) as error:
            self.tell(Event(Kind.WARNING, f"{self.plan.service.name} stays as it is: {error}"))

    @asynccontextmanager
    async def _telling_what_stands(self) -> AsyncIterator[None]:
        """Tell whoever is cut short how far it came; running it again goes on."""
        try:
            yield
        except (asyncio.CancelledError, WakeproxyError):
            stands = " ".join(self._standing) or "Nothing was changed."
            again = " Run the same command again to go on with it." if self._standing else ""
            self.tell(Event(Kind.STANDS, f"{stands}{again}"))
            raise
