"""What services need: woken before them and shown beside them, and used whenever they are."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from wakeproxy.core.causes import Diagnosis, explain_failed_need, explain_missing_need
from wakeproxy.core.lifecycle import DOWN, Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.needs import list_needs
from wakeproxy.core.record import Record, Use
from wakeproxy.core.sight import Member, Sight
from wakeproxy.engine.board import Board
from wakeproxy.engine.life import Life
from wakeproxy.ports import Uses


@dataclass(slots=True)
class _Gathering:
    """A wake that has its needs shown beside it."""

    members: tuple[ServiceName, ...]
    required: frozenset[ServiceName]
    moved: asyncio.Event = field(default_factory=asyncio.Event)


class Needs:
    """Wakes what services need, waits for what they require, and keeps their sights in step with it."""

    def __init__(self, lives: Mapping[ServiceName, Life], board: Board, ask: Callable[[ServiceName], None]) -> None:
        self._lives = lives
        self._board = board
        self._ask = ask
        self._gatherings: dict[ServiceName, _Gathering] = {}
        self._shown_by: dict[ServiceName, set[ServiceName]] = defaultdict(set)
        """Who shows a service beside it."""
        board.on_change.append(self._note)

    def leave(self, name: ServiceName) -> None:
        """Let go of a service that was removed; who waits for it is told."""
        self._let_go(name)
        self._tell(name)

    async def gather(self, life: Life) -> Diagnosis | None:
        """Wake all that a service needs, and wait until what it requires answers; say what stands in its way.

        Each member waits for its own needs in turn, so a chain comes up from its end.
        """
        service = life.service
        gathering = self._show(life)
        for name in service.all_needs:
            if name in self._lives:
                self._ask(name)
        while self._gatherings.get(service.name) is gathering:
            gathering.moved.clear()
            waiting = [name for name in service.needs if not self._answers(name)]
            if not waiting:
                break
            for name in waiting:
                trouble = self._trouble_with(name)
                if trouble is not None:
                    return trouble
            await gathering.moved.wait()
        return None

    def list_all(self, name: ServiceName) -> tuple[ServiceName, ...]:
        """List all that a service needs, directly or not, as far as it is known here."""
        return tuple(need for need in list_needs(self._needed_by, name) if need in self._lives)

    def _needed_by(self, name: ServiceName) -> Iterable[ServiceName]:
        life = self._lives.get(name)
        return life.service.all_needs if life else ()

    def _required_by(self, name: ServiceName) -> Iterable[ServiceName]:
        life = self._lives.get(name)
        return life.service.needs if life else ()

    def _answers(self, name: ServiceName) -> bool:
        return name in self._lives and self._board.sights[name].phase is Phase.AWAKE

    def _trouble_with(self, name: ServiceName) -> Diagnosis | None:
        """Say why waiting for a need is in vain; one that was put to sleep meanwhile is asked for again."""
        life = self._lives.get(name)
        if life is None:
            return explain_missing_need(name)
        sight = self._board.sights[name]
        if sight.phase in DOWN:
            self._ask(name)
        return explain_failed_need(life.service.title, sight.diagnosis) if sight.phase is Phase.FAILED else None

    # Who is shown beside whom.

    def _show(self, life: Life) -> _Gathering:
        """Show all that a service needs beside it, from now on until its wake has ended."""
        name = life.service.name
        self._let_go(name)
        required = frozenset(list_needs(self._required_by, name))
        gathering = self._gatherings[name] = _Gathering(self.list_all(name), required)
        for member in gathering.members:
            self._shown_by[member].add(name)
        self._paint(name, gathering)
        return gathering

    def _note(self, sight: Sight) -> None:
        """Bring those in step who show a service that changed; let go of a wake that has ended."""
        if sight.phase is not Phase.WAKING:
            self._let_go(sight.service)
        self._tell(sight.service)

    def _let_go(self, name: ServiceName) -> None:
        gathering = self._gatherings.pop(name, None)
        if gathering is None:
            return
        gathering.moved.set()
        for member in gathering.members:
            self._shown_by[member].discard(name)
            if not self._shown_by[member]:
                del self._shown_by[member]

    def _tell(self, name: ServiceName) -> None:
        for shower in tuple(self._shown_by.get(name, ())):
            gathering = self._gatherings[shower]
            gathering.moved.set()
            self._paint(shower, gathering)

    def _paint(self, name: ServiceName, gathering: _Gathering) -> None:
        members = tuple(self._member(one, gathering) for one in gathering.members if one in self._lives)
        self._board.post(replace(self._board.sights[name], needs=members))

    def _member(self, name: ServiceName, gathering: _Gathering) -> Member:
        service = self._lives[name].service
        sight = replace(self._board.sights[name], needs=(), log=())
        return Member(service.title, sight, is_required=name in gathering.required, waits_for=service.needs)


@dataclass(frozen=True, slots=True)
class SharedUses:
    """`Uses` that tells of whatever a service needs along with the service: its use is theirs."""

    ledger: Uses
    needs_of: Callable[[ServiceName], Iterable[ServiceName]]
    """All of them, directly or not."""
    on_record: Callable[[ServiceName, Record], None]
    """Hears the ledger's word on each that was told of along."""

    async def note_use(self, name: ServiceName, use: Use) -> Record:
        """Tell of a use, and of the use of all that it needs.

        Raises:
            LedgerError: one of them could not be told of; telling again is safe.
        """
        needs = tuple(self.needs_of(name))
        record, *others = await asyncio.gather(*(self.ledger.note_use(one, use) for one in (name, *needs)))
        for need, other in zip(needs, others, strict=True):
            self.on_record(need, other)
        return record
