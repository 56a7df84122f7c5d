"""The ledger in SQLite: one file for all processes of one machine, or memory for a single one.

One connection in one worker thread; every statement is its own transaction, and the conditions stand in the
``WHERE`` clause, so compare-and-set is SQLite's business. Write-ahead logging with full synchronisation: what was
acknowledged survives ``kill -9`` and a power cut.
"""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Stage
from wakeproxy.core.record import Intent, PastWake, Record
from wakeproxy.errors import LedgerError

_T = TypeVar("_T")
_WAKES_KEPT = 50
_BUSY_SECONDS = 5.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    service TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    intent TEXT NOT NULL,
    claimed_at TEXT,
    last_used_at TEXT,
    awake_until TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wake (
    service TEXT NOT NULL,
    began_at TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    image TEXT NOT NULL,
    stages TEXT NOT NULL,
    failure TEXT,
    PRIMARY KEY (service, began_at)
) WITHOUT ROWID;
"""
_READ = "SELECT generation, intent, claimed_at, last_used_at, awake_until FROM record WHERE service = ?"
_SWAP_EMPTY = """
INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET generation = excluded.generation, intent = excluded.intent,
    claimed_at = excluded.claimed_at, last_used_at = excluded.last_used_at, awake_until = excluded.awake_until
WHERE generation = 0 AND last_used_at IS NULL
"""
_SWAP = """
UPDATE record SET generation = ?, intent = ?, claimed_at = ?, last_used_at = ?, awake_until = ?
WHERE service = ? AND generation = ? AND last_used_at IS ?
"""
_NOTE_USE = """
INSERT INTO record VALUES (?, 0, ?, NULL, ?, NULL)
ON CONFLICT DO UPDATE SET last_used_at = max(coalesce(last_used_at, ''), excluded.last_used_at)
RETURNING generation, intent, claimed_at, last_used_at, awake_until
"""


class SqliteLedger:
    """`Ledger` on SQLite; open it with `open`, close it with `close`."""

    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread

    @classmethod
    async def open(cls, path: Path | None) -> Self:
        """Open the file, making it where it is missing; ``None`` keeps everything in memory.

        Raises:
            LedgerError: the file cannot be opened or is no ledger.
        """
        thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        where = ":memory:" if path is None else str(path)
        try:
            connection = await asyncio.get_running_loop().run_in_executor(thread, _connect, where)
        except sqlite3.Error as error:
            thread.shutdown(wait=False)
            raise LedgerError(f"The ledger {where} cannot be opened: {error}. Check its folder and rights.") from error
        return cls(connection, thread)

    async def close(self) -> None:
        """Close the file; what was written is on disk."""
        await self._run(lambda connection: connection.close())
        self._thread.shutdown()

    async def read(self, names: Sequence[ServiceName]) -> Mapping[ServiceName, Record]:
        """Read records; a service never written to has the empty one."""
        found = await self._run(lambda connection: {name: _read(connection, name) for name in names})
        return {name: record or Record() for name, record in found.items()}

    async def swap(self, name: ServiceName, before: Record, after: Record) -> bool:
        """Replace a record if its generation and last use are those of ``before``."""
        return await self._run(lambda connection: _swap(connection, name, before, after))

    async def note_use(self, name: ServiceName, used_at: datetime) -> Record:
        """Move ``last_used_at`` forward, never back; one statement, so no claim can slip in between."""
        return await self._run(lambda connection: _note_use(connection, name, used_at))

    async def add_wake(self, name: ServiceName, wake: PastWake) -> None:
        """Append to the history and drop what is older than the last fifty."""
        await self._run(lambda connection: _add_wake(connection, name, wake))

    async def wakes(self, names: Sequence[ServiceName]) -> Mapping[ServiceName, Sequence[PastWake]]:
        """Read the history of each service, oldest first."""
        return await self._run(lambda connection: {name: _wakes(connection, name) for name in names})

    async def _run(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._connection)
        except (sqlite3.Error, RuntimeError, ValueError, KeyError) as error:  # the latter: a row that is none of ours
            raise LedgerError(f"The ledger could not be used: {error}.") from error


def _connect(where: str) -> sqlite3.Connection:
    connection = sqlite3.connect(where, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _read(connection: sqlite3.Connection, name: ServiceName) -> Record | None:
    row = connection.execute(_READ, (name,)).fetchone()
    return None if row is None else _to_record(row)


def _swap(connection: sqlite3.Connection, name: ServiceName, before: Record, after: Record) -> bool:
    row = (after.generation, after.intent, *map(_to_text, (after.claimed_at, after.last_used_at, after.awake_until)))
    if not before.generation and before.last_used_at is None:  # which is what a service never written to has
        return connection.execute(_SWAP_EMPTY, (name, *row)).rowcount == 1
    return connection.execute(_SWAP, (*row, name, before.generation, _to_text(before.last_used_at))).rowcount == 1


def _note_use(connection: sqlite3.Connection, name: ServiceName, used_at: datetime) -> Record:
    return _to_record(connection.execute(_NOTE_USE, (name, Intent.AWAKE, _to_text(used_at))).fetchone())


def _add_wake(connection: sqlite3.Connection, name: ServiceName, wake: PastWake) -> None:
    stages = json.dumps([(stage.name, _to_text(at)) for stage, at in wake.stages])
    connection.execute(
        "INSERT OR REPLACE INTO wake (service, began_at, ended_at, image, stages, failure) VALUES (?, ?, ?, ?, ?, ?)",
        (name, _to_text(wake.began_at), _to_text(wake.ended_at), wake.image, stages, wake.failure),
    )
    connection.execute(
        "DELETE FROM wake WHERE service = ?1 AND began_at <="
        " (SELECT began_at FROM wake WHERE service = ?1 ORDER BY began_at DESC LIMIT 1 OFFSET ?2)",
        (name, _WAKES_KEPT),
    )


def _wakes(connection: sqlite3.Connection, name: ServiceName) -> Sequence[PastWake]:
    sql = "SELECT began_at, ended_at, image, stages, failure FROM wake WHERE service = ? ORDER BY began_at"
    return [
        PastWake(_to_instant(began), _to_instant(ended), image, _to_stages(stages), failure)
        for began, ended, image, stages, failure in connection.execute(sql, (name,))
    ]


def _to_record(row: tuple[int, str, str | None, str | None, str | None]) -> Record:
    generation, intent, *instants = row
    return Record(generation, Intent(intent), *(None if text is None else _to_instant(text) for text in instants))


def _to_stages(text: str) -> tuple[tuple[Stage, datetime], ...]:
    return tuple((Stage[name], _to_instant(at)) for name, at in json.loads(text))


def _to_text(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with microseconds always, so that texts compare as instants do."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")


def _to_instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
