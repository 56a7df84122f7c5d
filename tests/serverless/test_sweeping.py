"""One sweep for each event, and an answer that tells it all."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.fakes import FakeEcsService, FakeFleet, MemoryLedger, clock
from tests.serverless.running import ECS, NAME, SHOP, set_up
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Intent, Record
from wakeproxy.core.service import EcsService, Service
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.sleeper import Sleeper
from wakeproxy.errors import LedgerError
from wakeproxy.serverless.sweeping import Sweeping

pytestmark = pytest.mark.looptime(resolution=1e-9, noop_cycles=1)

DOCS = Service(ServiceName("docs"), EcsService("apps", "docs"))
GRACE = timedelta(seconds=4)


class Account:
    """A fleet and a ledger, and functions that sweep them."""

    def __init__(self, *services: Service) -> None:
        self.services = services
        self.fleet = FakeFleet({one.ecs: FakeEcsService(one.ecs) for one in services})
        self.ledger = MemoryLedger()
        self.lines: list[str] = []

    def use(self, name: ServiceName, ecs: EcsService, *, ago: timedelta) -> None:
        """Let a service be up, and used so long ago."""
        set_up(self.fleet, ecs=ecs)
        woken_at = clock() - timedelta(hours=2)
        self.ledger.records[name] = Record(1, Intent.AWAKE, claimed_at=woken_at, last_used_at=clock() - ago)

    async def sweep(
        self, *, seconds: float = 60, is_single: bool = False, is_dry_run: bool = False
    ) -> Mapping[str, Any]:
        claims = Claims(self.fleet, self.ledger, clock, GRACE)
        sweeping = Sweeping(
            make_sleeper=lambda: Sleeper(self.services, claims, timedelta(seconds=1)),
            grace=GRACE.total_seconds(),
            is_single=is_single,
            is_dry_run=is_dry_run,
            clock=clock,
            tell=self.lines.append,
        )
        return await sweeping.sweep(seconds=seconds)


def an_account() -> Account:
    account = Account(SHOP, DOCS)
    account.use(NAME, ECS, ago=timedelta(hours=1))
    account.use(DOCS.name, DOCS.ecs, ago=timedelta(seconds=10))
    return account


async def test_a_sweep_tells_what_it_stopped_what_it_left_and_why() -> None:
    account = an_account()

    told = await account.sweep()

    assert (told["ok"], told["stopped"], told["skipped"]) == (True, ["shop"], ["docs"])
    assert [(one["service"], one["decision"], one["slept"]) for one in told["decisions"]] == [
        ("shop", "sleep", True),
        ("docs", "stay", False),
    ]
    assert json.loads(json.dumps(told)) == told
    assert account.fleet.scaled == [(ECS, 0)]


async def test_a_sweep_fired_twice_stops_once() -> None:
    account = an_account()

    told = await asyncio.gather(account.sweep(), account.sweep())

    assert sorted(one["stopped"] for one in told) == [[], ["shop"]]
    assert all(one["ok"] for one in told)
    assert account.fleet.scaled == [(ECS, 0)]


async def test_one_service_alone_is_told_of_alone() -> None:
    account = Account(SHOP)
    account.use(NAME, ECS, ago=timedelta(hours=1))

    assert await account.sweep(is_single=True) == {"ok": True, "stopped": True}
    told = await account.sweep(is_single=True)
    assert (told["ok"], told["stopped"]) == (True, False)
    assert told["reason"]


async def test_a_dry_run_stops_nothing() -> None:
    account = an_account()

    told = await account.sweep(is_dry_run=True)

    assert told["stopped"] == []
    assert told["decisions"][0]["outcome"] == "would sleep"
    assert not account.fleet.scaled


async def test_a_function_too_short_for_the_grace_claims_nothing() -> None:
    account = an_account()

    told = await account.sweep(seconds=4)

    assert not told["ok"]
    assert "waits 4 s" in told["error"]
    assert account.ledger.records[NAME].intent is Intent.AWAKE


async def test_a_sweep_stopped_in_its_grace_is_gone_on_with_by_the_next() -> None:
    account = an_account()
    account.fleet.latency = 3

    told = await account.sweep(seconds=8)

    assert not told["ok"]
    assert account.ledger.records[NAME].intent is Intent.ASLEEP
    assert not account.fleet.scaled
    account.fleet.latency = 0.02
    await asyncio.sleep(30)  # whoever claimed it may be in his grace for so long, and is left to it
    assert (await account.sweep())["stopped"] == ["shop"]


async def test_without_the_ledger_nothing_is_stopped() -> None:
    account = an_account()
    account.ledger.error = LedgerError("The ledger is gone.")

    assert await account.sweep() == {"ok": False, "error": "The ledger is gone."}
    assert not account.fleet.scaled


async def test_metrics_tell_of_the_sleep_and_the_sweep() -> None:
    account = an_account()
    account.services = (replace(SHOP), DOCS)

    await account.sweep()

    lines = [json.loads(line) for line in account.lines]
    assert [line["wakeproxy_sleeps_total"] for line in lines if "wakeproxy_sleeps_total" in line] == [1]
    (sweep,) = (line for line in lines if "wakeproxy_sweep_seconds" in line)
    assert sweep["wakeproxy_sweep_seconds"] >= 4
