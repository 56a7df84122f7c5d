"""The ledger in SQLite: one file for all processes of one machine, or memory for a single one.

One connection in one worker thread; every statement is its own transaction, and the conditions stand in the
``WHERE`` clause, so compare-and-set is SQLite's business. Write-ahead logging with full synchronisation: what was
acknowledged survives ``kill -9`` and a power cut.

The file is opened when it is first needed and, after an error, when it is next needed: one that is locked, broken or
missing hinders nobody from starting, and is taken up again as soon as it is there.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import chain
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final, TypeVar

from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Intent, PastWake, Record, Use
from wakeproxy.core.spelling import read_instant, read_stages, read_tasks, spell_instant, spell_stages, spell_tasks
from wakeproxy.errors import LedgerError

_T = TypeVar("_T")
_WAKES_KEPT = 50
_BUSY_SECONDS = 1.5
"""So long another process may write before we say that it holds the file locked."""
_WITHIN_SECONDS = 2.0
"""So long anybody waits for an answer, the queue for the one connection included: a visitor may be waiting, and a
sleeper's grace (`engine.claims`) allows for a use that has to be told of a second time."""

_SWITCHING_PAUSES: Final = (0.01, 0.03, 0.1)
"""Seconds."""

_SCHEMA: Final[tuple[tuple[str, ...], ...]] = (
    (
        """
        CREATE TABLE IF NOT EXISTS record (
            service TEXT PRIMARY KEY,
            generation INTEGER NOT NULL,
            intent TEXT NOT NULL,
            claimed_at TEXT,
            last_used_at TEXT,
            awake_until TEXT
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE IF NOT EXISTS wake (
            service TEXT NOT NULL,
            began_at TEXT NOT NULL,
            ended_at TEXT NOT NULL,
            image TEXT NOT NULL,
            stages TEXT NOT NULL,
            failure TEXT,
            PRIMARY KEY (service, began_at)
        ) WITHOUT ROWID
        """,
        "ALTER TABLE record ADD COLUMN used_by TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE record ADD COLUMN in_flight INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE record ADD COLUMN ready TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE record ADD COLUMN floor INTEGER NOT NULL DEFAULT 0",
    ),
)
"""What brings a file from each version of the schema to the next; the first files said nothing of a version, which is
0 to SQLite. Steps are only ever added. A newer program's file is used as it is: every statement names its columns."""

_COLUMNS = "generation, intent, claimed_at, last_used_at, awake_until, used_by, in_flight, ready, floor"
_READ = f"SELECT {_COLUMNS} FROM record WHERE service = ?"  # noqa: S608 - of our own words only
_SWAP_EMPTY = f"""
INSERT INTO record (service, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET ({_COLUMNS}) = ({", ".join(f"excluded.{column}" for column in _COLUMNS.split(", "))})
WHERE generation = 0 AND last_used_at IS NULL
"""  # noqa: S608 - the same
_SWAP = f"""
UPDATE record SET ({_COLUMNS}) = (?, ?, ?, ?, ?, ?, ?, ?, ?)
WHERE service = ? AND generation = ? AND last_used_at IS ?
"""  # noqa: S608 - the same
_NOTE_USE = f"""
INSERT INTO record (service, generation, intent, last_used_at, used_by, in_flight) VALUES (?, 0, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET last_used_at = excluded.last_used_at, used_by = excluded.used_by,
    in_flight = excluded.in_flight
WHERE last_used_at IS NULL OR last_used_at < excluded.last_used_at
RETURNING {_COLUMNS}
"""  # noqa: S608 - the same
_NOTE_READY = "UPDATE record SET ready = ? WHERE service = ? AND generation = ? AND intent = ?"


