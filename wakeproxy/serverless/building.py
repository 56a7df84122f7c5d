"""What answers events, put together over adapters that are open."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from wakeproxy.core.names import ServiceName
from wakeproxy.core.needs import find_needs
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.deeds import Deeds
from wakeproxy.engine.needs import SharedUses
from wakeproxy.engine.traffic import Traffic
from wakeproxy.pages.page_kinds import Renderer
from wakeproxy.pages.speech import Speech
from wakeproxy.pages.stays import Stays
from wakeproxy.pages.wait_pages import WaitPages
from wakeproxy.ports import Prober
from wakeproxy.serverless.handling import Handling
from wakeproxy.serverless.looking import Looker
from wakeproxy.serverless.operating import Operating, SleepOne
from wakeproxy.serverless.sending import Sender
from wakeproxy.serverless.uses import Uses
from wakeproxy.serverless.visiting import Visiting
from wakeproxy.serverless.waking import Waking
from wakeproxy.settings import ServerlessSettings, Settings
from wakeproxy.upstream.relay import Relay


@dataclass(frozen=True, slots=True)
class Parts:
    """What answering takes."""

    catalog: Catalog
    claims: Claims
    prober: Prober
    settings: Settings
    pages: Renderer
    make_relay: Callable[[], Relay]
    sleep_one: SleepOne
    front: str
    """What the ledger calls this environment."""
    clock: Callable[[], datetime]
    tell: Callable[[str], None]
    """Writes a line of metrics."""
    calls: Counter[tuple[str, str, str]]
    """To AWS, by service, operation and outcome."""


def build_handling(parts: Parts) -> Handling:
    """Build what answers events; a loop must be running."""
    settings, clock, catalog = parts.settings, parts.clock, parts.catalog
    wait = (settings.serverless or ServerlessSettings()).wait
    traffic = Traffic(
        SharedUses(parts.claims.ledger, partial(_list_needs, catalog), _ignore),
        front=parts.front,
        clock=clock,
        flush_interval=settings.flush_interval,
        on_record=_ignore,
    )
    stays = Stays(traffic, settings.flush_interval, clock)
    speech = Speech(parts.pages, clock, WaitPages(parts.pages, clock), stays)
    looker = Looker(parts.claims, parts.prober, Deeds(), clock)
    waking = Waking(catalog, looker, settings.limits, settings.watch.waking, clock)
    uses = Uses(traffic, settings.flush_interval, clock)
    visiting = Visiting(catalog, looker, waking, uses, Sender(parts.make_relay), speech, wait, clock)
    grace = parts.claims.grace.total_seconds()
    operating = Operating(catalog, looker, waking, speech, parts.sleep_one, grace)
    return Handling(visiting, operating, speech, settings.limits.head_fields, clock, parts.tell, parts.calls)


def _list_needs(catalog: Catalog, name: ServiceName) -> tuple[ServiceName, ...]:
    return tuple(need.name for need in find_needs(catalog.named, name))


def _ignore(name: ServiceName, record: object) -> None:
    """Hear nothing: whoever looks next reads the ledger anew."""
