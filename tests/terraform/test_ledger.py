"""The table that Terraform makes is the ledger that wakeproxy works with."""

import json
from pathlib import Path

from tests.terraform.cli import MODULES, Terraform
from tests.world import run_sandbox


async def test_the_table_is_made_once_and_leaves_nothing(tmp_path: Path) -> None:
    async with run_sandbox(tmp_path) as world:
        keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_EC2_METADATA_DISABLED": "true"}
        terraform = Terraform.copy(
            MODULES / "modules/ledger", tmp_path, AWS_ENDPOINT_URL=world.url, AWS_REGION="eu-central-1", **keys
        )
        terraform.run("apply", "-auto-approve", "-input=false")
        assert json.loads(terraform.run("output", "-json"))["url"]["value"] == "dynamodb://wakeproxy"
        assert "No changes." in terraform.run("plan", "-input=false")
        assert "1 destroyed" in terraform.run("destroy", "-auto-approve", "-input=false")
