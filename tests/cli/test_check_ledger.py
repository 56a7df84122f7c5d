"""What ``wakeproxy check`` says of the ledger, and does for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.world import World, run_sandbox

TABLE = "dynamodb://wakeproxy"
READY = {"ready": {"path": "/"}}
MISSING = (
    "There is no DynamoDB table wakeproxy in eu-central-1. "
    "Make it with Terraform or `wakeproxy check --create-table`, or name another."
)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Each test has a sandbox of its own, for there is a table in it at the end."""
    async with run_sandbox(tmp_path) as world:
        yield world


async def test_a_table_that_is_missing_is_found_made_and_found_no_more(world: World) -> None:
    await world.create("shop")
    config = str(world.configure({"shop": READY}, ledger=TABLE))

    before = await run("check", "-c", config, "--json")
    made = await run("check", "-c", config, "--create-table")
    after = await run("check", "-c", config, "--create-table", "--json")

    assert before.status == 1
    assert before.document["findings"] == [MISSING]
    assert (made.status, made.err) == (0, "dynamodb://wakeproxy has been made\nNothing is wrong.\n")
    assert (after.status, after.document["ok"], after.document["findings"]) == (0, True, [])
    assert after.err == "dynamodb://wakeproxy was there already\n"


async def test_what_is_wrong_with_ledger_and_services_is_told_at_once(world: World) -> None:
    config = str(world.configure({"shop": READY}, ledger=TABLE))

    told = await run("check", "-c", config, "--json")

    assert told.status == 1
    assert [finding.split()[0] for finding in told.document["findings"]] == ["There", "services.shop:"]


async def test_a_ledger_that_may_be_read_only_is_found(world: World) -> None:
    await world.create("shop")
    config = str(world.configure({"shop": READY}, ledger=TABLE))
    await run("check", "-c", config, "--create-table")
    fault = {"kind": "error", "operation": "UpdateItem", "code": "AccessDeniedException", "times": None}
    await world.control("POST", "faults", [fault])

    told = await run("check", "-c", config)

    assert told.status == 1
    assert "AWS does not allow to write the DynamoDB table wakeproxy" in told.out


async def test_a_file_that_cannot_be_opened_is_found(world: World, tmp_path: Path) -> None:
    await world.create("shop")
    config = str(world.configure({"shop": READY}, ledger=f"sqlite:///{tmp_path}/missing/ledger.db"))

    told = await run("check", "-c", config)

    assert told.status == 1
    assert told.out.splitlines()[0].endswith(
        "cannot be opened: unable to open database file. Check its folder and rights."
    )


async def test_a_table_is_made_only_where_the_ledger_is_one(world: World) -> None:
    config = str(world.configure({"shop": READY}))

    told = await run("check", "-c", config, "--create-table")

    assert told.status == 2
    assert told.err.startswith("wakeproxy: There is no table to make: the ledger is sqlite:///")


async def test_a_table_is_not_made_offline() -> None:
    told = await run("check", "--create-table", "--offline")

    assert (told.status, told.out) == (2, "")
    assert "leave one of them out" in told.err
