"""``wakeproxy keep-awake``: what it says, what it changes, and what it refuses."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.world import World

IDLE = {"idle_after": "1s", "min_awake": "0s"}


def read(instant: str) -> datetime:
    return datetime.fromisoformat(instant)


async def test_what_is_up_is_not_swept_to_sleep_until_it_may(world: World) -> None:
    await world.create("shop", desired_count=1)
    config = str(world.configure({"shop": IDLE}, flush_interval="10ms"))

    kept = await run("keep-awake", "shop", "--for", "2h", "--json", "-c", config)
    swept = await run("sweep", "--json", "-c", config)
    cleared = await run("keep-awake", "shop", "--clear", "--json", "-c", config)
    again = await run("sweep", "--json", "-c", config)

    assert kept.status == 0, kept.err
    assert timedelta(minutes=119) < read(kept.document["kept_until"]) - datetime.now(UTC) <= timedelta(hours=2)
    assert (kept.document["service"], kept.document["asleep"], kept.document["woken"]) == ("shop", False, False)
    assert "shop stays awake until 20" in kept.err
    assert "kept awake until" in swept.document["decisions"][0]["reason"]
    assert cleared.document["kept_until"] is None
    assert "no longer" in cleared.err
    assert again.document["decisions"][0]["slept"] is True


async def test_what_sleeps_is_not_woken_and_told_so(world: World) -> None:
    await world.create("shop")
    config = str(world.configure({"shop": {}}))
    until = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT18:00+01:00")

    kept = await run("keep-awake", "shop", "--until", until, "--json", "-c", config)

    assert kept.status == 0, kept.err
    assert read(kept.document["kept_until"]) == read(until)
    assert (kept.document["asleep"], kept.document["woken"]) == (True, False)
    assert f"shop sleeps; its next wake will last until {until[:10]} 18:00 UTC+01:00" in kept.err
    assert (await world.calls())["UpdateService"] == 0


async def test_what_sleeps_is_woken_when_asked_to(world: World) -> None:
    await world.create("shop")
    config = str(world.configure({"shop": {}}))

    kept = await run("keep-awake", "shop", "--for", "2h", "--wake", "--json", "-c", config)

    assert kept.document["woken"] is True
    assert "is being woken and will stay awake until" in kept.err
    assert (await world.describe("shop"))["desiredCount"] == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Say exactly one of --for"),
        (("--for", "2h", "--clear"), "Say exactly one of --for"),
        (("--for", "2h", "--until", "2099-12-01T18:00Z"), "Say exactly one of --for"),
        (("--clear", "--wake"), "nothing to --wake"),
        (("--for", "2 hours"), '"2 hours" is no duration'),
        (("--for", "400d"), "more than 366 days ahead"),
        (("--until", "2026-12-01T18:00"), "has no offset"),
        (("--until", "2020-12-01T18:00Z"), "is past"),
        (("--until", ""), "is no instant"),
    ],
)
async def test_what_makes_no_sense_leaves_with_2_and_the_remedy(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    config = tmp_path / "wakeproxy.yaml"
    config.write_text("aws: {region: eu-central-1}\nservices: {shop: {hosts: [shop.example.com]}}\n")

    told = await run("keep-awake", "shop", *arguments, "-c", str(config))

    assert (told.status, told.out) == (2, "")
    assert sentence in told.err


async def test_a_service_that_is_not_there_leaves_with_4(world: World) -> None:
    config = str(world.configure({"gone": {}}))

    gone = await run("keep-awake", "gone", "--for", "2h", "-c", config)
    unknown = await run("keep-awake", "shop", "--for", "2h", "-c", config)

    assert (gone.status, unknown.status) == (4, 4)
    assert "ECS knows no service apps/gone" in gone.err
    assert "there are: gone" in unknown.err