class SqliteLedger:
    """`Ledger` on SQLite: ``path`` is a file that is made where it is missing, ``None`` keeps everything in memory."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")

    async def close(self) -> None:
        """Close the file; what was written is on disk."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown()

    async def read(self, names: Sequence[ServiceName]) -> Mapping[ServiceName, Record]:
        """Read records; a service never written to has the empty one."""
        return await self._run(lambda connection: {name: _read(connection, name) for name in names})

    async def swap(self, name: ServiceName, before: Record, after: Record) -> bool:
        """Replace a record if its generation and last use are those of ``before``."""
        return await self._run(lambda connection: _swap(connection, name, before, after))

    async def note_use(self, name: ServiceName, use: Use) -> Record:
        """Move ``last_used_at`` forward, never back; one statement, so no claim can slip in between."""
        return await self._run(lambda connection: _note_use(connection, name, use))

    async def note_ready(self, name: ServiceName, generation: int, tasks: tuple[str, ...]) -> Record:
        """Take note of the tasks found answering, unless somebody claimed since."""
        return await self._run(lambda connection: _note_ready(connection, name, generation, tasks))

    async def add_wake(self, name: ServiceName, wake: PastWake) -> None:
        """Append to the history and drop what is older than the last fifty."""
        await self._run(lambda connection: _add_wake(connection, name, wake))

    async def wakes(self, names: Sequence[ServiceName]) -> Mapping[ServiceName, Sequence[PastWake]]:
        """Read the history of each service, oldest first."""
        return await self._run(lambda connection: {name: _wakes(connection, name) for name in names})

    async def _run(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        try:
            async with asyncio.timeout(_WITHIN_SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._work, work)
        except TimeoutError as error:
            raise LedgerError(
                f"The ledger {self._where} did not answer within {_WITHIN_SECONDS:g} s. "
                "Check its disk, and for a process that holds it locked."
            ) from error
        except (sqlite3.Error, RuntimeError, ValueError) as error:  # the latter: closed, or a row that is none of ours
            raise LedgerError(f"The ledger {self._where} could not be used: {error}.{_remedy(error)}") from error

    @property
    def _where(self) -> str:
        return ":memory:" if self._path is None else str(self._path)

    # In the thread.

    def _work(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        if self._connection is None:
            self._connection = self._connect()
        try:
            return work(self._connection)
        except sqlite3.Error as error:
            if self._path is not None and not _is_busy(error):
                self._disconnect()  # what is wrong with a file may be remedied by putting another in its place
            raise

    def _connect(self) -> sqlite3.Connection:
        try:
            return _connect(self._where)
        except sqlite3.Error as error:
            remedy = _remedy(error) or " Check its folder and rights."
            raise LedgerError(f"The ledger {self._where} cannot be opened: {error}.{remedy}") from error

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _is_busy(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _remedy(error: Exception) -> str:
    if _is_busy(error):
        return " Another process holds it; end what keeps it open, such as a shell or a backup."
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return " Put a backup in its place, or move it away: a new one is made then."
    return ""


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Switch a file's mode, which it keeps.

    Of several that switch a new file at once, each waits for the others to let go. SQLite does not wait then
    ("busy handlers" in its C API reference: to do so could not help), so we let go, and find it switched.
    """
    began = monotonic()
    for pause in (*_SWITCHING_PAUSES, None):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            was_waited_for = monotonic() - began >= _BUSY_SECONDS
            if pause is None or was_waited_for or not _is_busy(error):
                raise
            sleep(pause)
        else:
            return


def _connect(where: str) -> sqlite3.Connection:
    connection = sqlite3.connect(where, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _switch_to_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")
        _migrate(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring a file's schema up to date; of several processes at once one does so, and the others wait for it."""
    if _version(connection) >= len(_SCHEMA):
        return
    connection.execute("BEGIN IMMEDIATE")
    found = _version(connection)  # again, for now nobody else can change it
    for statement in chain.from_iterable(_SCHEMA[found:]):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {max(found, len(_SCHEMA))}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


def _read(connection: sqlite3.Connection, name: ServiceName) -> Record:
    row = connection.execute(_READ, (name,)).fetchone()
    return Record() if row is None else _to_record(row)


def _swap(connection: sqlite3.Connection, name: ServiceName, before: Record, after: Record) -> bool:
    if not before.generation and before.last_used_at is None:  # which is what a service never written to has
        return connection.execute(_SWAP_EMPTY, (name, *_to_row(after))).rowcount == 1
    condition = (name, before.generation, _to_text(before.last_used_at))
    return connection.execute(_SWAP, (*_to_row(after), *condition)).rowcount == 1


def _note_use(connection: sqlite3.Connection, name: ServiceName, use: Use) -> Record:
    noted = connection.execute(_NOTE_USE, (name, Intent.AWAKE, spell_instant(use.at), use.front, use.in_flight))
    rows = noted.fetchall()
    return _to_record(rows[0]) if rows else _read(connection, name)  # a newer use is known already


def _note_ready(connection: sqlite3.Connection, name: ServiceName, generation: int, tasks: tuple[str, ...]) -> Record:
    connection.execute(_NOTE_READY, (spell_tasks(tasks), name, generation, Intent.AWAKE))
    return _read(connection, name)


def _add_wake(connection: sqlite3.Connection, name: ServiceName, wake: PastWake) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO wake (service, began_at, ended_at, image, stages, failure) VALUES (?, ?, ?, ?, ?, ?)",
        (
            name,
            spell_instant(wake.began_at),
            spell_instant(wake.ended_at),
            wake.image,
            spell_stages(wake.stages),
            wake.failure,
        ),
    )
    connection.execute(
        "DELETE FROM wake WHERE service = ?1 AND began_at <="
        " (SELECT began_at FROM wake WHERE service = ?1 ORDER BY began_at DESC LIMIT 1 OFFSET ?2)",
        (name, _WAKES_KEPT),
    )


def _wakes(connection: sqlite3.Connection, name: ServiceName) -> Sequence[PastWake]:
    sql = "SELECT began_at, ended_at, image, stages, failure FROM wake WHERE service = ? ORDER BY began_at"
    return [
        PastWake(read_instant(began), read_instant(ended), image, read_stages(stages), failure)
        for began, ended, image, stages, failure in connection.execute(sql, (name,))
    ]


def _to_record(row: tuple[Any, ...]) -> Record:
    generation, intent, claimed_at, last_used_at, awake_until, used_by, in_flight, ready, floor = row
    return Record(
        generation,
        Intent(intent),
        claimed_at=_to_instant(claimed_at),
        last_used_at=_to_instant(last_used_at),
        awake_until=_to_instant(awake_until),
        used_by=used_by,
        in_flight=in_flight,
        ready=read_tasks(ready),
        floor=floor,
    )


def _to_row(record: Record) -> tuple[Any, ...]:
    instants = map(_to_text, (record.claimed_at, record.last_used_at, record.awake_until))
    ready = spell_tasks(record.ready)
    return (record.generation, record.intent, *instants, record.used_by, record.in_flight, ready, record.floor)


def _to_text(at: datetime | None) -> str | None:
    return None if at is None else spell_instant(at)


def _to_instant(text: str | None) -> datetime | None:
    return None if text is None else read_instant(text)
