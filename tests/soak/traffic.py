"""Visitors of six kinds, who check every byte they get, and write down what went wrong and when."""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic

import aiohttp

from tests.soak.app import make_content
from tests.world import PROGRAM, Front, visit

_PATIENCE = aiohttp.ClientTimeout(total=40)


@dataclass(frozen=True)
class Trouble:
    """A visit that did not end well."""

    kind: str
    what: str
    began: float
    ended: float


@dataclass
class Log:
    """What the visitors saw."""

    done: Counter[str] = field(default_factory=Counter)
    troubles: list[Trouble] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Bytes that were not those asked for; there is no excuse for these."""


class UnwelcomeError(Exception):
    """An answer that says that there is none."""


Visit = Callable[[aiohttp.ClientSession, str, random.Random, Log], Awaitable[None]]


async def get(
    session: aiohttp.ClientSession, url: str, chance: random.Random, log: Log, *, size: int, more: str
) -> None:
    seed = chance.randrange(2**30)
    async with session.get(f"{url}/content?seed={seed}&size={size}{more}", timeout=_PATIENCE) as answer:
        told = await answer.read()
        welcome(answer)
    if told != make_content(seed, size):
        log.wrong.append(f"GET of {size} bytes: {len(told)} other ones")


async def small(session: aiohttp.ClientSession, url: str, chance: random.Random, log: Log) -> None:
    await get(session, url, chance, log, size=chance.randrange(2000), more="")


async def large(session: aiohttp.ClientSession, url: str, chance: random.Random, log: Log) -> None:
    await get(session, url, chance, log, size=chance.randrange(300_000, 1_500_000), more="")


async def slow(session: aiohttp.ClientSession, url: str, chance: random.Random, log: Log) -> None:
    await get(session, url, chance, log, size=200_000, more="&pause=0.05")


async def upload(session: aiohttp.ClientSession, url: str, chance: random.Random, log: Log) -> None:
    content = chance.randbytes(chance.randrange(1, 800_000))
    async with session.post(f"{url}/upload", data=content, timeout=_PATIENCE) as answer:
        told = await answer.text()
        welcome(answer)
    if told != hashlib.sha256(content).hexdigest():
        log.wrong.append(f"POST of {len(content)} bytes: others arrived")


async def talk(session: aiohttp.ClientSession, url: str, chance: random.Random, log: Log) -> None:
    async with asyncio.timeout(40), session.ws_connect(f"{url}/talk", headers=PROGRAM) as socket:
        for _ in range(10):
            said = chance.randbytes(chance.randrange(1, 100_000))
            await socket.send_bytes(said)
            message = await socket.receive()
            if message.type is not aiohttp.WSMsgType.BINARY:
                raise UnwelcomeError(message.type.name)
            if message.data != said[::-1]:
                log.wrong.append(f"WebSocket: other bytes than the {len(said)} said")
            await asyncio.sleep(0.02)


async def leave(session: aiohttp.ClientSession, url: str, chance: random.Random, log: Log) -> None:
    """Ask for much, and leave in the middle."""
    del log
    async with session.get(f"{url}/content?seed=1&size=3000000", timeout=_PATIENCE) as answer:
        welcome(answer)
        await answer.content.read(chance.randrange(1, 200_000))
        answer.close()


def welcome(answer: aiohttp.ClientResponse) -> None:
    if answer.status != 200:
        raise UnwelcomeError(f"{answer.status} by {answer.headers.get('Server')}")


KINDS: dict[str, Visit] = {each.__name__: each for each in (small, small, large, slow, upload, talk, leave)}


async def visit_until(over: asyncio.Event, front: Front, name: str, number: int, log: Log) -> None:
    """Visit again and again, each time in another way."""
    chance = random.Random(number)
    url = front.url(name, "").removesuffix("/")
    async with visit() as session:
        session.headers.update(PROGRAM)
        while not over.is_set():
            kind = chance.choice(list(KINDS))
            began = monotonic()
            try:
                await KINDS[kind](session, url, chance, log)
            except (aiohttp.ClientError, UnwelcomeError, TimeoutError) as error:
                log.troubles.append(Trouble(kind, f"{type(error).__name__}: {error}", began, monotonic()))
                await asyncio.sleep(0.1)
            else:
                log.done[kind] += 1
