"""Several processes and one ledger: what one was granted no other was, and what was acknowledged is there."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from datetime import timedelta

from tests.ledger.opening import NOON, open_ledger
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Record, claim_wake

SHOP = ServiceName("shop")


async def start_process(deed: str, address: str) -> Process:
    command = (sys.executable, "-m", "tests.ledger.claimer", deed, address)
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)


async def say_line(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return (await process.stdout.readline()).decode().strip()


async def test_two_who_opened_one_ledger_see_each_others_claims(address: str) -> None:
    claim = claim_wake(Record(), NOON)
    async with open_ledger(address) as one, open_ledger(address) as other:
        assert await one.swap(SHOP, Record(), claim)
        assert not await other.swap(SHOP, Record(), claim)
        assert (await other.read([SHOP]))[SHOP] == claim


async def test_of_all_processes_that_claim_a_generation_exactly_one_is_granted_it(address: str) -> None:
    rounds = 200
    processes = [await start_process(str(rounds), address) for _ in range(3)]
    assert [await say_line(process) for process in processes] == ["ready"] * 3

    async with asyncio.timeout(60):
        answers = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))

    granted = sorted(int(line) for out, _ in answers for line in out.split())
    assert granted == list(range(1, rounds + 1))


async def test_what_was_acknowledged_survives_a_kill(address: str) -> None:
    process = await start_process("note", address)
    acknowledged = [int(await say_line(process)) for _ in range(25)][-1]
    process.kill()
    await process.communicate()

    async with open_ledger(address) as ledger:
        last_used_at = (await ledger.read([SHOP]))[SHOP].last_used_at
    assert last_used_at is not None
    assert last_used_at >= NOON + timedelta(seconds=acknowledged)
