"""A process of its own that works on a ledger's file: ``claim`` as often as told, or ``note`` uses until killed."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import claim_wake
from wakeproxy.sqlite_ledger import SqliteLedger

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHOP = ServiceName("shop")


def say(word: object) -> None:
    """Tell the process that started this one."""
    print(word, flush=True)  # noqa: T201 - a pipe is where it listens


async def claim(ledger: SqliteLedger, rounds: int) -> None:
    """Claim the generation that is there, again and again, and print which claims were granted."""
    say("ready")
    sys.stdin.readline()
    while (before := (await ledger.read([SHOP]))[SHOP]).generation < rounds:
        after = claim_wake(before, NOON)
        if await ledger.swap(SHOP, before, after):
            say(after.generation)


async def note(ledger: SqliteLedger) -> None:
    """Note one use after the other, and say so once it was acknowledged."""
    seconds = 0
    while True:
        seconds += 1
        await ledger.note_use(SHOP, NOON + timedelta(seconds=seconds))
        say(seconds)


async def main(deed: str, path: Path) -> None:
    ledger = await SqliteLedger.open(path)
    await (note(ledger) if deed == "note" else claim(ledger, int(deed)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
