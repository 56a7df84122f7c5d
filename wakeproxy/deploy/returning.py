"""Goes back after a rollout that failed, unless somebody else changed the service since: then that stands."""

from dataclasses import dataclass
from datetime import timedelta

from wakeproxy.core.observation import ServiceEvent
from wakeproxy.core.release import label_of
from wakeproxy.core.rollout import Aim, Done
from wakeproxy.core.service import Service
from wakeproxy.deploy.telling import Event, Kind, Tell
from wakeproxy.deploy.watching import Watch
from wakeproxy.deploy.yard import Yard
from wakeproxy.ports.rollouts import Change


@dataclass(frozen=True, slots=True)
class Returning:
    """Goes back to an earlier revision."""

    yard: Yard
    service: Service
    timeout: timedelta
    tell: Tell

    async def go_back(self, failed: Aim, to: str) -> tuple[str, str]:
        """Give a service the revision that it had, and wait for it; say what stands, and how it went.

        Raises:
            WakeproxyError: AWS refused.
        """
        before = await self.yard.releases.read(self.service.ecs)
        if before.revision != failed.revision:
            return await self.see(failed), f"{label_of(before.revision)} took its place already"
        name, label = self.service.name, label_of(to)
        self.tell(Event(Kind.ROLLING_BACK, f"{name} goes back to {label}", {"to": to}))
        began_at = self.yard.clock()
        changed = await self.yard.releases.change(self.service.ecs, Change(revision=to))
        aim = Aim(changed.primary.id if changed.primary else "", to, began_at)
        told = await self._follow(aim, frozenset(changed.events))
        return to, told

    async def see(self, failed: Aim) -> str:
        """Wait until what took a deployment's place is settled; say which revision stands."""
        found = await self.yard.releases.read(self.service.ecs)
        primary = found.primary
        if primary is None or primary.id == failed.deployment or found.status != "ACTIVE":
            return found.revision
        aim = Aim(primary.id, primary.revision, primary.created_at or self.yard.clock())
        await self._follow(aim, frozenset(found.events))
        return primary.revision

    async def _follow(self, aim: Aim, known: frozenset[ServiceEvent]) -> str:
        watch = Watch(self.yard, self.service.ecs, aim, self.tell, known)
        ending = await watch.follow(self.yard.clock() + self.timeout)
        label = label_of(aim.revision)
        if not isinstance(ending, Done):
            text = f"the way back to {label} failed: {ending.sentence}"
            self.tell(Event(Kind.WARNING, f"{self.service.name}: {text}"))
            return text
        stands = f"with {ending.desired} tasks" if ending.desired else "and sleeps"
        self.tell(Event(Kind.ROLLED_BACK, f"{self.service.name} has {label} {stands}", {"revision": aim.revision}))
        return f"{label} is back"
