"""Whatever comes in, a result comes out."""

import asyncio
import json
from typing import Any

from hypothesis import given, settings

from tests.serverless.running import SHOP, run_lambda
from tests.serverless.test_events import BENT, JSON, ODD


@settings(max_examples=100, deadline=None)
@given(event=JSON | BENT | ODD)
def test_every_event_gets_a_result_and_none_is_a_defect(event: Any) -> None:
    async def ask() -> Any:
        return await run_lambda(SHOP).ask(event, seconds=0.0)

    result = json.loads(json.dumps(asyncio.run(ask())))

    assert 200 <= result["statusCode"] < 600
    assert result["statusCode"] != 500
    assert isinstance(result["body"], str)
