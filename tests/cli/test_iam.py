"""Policies as the command prints them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.running import run
from tests.world import World

AWS = {"region": "eu-central-1", "cluster": "apps"}


def write(folder: Path, aws: Mapping[str, Any], *services: str) -> str:
    """Write a config that nobody needs AWS for."""
    config = {"aws": aws, "services": {name: {"hosts": [f"{name}.example.com"]} for name in services}}
    path = folder / "wakeproxy.yaml"
    path.write_text(yaml.safe_dump(config))
    return str(path)


async def test_the_account_is_that_of_the_credentials(world: World) -> None:
    told = await run("iam", "-c", str(world.configure({"shop": {}})))

    assert told.status == 0, told.err
    assert told.document["Statement"][0]["Resource"] == ["arn:aws:ecs:eu-central-1:123456789012:service/apps/shop"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--account", "1234"), '"1234" is no AWS account; write its number of 12 digits.'),
        (("deploy", "--account", "210987654321", "--pass-role", "shop"), '"shop" is no role\'s ARN'),
        (("nobody",), "is not one of 'front', 'wake', 'sleep', 'deploy'"),
    ],
)
async def test_what_makes_no_sense_is_refused(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    told = await run("iam", *arguments, "-c", write(tmp_path, AWS, "shop"))

    assert (told.status, told.out) == (2, "")
    assert sentence in told.err


async def test_a_role_that_is_assumed_tells_the_account_and_nobody_is_asked(tmp_path: Path) -> None:
    aws = {**AWS, "role_arn": "arn:aws:iam::210987654321:role/wakeproxy", "endpoint_url": "http://127.0.0.1:9"}
    told = await run("iam", "sleep", "-c", write(tmp_path, aws, "shop"))

    assert told.document["Statement"][0]["Resource"] == ["arn:aws:ecs:eu-central-1:210987654321:service/apps/shop"]


async def test_a_policy_too_long_for_a_role_is_told(tmp_path: Path) -> None:
    services = [f"shop-{number}" for number in range(200)]
    told = await run("iam", "--account", "123456789012", "-c", write(tmp_path, AWS, *services))

    assert len(told.document["Statement"][0]["Resource"]) == 200
    assert "and a role's may have 10240" in told.err
