"""Operators' routes: wake, sleep and status by HTTP, for callers whom API Gateway has had IAM admit.

The gateway writes who signed a request where no caller can; without that word nothing is answered here.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import parse_qs

from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.orders import read_force
from wakeproxy.core.service import Service
from wakeproxy.engine.catalog import Catalog
from wakeproxy.errors import UsageError, WakeproxyError
from wakeproxy.pages.replies import Reply, Trouble, about, reply_json, reply_problem
from wakeproxy.pages.speech import Speech
from wakeproxy.serverless.events import Arrival
from wakeproxy.serverless.looking import Looker
from wakeproxy.serverless.waking import Waking

_ORDER: Final = re.compile(r"/(wake|sleep)/([A-Za-z0-9][A-Za-z0-9_.-]{0,254})")
_STATUS: Final = re.compile(r"/status(?:/([A-Za-z0-9][A-Za-z0-9_.-]{0,254}))?")
_ROUTES: Final = re.compile(r"(?:POST /(?:wake|sleep)/|GET /status)")


class Order(NamedTuple):
    """What an operator asks for, and of which service; of all, where none is named."""

    deed: str
    name: str | None
    force: str = "0"
    """As it was written; ``1`` puts to sleep what is in use."""


class Refusal(NamedTuple):
    """Why a service is not put to sleep; empty when it is, or was, asleep."""

    reason: str
    was_asleep: bool = False


SleepOne: TypeAlias = Callable[[Service, bool], Awaitable[Refusal]]
"""Puts a service to sleep, by force or not; raises what cannot be done."""


@dataclass(frozen=True, slots=True)
class Operating:
    """Carries out what operators ask for."""

    catalog: Catalog
    looker: Looker
    waking: Waking
    speech: Speech
    sleep_one: SleepOne
    sleep_takes: float
    """Seconds that a sleep waits for uses it may have missed."""

    def find(self, arrival: Arrival) -> Order | None:
        """Find the order in a request; ``None`` where it is a visitor's.

        What the API routes as an order is one, and so is what looks like one where no host leads to an app: there a
        status is asked for by whoever signed, for an app that stands alone may have such a path itself.
        """
        read = arrival.read
        target = read.target.decode("ascii")
        path, _, query = target.partition("?")
        is_routed = _ROUTES.match(arrival.route) is not None
        if not is_routed and self.catalog.routes.match(read.host, path) is not None:
            return None
        if read.method == b"POST" and (found := _ORDER.fullmatch(path)):
            forces = parse_qs(query, keep_blank_values=True).get("force", ["0"])
            return Order(found[1], found[2], ",".join(forces))
        if read.method in {b"GET", b"HEAD"} and (is_routed or arrival.caller) and (found := _STATUS.fullmatch(path)):
            return Order("status", found[1])
        return None

    async def answer(self, order: Order, arrival: Arrival, *, seconds: float) -> Reply:
        """Answer an order within so many seconds, if whoever gives it was admitted."""
        if arrival.caller is None:
            return _refuse(HTTPStatus.FORBIDDEN, "Not for visitors", _UNSIGNED, "Sign it, with IAM on this route.")
        if order.name is None:
            told = await asyncio.gather(*map(self._describe, self.catalog.services))
            return reply_json({"services": told}, fields=())
        service = self.catalog.named.get(ServiceName(order.name))
        if service is None:
            known = ", ".join(sorted(one.name for one in self.catalog.services)) or "none"
            sentence = f"There is no service {order.name!r}; there are: {known}."
            return _refuse(HTTPStatus.NOT_FOUND, "No such service", sentence)
        match order.deed:
            case "wake":
                return await self._wake(service)
            case "sleep":
                try:
                    is_forced = read_force(order.force)
                except UsageError as error:
                    remedy = "Write force=1, or leave it out."
                    return _refuse(HTTPStatus.BAD_REQUEST, "Force is yes or no", str(error), remedy)
                return await self._sleep(service, is_forced=is_forced, seconds=seconds)
            case _:
                return reply_json(await self._describe(service), fields=())

    async def _describe(self, service: Service) -> dict[str, object]:
        return dict(self.speech.describe(service, (await self.looker.look(service)).sight))

    async def _wake(self, service: Service) -> Reply:
        found = await self.looker.look(service)
        if found.sight.phase is not Phase.AWAKE or found.is_wanted_anew:
            found = await self.waking.wake(service, found)
        sight = found.sight
        document = {"ok": sight.phase is not Phase.FAILED, **self.speech.describe(service, sight)}
        code = HTTPStatus.SERVICE_UNAVAILABLE if sight.phase is Phase.FAILED else HTTPStatus.ACCEPTED
        return reply_json(document, code=code, fields=about(sight))

    async def _sleep(self, service: Service, *, is_forced: bool, seconds: float) -> Reply:
        if not is_forced and self.sleep_takes >= seconds:
            sentence = f"A sleep waits {self.sleep_takes:g} s for visits, and this request ends in {seconds:.0f} s."
            return _refuse(HTTPStatus.GATEWAY_TIMEOUT, "No time to sleep", sentence, "Leave it to the next sweep.")
        try:
            refusal = await self.sleep_one(service, is_forced)
        except WakeproxyError as error:
            return _refuse(HTTPStatus.BAD_GATEWAY, "Not put to sleep", str(error))
        stopped = not (refusal.reason or refusal.was_asleep)
        reason = refusal.reason or None
        document = {"ok": reason is None, "service": service.name, "stopped": stopped, "reason": reason}
        return reply_json(document, code=HTTPStatus.CONFLICT if reason else HTTPStatus.OK, fields=())


_UNSIGNED: Final = "Only requests that API Gateway has had IAM admit are answered here."


def _refuse(code: int, title: str, sentence: str, remedy: str | None = None) -> Reply:
    return reply_problem(Trouble(code, title, sentence, remedy), fields=(), extra={"ok": False})
