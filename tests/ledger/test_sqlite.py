"""What only a file can promise or suffer."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ledger.test_processes import say_line, start_process
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Stage
from wakeproxy.core.record import PastWake, Record, Use, claim_wake
from wakeproxy.errors import LedgerError
from wakeproxy.sqlite_ledger import SqliteLedger

SHOP = ServiceName("shop")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLAIMED = claim_wake(Record(), NOON)
FIRST_FILES = """
PRAGMA journal_mode = WAL;
CREATE TABLE record (
    service TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    intent TEXT NOT NULL,
    claimed_at TEXT,
    last_used_at TEXT,
    awake_until TEXT
) WITHOUT ROWID;
CREATE TABLE wake (
    service TEXT NOT NULL,
    began_at TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    image TEXT NOT NULL,
    stages TEXT NOT NULL,
    failure TEXT,
    PRIMARY KEY (service, began_at)
) WITHOUT ROWID;
INSERT INTO record VALUES (
    'shop', 1, 'awake', '2026-11-21T12:00:00.000000+00:00', '2026-11-21T12:00:00.000000+00:00', NULL
);
INSERT INTO wake VALUES (
    'shop', '2026-11-21T12:00:00.000000+00:00', '2026-11-21T12:00:00.000000+00:00', 'shop:1',
    '[["REQUESTED", "2026-11-21T12:00:00.000000+00:00"]]', NULL
);
"""
"""The schema of the first version, which knew no others."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
async def ledger(path: Path) -> AsyncIterator[SqliteLedger]:
    opened = SqliteLedger(path)
    yield opened
    await opened.close()


async def read(ledger: SqliteLedger) -> Record:
    return (await ledger.read([SHOP]))[SHOP]


def run(path: Path, script: str) -> None:
    """Do something to a file behind the ledger's back."""
    connection = sqlite3.connect(path)
    try:
        connection.executescript(script)
    finally:
        connection.close()


async def test_what_was_written_is_there_after_opening_again(path: Path, ledger: SqliteLedger) -> None:
    first = SqliteLedger(path)
    await first.swap(SHOP, Record(), CLAIMED)
    await first.close()

    assert await read(ledger) == CLAIMED


# Other versions.


async def test_a_file_of_the_first_version_is_taken_up_with_all_it_holds(path: Path, ledger: SqliteLedger) -> None:
    run(path, FIRST_FILES)

    assert await read(ledger) == CLAIMED
    assert list((await ledger.wakes([SHOP]))[SHOP]) == [PastWake(NOON, NOON, "shop:1", ((Stage.REQUESTED, NOON),))]
    assert (await ledger.note_ready(SHOP, 1, ("arn:a",))).ready == ("arn:a",)


async def test_of_many_who_open_an_old_file_at_once_all_can_use_it(path: Path) -> None:
    run(path, FIRST_FILES)

    ledgers = [SqliteLedger(path) for _ in range(12)]

    noted = await asyncio.gather(*(ledger.note_ready(SHOP, 1, ("arn:a",)) for ledger in ledgers))

    assert {record.ready for record in noted} == {("arn:a",)}
    for ledger in ledgers:
        await ledger.close()


async def test_of_several_processes_that_open_an_old_file_at_once_all_can_use_it(path: Path) -> None:
    run(path, FIRST_FILES)
    processes = [await start_process("20", str(path)) for _ in range(4)]
    assert [await say_line(process) for process in processes] == ["ready"] * 4

    async with asyncio.timeout(60):
        answers = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))

    assert sorted(int(line) for out, _ in answers for line in out.split()) == list(range(2, 21))


async def test_of_many_who_make_a_file_at_once_all_can_use_it(path: Path) -> None:
    ledgers = [SqliteLedger(path) for _ in range(12)]

    won = await asyncio.gather(*(ledger.swap(SHOP, Record(), CLAIMED) for ledger in ledgers))

    assert won.count(True) == 1
    for ledger in ledgers:
        await ledger.close()


