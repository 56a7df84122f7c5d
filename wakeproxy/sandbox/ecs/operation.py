"""What every operation is given, and how it reads parameters and cuts answers into pages."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wakeproxy.sandbox.fargate.network import Network
from wakeproxy.sandbox.fargate.roster import Roster
from wakeproxy.sandbox.fargate.scaling import AutoScaling
from wakeproxy.sandbox.fargate.scheduler import Scheduler
from wakeproxy.sandbox.model.cluster import Document, Tags
from wakeproxy.sandbox.model.failure import client_error, invalid
from wakeproxy.sandbox.model.region import Region

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ecs:
    """ECS in all Regions."""

    scheduler: Scheduler
    roster: Roster
    network: Network
    scaling: AutoScaling
    regions: dict[str, Region] = field(default_factory=dict)

    def region(self, name: str) -> Region:
        """Find or make the state of a Region."""
        return self.regions.setdefault(name, Region(name))


@dataclass(frozen=True, slots=True)
class View:
    """As of when reads answer: normally now, later under a fault."""

    lag: float = 0.0
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One call."""

    ecs: Ecs
    region: Region
    params: Params
    view: View = field(default_factory=View)

    def need(self, name: str) -> Any:
        """Read a parameter that must be there."""
        value = self.params.get(name)
        if value in (None, ""):
            raise client_error(f"{name[0].upper()}{name[1:]} cannot be null or empty.")
        return value

    def tags(self) -> Tags:
        """Read `tags`."""
        return {each["key"]: each.get("value", "") for each in self.params.get("tags") or []}

    def includes_tags(self) -> bool:
        """Whether the answer has to include tags."""
        return "TAGS" in (self.params.get("include") or [])

    def page(self, key: str, found: Iterable[str], *, size: int = 100) -> Document:
        """Cut one page out of sorted ARNs; the token names the last one shown, so that changes lose nothing."""
        asked = self.params.get("maxResults") or size
        if not 1 <= asked <= 100:  # noqa: PLR2004 - the bound of every ECS list
            raise invalid("maxResults must be between 1 and 100")
        after = _read_token(self.params.get("nextToken"))
        rest = [] if self.view.is_empty else [arn for arn in sorted(found) if arn > after]
        answer: Document = {key: rest[:asked]}
        if len(rest) > asked:
            answer["nextToken"] = base64.b64encode(rest[asked - 1].encode()).decode()
        return answer

    def as_of(self, past: Iterable[tuple[float, Document]], now: Document) -> Document | None:
        """What a read answers for a thing: its state now, or under a lag the last one old enough."""
        if not self.view.lag:
            return now
        until = self.ecs.roster.platform.timeline.now() - self.view.lag
        known = [document for at, document in past if at <= until]
        return known[-1] if known else None


Operation = Callable[[Request], Document]


def _read_token(token: str | None) -> str:
    try:
        return base64.b64decode(token or "", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise invalid("Invalid token.") from error
