"""A service that needs others, before visitors: they see each, wait for all, and keep all awake."""

import json

from tests.front.conftest import BROWSER, PROGRAM, make_service, open_site
from wakeproxy.core.names import ServiceName
from wakeproxy.sandbox import Fault, Sandbox

SHOP = make_service("shop", needs=(ServiceName("db"),))
DB = make_service("db", hosts=(), display_name="The database")


def raised(sandbox: Sandbox) -> list[str]:
    """The services whose desired count was raised, in order."""
    updates = [call.params for call in sandbox.calls if call.operation == "UpdateService"]
    return [update["service"] for update in updates if update["desiredCount"]]


async def test_a_held_request_waits_for_both_and_gets_the_app(sandbox: Sandbox) -> None:
    for name in ("shop", "db"):
        sandbox.create_service(name)
    async with open_site(sandbox, SHOP, DB) as site:
        answer = await site.ask("shop", "/api/echo", *PROGRAM)

    assert answer.status == 200
    assert raised(sandbox) == ["db", "shop"]


async def test_the_page_and_the_status_tell_of_each(sandbox: Sandbox) -> None:
    for name in ("shop", "db"):
        sandbox.create_service(name)
    sandbox.faults.add(Fault(kind="capacity", target="apps/db", times=None))
    async with open_site(sandbox, SHOP, DB) as site:
        await site.ask("shop", "/", *BROWSER)
        told = await site.until("shop", lambda told: told["needs"] and told["needs"][0]["reason"])
        page = await site.ask("shop", "/", *BROWSER)

    [need] = told["needs"]
    assert (need["service"], need["display_name"], need["phase"]) == ("db", "The database", "WAKING")
    assert (told["phase"], told["stage"]) == ("WAKING", "requested")
    assert "no free Fargate capacity" in need["reason"]
    assert b'<bdi class="label">The database</bdi>' in page.body
    assert raised(sandbox) == ["db"]


async def test_a_need_that_fails_is_told_to_who_waits_for_the_service(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    sandbox.create_service("db", image="registry.example/no-such-image:1")
    async with open_site(sandbox, SHOP, DB) as site:
        answer = await site.ask("shop", "/api/echo", *PROGRAM)

    assert answer.status == 503
    assert json.loads(answer.body)["detail"].startswith("It needs The database, which could not be woken: The image")