async def test_what_a_newer_version_keeps_in_the_file_survives_our_writes(path: Path, ledger: SqliteLedger) -> None:
    await ledger.swap(SHOP, Record(), CLAIMED)
    run(path, "ALTER TABLE record ADD COLUMN mood TEXT; UPDATE record SET mood = 'good'; PRAGMA user_version = 99;")
    again = SqliteLedger(path)
    await again.swap(SHOP, CLAIMED, claim_wake(CLAIMED, NOON))
    await again.note_use(SHOP, Use(NOON.replace(hour=13), "here"))
    await again.note_ready(SHOP, 2, ("arn:a",))
    await again.close()

    found = sqlite3.connect(path)
    rows = found.execute("SELECT mood, generation, ready FROM record").fetchall()
    version = found.execute("PRAGMA user_version").fetchone()
    found.close()
    assert rows == [("good", 2, '["arn:a"]')]
    assert version == (99,)


# Trouble.


async def test_a_folder_that_is_missing_is_named_and_the_ledger_there_once_it_is_made(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "ledger.sqlite"
    ledger = SqliteLedger(path)

    with pytest.raises(LedgerError, match=rf"^The ledger {path} cannot be opened: .*\. Check its folder and rights\.$"):
        await ledger.read([SHOP])
    path.parent.mkdir()
    assert await read(ledger) == Record()
    await ledger.close()


async def test_a_file_that_is_no_ledger_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk\n" * 1000)
    ledger = SqliteLedger(path)

    with pytest.raises(LedgerError, match=f"The ledger {path} cannot be opened: file is not a database.*move it away"):
        await ledger.read([SHOP])
    assert path.read_text() == "buy milk\n" * 1000
    await ledger.close()


async def test_a_file_that_broke_is_taken_up_anew_when_another_is_in_its_place(
    path: Path, ledger: SqliteLedger
) -> None:
    await ledger.swap(SHOP, Record(), CLAIMED)
    run(path, "DROP TABLE record")
    with pytest.raises(LedgerError, match=rf"^The ledger {path} could not be used: no such table: record\.$"):
        await ledger.read([SHOP])

    await asyncio.to_thread(path.rename, path.with_suffix(".broken"))
    assert await read(ledger) == Record()
    assert await ledger.swap(SHOP, Record(), CLAIMED)


async def test_a_file_that_another_holds_locked_is_an_error_in_time_and_usable_again_afterwards(
    path: Path, ledger: SqliteLedger
) -> None:
    await ledger.swap(SHOP, Record(), CLAIMED)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    async with asyncio.timeout(3):
        answers = await asyncio.gather(
            *(ledger.note_use(SHOP, Use(NOON, f"front {number}")) for number in range(20)), return_exceptions=True
        )
    holder.execute("COMMIT")
    holder.close()

    sentences = {str(answer) for answer in answers if isinstance(answer, LedgerError)}
    assert len(answers) == sum(isinstance(answer, LedgerError) for answer in answers)
    assert (
        f"The ledger {path} could not be used: database is locked. Another process holds it; end what keeps it "
        "open, such as a shell or a backup." in sentences
    )
    assert any("did not answer within 2 s" in sentence for sentence in sentences)
    assert (await ledger.note_use(SHOP, Use(NOON.replace(hour=13), "here"))).used_by == "here"


async def test_what_is_in_memory_outlives_an_error() -> None:
    ledger = SqliteLedger(None)
    await ledger.swap(SHOP, Record(), CLAIMED)
    with pytest.raises(LedgerError, match='near "NONSENSE"'):
        await ledger._run(lambda connection: connection.execute("NONSENSE"))

    assert await read(ledger) == CLAIMED
    await ledger.close()


async def test_a_closed_ledger_says_so(path: Path) -> None:
    ledger = SqliteLedger(path)
    await ledger.close()

    with pytest.raises(LedgerError, match=r"The ledger .* could not be used"):
        await ledger.note_use(SHOP, Use(NOON, "here"))


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("intent", "dreaming", "'dreaming' is not a valid Intent"),
        ("ready", "5", "'5' are no tasks"),
        ("claimed_at", "noon", "Invalid isoformat string: 'noon'"),
    ],
)
async def test_a_row_that_is_none_of_ours_is_an_error_in_words(
    path: Path, ledger: SqliteLedger, column: str, value: str, sentence: str
) -> None:
    await ledger.note_use(SHOP, Use(NOON, "here"))
    run(path, f"UPDATE record SET {column} = '{value}'")

    with pytest.raises(LedgerError, match=sentence):
        await ledger.read([SHOP])
