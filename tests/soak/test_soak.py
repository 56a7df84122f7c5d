"""Half a minute of the soak; ``python -m tests.soak --minutes M`` goes on for longer."""

from pathlib import Path

import pytest

from tests.soak.judging import judge
from tests.soak.running import run_soak


@pytest.mark.timeout(180)
async def test_visitors_get_every_byte_while_tasks_are_replaced_and_the_service_sleeps(tmp_path: Path) -> None:
    soak = await run_soak(tmp_path, seconds=20, every=9)

    assert {what for _, what in soak.disturbances} == {"replacement", "sleep"}
    judge(soak)
