"""One service's client: its operations as methods, each one call through the place where all calls are counted."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple

from wakeproxy import __version__
from wakeproxy.aws.calls import Calls
from wakeproxy.aws.errors import ApiError, CallError, StrangeAnswerError
from wakeproxy.aws.signed.connections import Connections
from wakeproxy.aws.signed.credentials import Credentials
from wakeproxy.aws.signed.services import Pages, ServiceApi
from wakeproxy.aws.signed.signature import Post, Scope, sign

_AGENT: Final = f"wakeproxy/{__version__}"
_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Meta(NamedTuple):
    """What a client says of itself."""

    region_name: str


class Caller(NamedTuple):
    """Who calls, and what all calls go through."""

    credentials: Credentials
    calls: Calls
    clock: Callable[[], datetime]
    """What a signature is dated by, in UTC."""


class SignedClient:
    """Answers the methods of the client library's client, ``describe_services`` and so on, with the same shapes."""

    def __init__(self, api: ServiceApi, region: str, connections: Connections, caller: Caller) -> None:
        self.meta = Meta(region)
        self._api = api
        self._connections = connections
        self._caller = caller
        self._operations = {_WORD.sub("_", name).lower(): name for name in api.operations}

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        """Find an operation by its method's name."""
        operation = self.__dict__.get("_operations", {}).get(name)
        if operation is None:
            raise AttributeError(f"There is no {name} among the calls of {type(self).__name__}.")
        return partial(self._call, operation)

    def get_paginator(self, name: str) -> "Paginator":
        """Make a paginator of an operation that answers in pages."""
        operation = self._operations[name]
        return Paginator(partial(self._call, operation), self._api.pages[operation])

    async def _call(self, operation: str, **params: Any) -> Mapping[str, Any]:
        """Call, once.

        Raises:
            ApiError: AWS says no.
            CallError: there was no answer, or nobody to call as.
        """
        api, calls = self._api, self._caller.calls
        await calls.pace.admit(api.id, operation)
        try:
            parsed = await self._ask(operation, params)
        except (CallError, ApiError):  # the latter when a role was asked for
            calls.note_silence(api.id, operation)
            raise
        calls.note(api.id, operation, parsed)
        if "Error" in parsed:
            raise ApiError(parsed, operation)
        return parsed

    async def _ask(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        api, there = self._api, self._connections.endpoint
        headers, body = api.protocol.write(operation, params)
        headers = {"host": there.authority, **headers}
        keys = await self._caller.credentials.get()
        scope = Scope(self.meta.region_name, api.signing_name)
        signed = sign(Post(there.path, headers, body), keys=keys, scope=scope, at=self._caller.clock())
        sent = {**signed, "user-agent": _AGENT}  # not signed, for a proxy on the way may change it
        return api.protocol.read(operation, await self._connections.ask("POST", sent, body))


class Paginator:
    """An operation that is called until it has told everything."""

    def __init__(self, call: Callable[..., Awaitable[Mapping[str, Any]]], pages: Pages) -> None:
        self._call = call
        self._pages = pages

    async def paginate(
        self,
        *,
        PaginationConfig: Mapping[str, int] | None = None,  # noqa: N803 - the library's name
        **params: Any,
    ) -> AsyncIterator[Mapping[str, Any]]:
        """Give page after page; ``PageSize`` says how much each may hold.

        Raises:
            StrangeAnswerError: they lead nowhere.
        """
        if PaginationConfig:
            params[self._pages.size] = PaginationConfig["PageSize"]
        while True:
            page = await self._call(**params)
            yield page
            following = page.get(self._pages.told)
            if not following:
                return
            if following == params.get(self._pages.asked):
                raise StrangeAnswerError("a page of its answer leads to itself")
            params[self._pages.asked] = following
