"""Lambdas: the house is opened at the first event of an environment, and stays open for all that follow.

Nothing may run between two events, so all work of an event is awaited within it; AWS may stop an environment at any
moment, and keeps it frozen for hours.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from wakeproxy.bootstrap import open_light_house
from wakeproxy.bootstrap.house import House, front_name, guard, now
from wakeproxy.bootstrap.orders import put_to_sleep
from wakeproxy.core.service import Service
from wakeproxy.errors import ConfigError, FleetError, WakeproxyError
from wakeproxy.pages.page_kinds import HERE, Page, Renderer, Site
from wakeproxy.serverless.building import Parts, build_handling
from wakeproxy.serverless.events import Shape
from wakeproxy.serverless.handling import MARGIN_SECONDS, Handling, refuse_event
from wakeproxy.serverless.operating import Refusal
from wakeproxy.serverless.results import give, write_result
from wakeproxy.serverless.sweeping import Sweeping
from wakeproxy.settings import DynamoUrl, Settings, load_settings
from wakeproxy.settings.plain_names import SERVICE_NAME
from wakeproxy.upstream.pulse import Pulse
from wakeproxy.upstream.relay import Relay

logger = logging.getLogger(__name__)

_OPEN_HOUSE = partial(open_light_house, discovers=False)
"""The seam: what opens the adapters."""
_SERVER_ERROR = 500
_DISCOVERS_WITHIN = 8.0
"""Seconds; somebody waits meanwhile."""
Result: TypeAlias = Mapping[str, Any]


class Context(Protocol):
    """What AWS hands over with each event, as far as it is needed."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Say how long the function may still run, in milliseconds."""
        ...


class _LazyPages:
    """Loads the themes for the first page: most visitors of what is awake never see one."""

    def __init__(self, settings: Settings) -> None:
        self._themes = settings.themes
        self._pages: Renderer | None = None

    def render(self, theme: str, page: Page, *, nonce: str, site: Site = HERE) -> bytes:
        """Render a page; a theme was proven where it was checked or bundled."""
        if self._pages is None:
            # The templates' engine takes a while to load, and is only for who sees a page.
            from wakeproxy.bootstrap.themes import folders_of  # noqa: PLC0415
            from wakeproxy.pages.pages import Pages  # noqa: PLC0415

            self._pages = Pages.trust(folders=folders_of(self._themes))
        return self._pages.render(theme, page, nonce=nonce, site=site)


@dataclass(slots=True)
class _Open:
    """What is open in an environment."""

    house: House
    discovered_at: float = float("-inf")

    async def refresh(self) -> None:
        """Find services by their tags, as often as the settings want it; what is known stays if AWS does not answer."""
        discover = self.house.settings.discover
        at = now().timestamp()
        if discover is None or abs(at - self.discovered_at) < discover.every.total_seconds():
            return
        try:
            async with asyncio.timeout(_DISCOVERS_WITHIN):
                await self.house.discover()
            self.discovered_at = at
        except (FleetError, TimeoutError) as error:
            logger.warning("services cannot be found by their tags, so that those known stay: %s", error)


class _Function:
    """A function's environment: one loop and one house for all its events."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ  # noqa: TID251 - here it is owned
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._opened: _Open | None = None

    def close(self) -> None:
        """Close everything; AWS never asks for it, whoever tries a function out does."""
        self._runner.run(self._stack.aclose())
        self._runner.close()

    def run(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Run one event's work to its end."""

        async def do() -> Result:
            return await work()

        return self._runner.run(do())

    async def open(self) -> _Open:
        """Open the house, or find it open; one that could not be opened is tried again with the next event.

        Raises:
            ConfigError: with every finding.
        """
        if self._opened is None:
            settings = load_lambda_settings(self._environ)
            self._opened = _Open(await self._stack.enter_async_context(_OPEN_HOUSE(settings)))
        await self._opened.refresh()
        return self._opened


class WakeFunction(_Function):
    """Answers visitors' and operators' events."""

    _handling: Handling | None = None

    def __call__(self, event: Any, context: Context) -> Result:
        """Answer one event."""
        return self.run(partial(self._answer, event, context))

    async def _answer(self, event: Any, context: Context) -> Result:
        try:
            opened = await self.open()
        except WakeproxyError as error:
            logger.error("%s", error)  # noqa: TRY400 - it is a sentence for people
            told = ConfigError(("The function is not set up right; its log says what is wrong.",))
            return write_result(give(refuse_event(told, _SERVER_ERROR)), Shape.HTTP)
        handling = self._handling = self._handling or _build_handling(opened.house)
        seconds = context.get_remaining_time_in_millis() / 1000
        return await handling.handle(event, seconds=seconds, request_id=context.aws_request_id)


class SleepFunction(_Function):
    """Sweeps once for every event, whatever it says."""

    def __call__(self, event: Any, context: Context) -> Result:
        """Sweep once."""
        del event
        return self.run(partial(self._sweep, context))

    async def _sweep(self, context: Context) -> Result:
        try:
            house = (await self.open()).house
        except WakeproxyError as error:
            logger.error("%s", error)  # noqa: TRY400 - it is a sentence for people
            return {"ok": False, "error": str(error)}
        sweeping = Sweeping(
            make_sleeper=house.sleeper,
            grace=house.claims.grace.total_seconds(),
            is_single=bool(self._environ.get(SERVICE_NAME)) and len(house.catalog.services) == 1,
            is_dry_run=house.settings.sleeper.dry_run,
            clock=now,
            tell=_write_line,
            calls=house.calls.counts,
        )
        return await sweeping.sweep(seconds=context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS)


def load_lambda_settings(environ: Mapping[str, str]) -> Settings:
    """Load a function's settings: the config file beside its code, if there is one, and its environment.

    Raises:
        ConfigError: with every finding; or the ledger is not one that functions share.
    """
    beside = Path(environ.get("LAMBDA_TASK_ROOT", ".")) / "wakeproxy.yaml"
    named = environ.get("WAKEPROXY_CONFIG")
    path = Path(named) if named else beside if beside.exists() else None
    settings = load_settings(path, environ=environ)
    if not isinstance(settings.ledger, DynamoUrl):
        finding = f"ledger: {settings.ledger} is forgotten when a Lambda ends; write one that all of them share"
        raise ConfigError((f"{finding}, such as dynamodb://wakeproxy, or set WAKEPROXY__LEDGER.",))
    return settings


def _build_handling(house: House) -> Handling:
    settings = house.settings
    return build_handling(
        Parts(
            catalog=house.catalog,
            claims=house.claims,
            prober=house.prober,
            settings=settings,
            pages=_LazyPages(settings),
            make_relay=partial(_make_relay, settings),
            sleep_one=partial(_sleep_one, house),
            front=front_name(),
            clock=now,
            tell=_write_line,
            calls=house.calls.counts,
        )
    )


async def _sleep_one(house: House, service: Service, is_forced: bool) -> Refusal:  # noqa: FBT001 - an operator's order
    slept = await put_to_sleep(house, service, force=is_forced)
    return Refusal(slept.refusal, slept.was_asleep)


def _make_relay(settings: Settings) -> Relay:
    # Its pulse never beats: every request is bounded by the invocation's own end.
    return Relay(guard(settings), Pulse(timedelta(seconds=1)), limits=settings.limits, timeouts=settings.timeouts)


def _write_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
