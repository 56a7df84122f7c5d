"""The admin listener's routes: is it healthy, what is each service doing, wake it, keep it awake, put it to sleep."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Protocol

from aiohttp import web

from wakeproxy.admin.bodies import read_keeping
from wakeproxy.admin.locks import authenticate_by
from wakeproxy.admin.metrics import render_metrics
from wakeproxy.core.counts import Counts
from wakeproxy.core.idleness import Kind
from wakeproxy.core.names import ServiceName
from wakeproxy.core.orders import read_force
from wakeproxy.core.outlook import Here
from wakeproxy.core.roster import describe_disabled
from wakeproxy.core.service import Service
from wakeproxy.core.sight import describe, describe_stay
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.sleeper import Decision, describe_decision
from wakeproxy.engine.waker import Waker
from wakeproxy.errors import FleetError, LedgerError, UsageError


class Sweep(Protocol):
    """Judges every service once, after the ledger was told of every use."""

    async def __call__(self, *, is_dry_run: bool) -> Sequence[Decision]:
        """Act, or only tell.

        Raises:
            LedgerError: it is not known what is in use.
        """
        ...


@dataclass(frozen=True, slots=True)
class Admin:
    """Answers operators."""

    catalog: Catalog
    waker: Waker
    claims: Claims
    faults: Callable[[], Iterable[str]]
    """Says what cannot be reached just now."""
    token: str | None
    clock: Callable[[], datetime]
    margin: timedelta
    """How old a use may be that the ledger does not know of yet."""
    count: Callable[[], Awaitable[Counts]]
    """Reads the counts of the whole front, be it several processes."""
    sweep: Sweep
    is_leaving: Callable[[], bool]
    """Whether the front was told to stop: it still serves, but nothing more should be sent to it."""

    async def healthz(self, _: web.Request) -> web.Response:
        """The process runs."""
        return web.json_response({"status": "ok"})

    async def readyz(self, _: web.Request) -> web.Response:
        """The front serves; what it cannot reach is told, but fails nothing: what is awake is served from memory."""
        if self.is_leaving():
            return web.json_response({"status": "draining"}, status=HTTPStatus.SERVICE_UNAVAILABLE)
        faults = list(self.faults())
        return web.json_response({"status": "degraded" if faults else "ok", "faults": faults})

    async def metrics(self, _: web.Request) -> web.Response:
        """Everything counted, for Prometheus."""
        body, content_type = render_metrics(await self.count())
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def list_services(self, _: web.Request) -> web.Response:
        """Every service's status, and what is wrong with those that are disabled."""
        counts = await self.count()
        services = [self._describe(service, counts) for service in self.catalog.services]
        disabled = [describe_disabled(one) for one in self.catalog.disabled]
        return web.json_response({"services": services, "disabled": disabled})

    async def show_service(self, request: web.Request) -> web.Response:
        """One service's status."""
        return web.json_response(self._describe(self._find(request), await self.count()))

    async def wake(self, request: web.Request) -> web.Response:
        """Wake a service."""
        service = self._find(request)
        self.waker.ask(service.name)
        return web.json_response(self._describe(service, await self.count()), status=HTTPStatus.ACCEPTED)

    async def sleep(self, request: web.Request) -> web.Response:
        """Put a service to sleep now, unless it is in use; ``?force=1`` even then."""
        service = self._find(request)
        try:
            is_forced = read_force(request.query.get("force", "0"))
        except UsageError as error:
            return _trouble(HTTPStatus.BAD_REQUEST, error)
        counts = await self.count()
        if counts.in_flight.get(service.name) and not is_forced:
            told = f"{service.name} is in use; add ?force=1 to put it to sleep all the same."
            return _trouble(HTTPStatus.CONFLICT, told)
        try:
            record = await self.claims.read(service.name)
            is_done = await replace(self.claims, grace=timedelta()).sleep(service, record, is_forced=is_forced)
        except (FleetError, LedgerError) as error:
            return _trouble(HTTPStatus.SERVICE_UNAVAILABLE, error)
        if is_done:
            self.waker.deeds.note_sleep(service.name, Kind.ASKED)
        return web.json_response({**self._describe(service, counts), "slept": is_done}, status=HTTPStatus.ACCEPTED)

    async def keep_awake(self, request: web.Request) -> web.Response:
        """Have a service stay awake for a while, or no longer; one that sleeps is not woken."""
        service = self._find(request)
        try:
            until = read_keeping(await request.read(), self.clock())
        except UsageError as error:
            return _trouble(HTTPStatus.BAD_REQUEST, error)
        try:
            record = await self.claims.keep_awake(service.name, until)
        except LedgerError as error:
            return _trouble(HTTPStatus.SERVICE_UNAVAILABLE, error)
        self.waker.hear(service.name, record)
        return web.json_response(self._describe(service, await self.count()))

    async def sweep_once(self, request: web.Request) -> web.Response:
        """Judge every service now, and put to sleep what nobody uses; ``?dry_run=1`` only tells."""
        is_dry_run = request.query.get("dry_run", "0") not in {"", "0", "false"}
        try:
            decisions = await self.sweep(is_dry_run=is_dry_run)
        except LedgerError as error:
            return _trouble(HTTPStatus.SERVICE_UNAVAILABLE, error)
        return web.json_response({"dry_run": is_dry_run, "decisions": [describe_decision(one) for one in decisions]})

    def _describe(self, service: Service, counts: Counts) -> dict[str, object]:
        name, now, sight = service.name, self.clock(), self.waker.look(service.name)
        used_at = counts.last_used_at.get(name)
        here = Here(counts.in_flight.get(name, 0), used_at)
        return {
            **describe(sight, now),
            **describe_stay(sight, here, service=service, margin=self.margin, now=now),
            "display_name": service.title,
            "group": service.group,
            "ecs": str(service.ecs),
            "hosts": [str(host) for host in service.hosts],
            "in_flight": counts.in_flight.get(name, 0),
            "ignored": {rule: count for (whose, rule), count in counts.ignored.items() if whose == name},
            "last_used_at": used_at.isoformat() if used_at else None,
        }

    def _find(self, request: web.Request) -> Service:
        wanted = ServiceName(request.match_info["name"])
        found = self.catalog.named.get(wanted)
        if found is None:
            raise web.HTTPNotFound(text=f"There is no service {wanted!r}.\n")
        return found


def _trouble(status: HTTPStatus, detail: object) -> web.Response:
    return web.json_response({"status": int(status), "detail": str(detail)}, status=status)


def build_admin(admin: Admin) -> web.Application:
    """Build the admin application."""
    app = web.Application(middlewares=[authenticate_by(admin.token)], handler_args={"access_log": None})
    app.add_routes(
        [
            web.get("/healthz", admin.healthz),
            web.get("/readyz", admin.readyz),
            web.get("/metrics", admin.metrics),
            web.get("/api/services", admin.list_services),
            web.get("/api/services/{name}", admin.show_service),
            web.post("/api/services/{name}/wake", admin.wake),
            web.post("/api/services/{name}/sleep", admin.sleep),
            web.post("/api/services/{name}/keep-awake", admin.keep_awake),
            web.post("/api/sweep", admin.sweep_once),
        ]
    )
    return app
