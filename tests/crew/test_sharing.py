"""What workers share and what each has of it."""

import asyncio
from pathlib import Path

import pytest

from tests.engine.running import NAME, an_engine
from tests.front.conftest import ANY_PORT, make_service
from wakeproxy.bootstrap import open_crew
from wakeproxy.bootstrap.crew import share
from wakeproxy.bootstrap.upkeep import Work
from wakeproxy.core.limits import Limits
from wakeproxy.errors import UsageError
from wakeproxy.front.gate import Gate
from wakeproxy.settings import AwsSettings, Settings


def test_what_can_be_held_is_divided_and_rounded_up() -> None:
    bounds = Limits(held_requests=10, held_per_service=5, connections=100, connections_per_client=7)

    each = share(bounds, 3)

    assert (each.held_requests, each.held_per_service) == (4, 2)
    assert (each.connections, each.connections_per_client) == (34, 3)


def test_what_is_unbounded_stays_so_and_wakes_are_counted_together() -> None:
    bounds = Limits(connections_per_client=None, wakes_per_minute=6, awake_services=4)

    each = share(bounds, 3)

    assert each.connections_per_client is None
    assert (each.wakes_per_minute, each.awake_services) == (6, 4)
    assert share(bounds, 1) == bounds


async def test_a_gate_that_recalls_the_wakes_of_others_is_as_full_as_theirs() -> None:
    async with an_engine() as engine:
        gate = Gate(engine.waker, wakes_per_minute=2)
        now = asyncio.get_running_loop().time()

        gate.recall([now, now - 1])
        assert gate.recent == (now - 1, now)
        assert not gate.ask(NAME)
        gate.recall([now - 61, now])
        assert gate.ask(NAME)


async def test_a_folder_whose_name_is_too_long_for_a_socket_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    settings = Settings(AwsSettings("eu-central-1"), (make_service("shop"),), listen=ANY_PORT)

    with pytest.raises(UsageError, match="TMPDIR"):
        async with open_crew(Work(settings), 2):
            pass
