"""What only a file can promise or suffer."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Record, claim_wake
from wakeproxy.errors import LedgerError
from wakeproxy.sqlite_ledger import SqliteLedger

SHOP = ServiceName("shop")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLAIMER = Path(__file__).with_name("claimer.py")


async def start_process(deed: str, path: Path) -> Process:
    return await asyncio.create_subprocess_exec(sys.executable, CLAIMER, deed, path, stdin=PIPE, stdout=PIPE)


async def say_line(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return (await process.stdout.readline()).decode().strip()


async def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first = await SqliteLedger.open(path)
    await first.swap(SHOP, Record(), claim_wake(Record(), NOON))
    await first.close()

    again = await SqliteLedger.open(path)
    assert (await again.read([SHOP]))[SHOP] == claim_wake(Record(), NOON)
    await again.close()


async def test_two_who_opened_one_file_see_each_others_claims(tmp_path: Path) -> None:
    one = await SqliteLedger.open(tmp_path / "ledger.sqlite")
    other = await SqliteLedger.open(tmp_path / "ledger.sqlite")
    claim = claim_wake(Record(), NOON)

    assert await one.swap(SHOP, Record(), claim)
    assert not await other.swap(SHOP, Record(), claim)
    assert (await other.read([SHOP]))[SHOP] == claim
    await one.close()
    await other.close()


async def test_of_all_processes_that_claim_a_generation_exactly_one_is_granted_it(tmp_path: Path) -> None:
    rounds = 200
    processes = [await start_process(str(rounds), tmp_path / "ledger.sqlite") for _ in range(3)]
    assert [await say_line(process) for process in processes] == ["ready"] * 3

    async with asyncio.timeout(60):
        answers = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))

    granted = sorted(int(line) for out, _ in answers for line in out.split())
    assert granted == list(range(1, rounds + 1))


async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    process = await start_process("note", tmp_path / "ledger.sqlite")
    acknowledged = [int(await say_line(process)) for _ in range(25)][-1]
    process.kill()
    await process.communicate()

    ledger = await SqliteLedger.open(tmp_path / "ledger.sqlite")
    last_used_at = (await ledger.read([SHOP]))[SHOP].last_used_at
    await ledger.close()
    assert last_used_at is not None
    assert last_used_at >= NOON + timedelta(seconds=acknowledged)


async def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "ledger.sqlite"

    with pytest.raises(LedgerError, match=f"The ledger {path} cannot be opened: .* Check its folder and rights"):
        await SqliteLedger.open(path)


async def test_a_file_that_is_no_ledger_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk\n" * 1000)

    with pytest.raises(LedgerError, match=f"The ledger {path} cannot be opened: file is not a database"):
        await SqliteLedger.open(path)
    assert path.read_text() == "buy milk\n" * 1000


async def test_a_database_of_somebody_else_is_an_error_in_words(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = await SqliteLedger.open(path)
    other = await SqliteLedger.open(path)
    await other._run(lambda connection: connection.execute("DROP TABLE record"))

    with pytest.raises(LedgerError, match=r"^The ledger could not be used: no such table: record\.$"):
        await ledger.read([SHOP])
    await ledger.close()
    await other.close()


async def test_a_closed_ledger_says_so(tmp_path: Path) -> None:
    ledger = await SqliteLedger.open(tmp_path / "ledger.sqlite")
    await ledger.close()

    with pytest.raises(LedgerError, match="The ledger could not be used"):
        await ledger.note_use(SHOP, NOON)


async def test_a_row_that_is_none_of_ours_is_an_error_in_words(tmp_path: Path) -> None:
    ledger = await SqliteLedger.open(tmp_path / "ledger.sqlite")
    await ledger.note_use(SHOP, NOON)
    await ledger._run(lambda connection: connection.execute("UPDATE record SET intent = 'dreaming'"))

    with pytest.raises(LedgerError, match="'dreaming' is not a valid Intent"):
        await ledger.read([SHOP])
    await ledger.close()
