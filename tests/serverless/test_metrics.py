"""What CloudWatch reads out of a function's log."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from tests.serverless.arrivals import BROWSER, PROGRAM, http_event
from tests.serverless.running import SHOP, Lambda, run_lambda
from wakeproxy.core.service import Serve

pytestmark = pytest.mark.looptime(resolution=1e-9, noop_cycles=1)

LED = replace(SHOP, serve=Serve.REDIRECT)


def lines_with(here: Lambda, name: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, here.lines) if name in line]


async def test_a_request_is_one_line_that_names_its_dimensions_and_units() -> None:
    here = run_lambda(LED)

    await here.ask(http_event("GET", "/", BROWSER))

    (line,) = (json.loads(each) for each in here.lines)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "wakeproxy"
    assert directive["Dimensions"] == [["answer", "code", "service"]]
    assert directive["Metrics"] == [
        {"Name": "wakeproxy_requests_total", "Unit": "Count"},
        {"Name": "wakeproxy_request_seconds", "Unit": "Seconds"},
    ]
    assert (line["service"], line["answer"], line["code"]) == ("shop", "wait_page", "503")
    assert (line["wakeproxy_requests_total"], line["wakeproxy_request_seconds"]) == (1, pytest.approx(0.1, abs=0.1))
    assert "\n" not in here.lines[0]


async def test_a_wake_is_told_of_once_with_its_stages() -> None:
    here = run_lambda(LED)
    await here.ask(http_event("GET", "/", BROWSER))
    for _ in range(20):
        await here.ask(http_event("GET", "/.wakeproxy/status", PROGRAM))
        await asyncio.sleep(1)

    (wake,) = lines_with(here, "wakeproxy_wakes_total")
    assert (wake["service"], wake["outcome"], wake["wakeproxy_wakes_total"]) == ("shop", "awake", 1)
    spans = {line["stage"]: line["wakeproxy_wake_seconds"] for line in lines_with(here, "wakeproxy_wake_seconds")}
    assert spans.keys() == {"requested", "provisioning", "pulling", "starting", "running", "total"}
    assert spans["total"] == pytest.approx(sum(spans.values()) / 2)


async def test_calls_to_aws_are_told_of_when_they_fail() -> None:
    here = run_lambda(LED)
    here.calls.update({("ecs", "DescribeServices", "ok"): 3, ("ecs", "UpdateService", "throttled"): 2})

    await here.ask(http_event("GET", "/robots.txt", PROGRAM))
    await here.ask(http_event("GET", "/robots.txt", PROGRAM))

    (line,) = lines_with(here, "wakeproxy_aws_calls_total")
    assert (line["service_api"], line["operation"], line["outcome"]) == ("ecs", "UpdateService", "throttled")
    assert line["wakeproxy_aws_calls_total"] == 2


async def test_what_is_no_services_counts_for_none() -> None:
    here = run_lambda(LED)

    await here.ask(http_event("GET", "/", PROGRAM, host="other.example.com"))

    (line,) = lines_with(here, "wakeproxy_requests_total")
    assert (line["service"], line["answer"], line["code"]) == ("", "own", "404")
