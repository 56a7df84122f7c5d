"""Everything applied once, with the real provider and the real Lambdas: the serverless form from end to end.

The tests are one story: asleep, visited, in use, idle, visited again, and gone. Neither waking nor sleeping is drift.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from playwright.async_api import Browser, expect

from tests.cli.running import run
from tests.terraform.applied import APPLY, Stack
from tests.terraform.cli import ROOT
from tests.terraform.stack import ACCOUNT, CASES, REGION, WEEKEND
from tests.world import BROWSER, PROGRAM, share_sandbox, visit
from wakeproxy.cli.app import wakeproxy

pytestmark = pytest.mark.timeout(600)  # providers start slowly, and poll every ten seconds


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with share_sandbox() as url:
        yield Stack(url, tmp_path_factory.mktemp("stack"))


@pytest.mark.parametrize(("name", "role"), [(name, str(role)) for name, case in CASES.items() for role in case.roles])
def test_a_policy_is_what_the_command_prints(stack: Stack, tmp_path: Path, name: str, role: str) -> None:
    case = CASES[name]
    config = tmp_path / "wakeproxy.yaml"
    config.write_text(yaml.safe_dump({"aws": {"region": REGION}, **case.config}))
    more = case.arguments if role == "deploy" else ()

    told = CliRunner().invoke(wakeproxy, ["iam", role, "-c", str(config), "--account", ACCOUNT, *more])

    assert json.loads(told.stdout) == json.loads(stack.outputs[f"{name}_{role}"])


def test_routes_are_those_of_the_contract(stack: Stack) -> None:
    (api,) = stack.client("apigatewayv2").get_apis()["Items"]
    found = stack.client("apigatewayv2").get_routes(ApiId=api["ApiId"])["Items"]
    contract = yaml.safe_load((ROOT / "infra/openapi-wake.yaml").read_text())

    keys = {one["RouteKey"].split()[-1].removeprefix("/") for one in found}  # $default has no slash in AWS
    assert keys == {path.removeprefix("/") for path in contract["paths"]}


def test_everything_that_can_have_tags_has_them(stack: Stack) -> None:
    state = json.loads(stack.terraform.run("state", "pull"))
    tags = {
        f"{one.get('module')}.{one['type']}.{one['name']}": instance["attributes"]["tags"] or {}
        for one in state["resources"]
        if one["mode"] == "managed" and one.get("module", "").startswith(("module.wakeproxy", "module.api"))
        for instance in one["instances"]
        if "tags" in instance["attributes"]
    }

    assert len(tags) > 25
    assert [name for name, found in tags.items() if found.get("part-of") != "wakeproxy"] == []


async def test_what_is_asleep_is_told_of_and_guarded(stack: Stack) -> None:
    async with visit() as session:
        refused = [
            (await session.request(method, f"{stack.api}{path}", headers=PROGRAM)).status
            for method, path in (("POST", "/wake/shop"), ("POST", "/sleep/shop"), ("GET", "/status/shop"))
        ]
        looked = await (await session.get(f"{stack.api}/.wakeproxy/status")).json()
        refused.append((await session.get(await stack.find_url("function"))).status)
        admitted = await stack.order(session, "GET", "/status/shop")

    assert refused == [403, 403, 403, 403]
    assert looked["phase"] == "ASLEEP"
    assert (admitted[0], admitted[1]["phase"]) == (200, "ASLEEP")
    assert stack.desired_count() == 0


@pytest.mark.chromium
async def test_a_browser_sees_the_page_and_lands_in_the_app_at_its_own_address(stack: Stack, browser: Browser) -> None:
    page = await browser.new_page()

    answer = await page.goto(f"{stack.api}/some/path?x=1&y=a%20b")

    assert answer
    assert answer.status == 503
    assert "% shop is waking</title>" in await answer.text()
    await expect(page.locator("body")).to_contain_text("/some/path", timeout=60_000)
    (public,) = await stack.addresses()
    assert page.url == f"http://{public}:8080/some/path?x=1&y=a%20b"


async def test_whoever_comes_later_is_led_there_at_once(stack: Stack) -> None:
    (public,) = await stack.addresses()
    async with visit() as session:
        led = await session.get(f"{stack.api}/api/echo?x=1", headers=BROWSER, allow_redirects=False)

    assert (led.status, led.headers["Location"]) == (307, f"http://{public}:8080/api/echo?x=1")


async def test_commands_see_what_the_functions_did(stack: Stack) -> None:
    found = await run("status", "--json", **stack.environment, WAKEPROXY__DISCOVER__CLUSTERS='["wakeproxy"]')

    assert [(one["service"], one["phase"]) for one in found.document["services"]] == [
        ("shop", "AWAKE"),
        ("api", "ASLEEP"),
    ]
    assert found.document["disabled"] == []
    assert (await run("check", "--json", **stack.environment)).document["findings"] == []


def test_neither_a_wake_nor_a_rollout_is_drift(stack: Stack) -> None:
    _roll_out(stack)

    assert "No changes." in stack.terraform.run("plan", "-input=false")


def _roll_out(stack: Stack) -> None:
    """Register another revision, and have the service run it, as a rollout does."""
    ecs = stack.client("ecs")
    known = ecs.describe_task_definition(taskDefinition="shop")["taskDefinition"]
    kept = ("family", "networkMode", "cpu", "memory", "requiresCompatibilities", "containerDefinitions")
    made = ecs.register_task_definition(**{key: known[key] for key in kept})["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster="wakeproxy", service="shop", taskDefinition=made)


async def test_the_schedule_puts_to_sleep_what_nobody_uses(stack: Stack) -> None:
    fired = await stack.world.control("POST", "fire", {"name": "wakeproxy-sleep"})
    assert [each["answer"]["ok"] for each in fired["fired"]] == [True]
    called = await stack.world.control("POST", "fire", {"name": WEEKEND})
    assert [each["answer"]["ok"] for each in called["fired"]] == [True]
    assert stack.desired_count() == 1

    stack.let_pass(timedelta(hours=1))

    await stack.falls_asleep()


async def test_a_program_is_held_and_led_to_the_app(stack: Stack) -> None:
    async with visit() as session, session.post(f"{stack.api}/api/echo?x=1", data=b"kept", headers=PROGRAM) as answer:
        told = await answer.text()

    assert [one.status for one in answer.history] == [307]
    assert answer.url.path_qs == "/api/echo?x=1"
    assert "kept" in told


async def test_operators_put_to_sleep_by_the_api_and_wake_by_the_command(stack: Stack) -> None:
    async with visit() as session:
        slept, _ = await stack.order(session, "POST", "/sleep/shop?force=1")
    assert slept < 300
    assert stack.desired_count() == 0

    woken = await run("wake", "shop", "--wait", "--json", **stack.environment)

    assert woken.status == 0, woken.err
    assert woken.document["services"][0]["phase"] == "AWAKE"


async def test_destroy_leaves_nothing_even_of_what_is_awake(stack: Stack) -> None:
    assert stack.desired_count() == 1

    stack.terraform.run("destroy", *APPLY, "-refresh=false")

    left = stack.list_all()
    rolled_out = left.pop("definitions")
    assert [arn.rpartition("/")[2] for arn in rolled_out] == ["shop:2"]  # which Terraform never knew
    assert left == {kind: found for kind, found in stack.before.items() if kind != "definitions"}
    assert (await stack.world.control("GET", "urls"))["urls"] == []
