"""A process of its own that works on a ledger: ``claim`` as often as told, or ``note`` uses until killed."""

import asyncio
import sys
from datetime import timedelta

from tests.ledger.opening import NOON, open_ledger
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Use, claim_wake
from wakeproxy.ports import Ledger

SHOP = ServiceName("shop")


def say(word: object) -> None:
    """Tell the process that started this one."""
    print(word, flush=True)  # noqa: T201 - a pipe is where it listens


async def claim(ledger: Ledger, rounds: int) -> None:
    """Claim the generation that is there, again and again, and print which claims were granted."""
    say("ready")
    sys.stdin.readline()
    while (before := (await ledger.read([SHOP]))[SHOP]).generation < rounds:
        after = claim_wake(before, NOON)
        if await ledger.swap(SHOP, before, after):
            say(after.generation)


async def note(ledger: Ledger) -> None:
    """Note one use after the other, and say so once it was acknowledged."""
    seconds = 0
    while True:
        seconds += 1
        await ledger.note_use(SHOP, Use(NOON + timedelta(seconds=seconds), "a front"))
        say(seconds)


async def main(deed: str, address: str) -> None:
    async with open_ledger(address) as ledger:
        await (note(ledger) if deed == "note" else claim(ledger, int(deed)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
