"""What ``wakeproxy check`` says of permissions, before the sandbox alone and with a policy simulator in front of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.cli.running import run
from tests.world import World

USER = "arn:aws:iam::123456789012:user/ana"
READY = {"ready": {"path": "/"}}
_IDENTITY = f"""
<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
  <Arn>{USER}</Arn><UserId>AIDA</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


def _simulation(form: dict[str, list[str]], may: Callable[[str], bool]) -> str:
    actions = [values[0] for key, values in form.items() if key.startswith("ActionNames.")]
    resources = [values[0] for key, values in form.items() if key.startswith("ResourceArns.")]
    results = "".join(
        f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>{resource}</EvalResourceName>"
        f"<EvalDecision>{'allowed' if may(action) else 'implicitDeny'}</EvalDecision></member>"
        for action in actions
        for resource in resources
    )
    return (
        '<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
        f"<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>{results}"
        "</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
    )


@asynccontextmanager
async def simulating(world: World, may: Callable[[str], bool]) -> AsyncIterator[World]:
    """The same world to a user of IAM's, of whom it is asked what he may."""

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        form = parse_qs(body.decode(errors="replace"))
        action = form.get("Action", [""])[0]
        if action == "GetCallerIdentity":
            return web.Response(content_type="text/xml", text=_IDENTITY)
        if action == "SimulatePrincipalPolicy":
            assert form["PolicySourceArn"] == [USER]
            return web.Response(content_type="text/xml", text=_simulation(form, may))
        headers = {key: value for key, value in request.headers.items() if key not in {"Host", "Content-Length"}}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{world.url}{request.path_qs}", data=body, headers=headers) as told,
        ):
            kept = {"Content-Type": told.headers["Content-Type"]}
            return web.Response(status=told.status, body=await told.read(), headers=kept)

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    async with TestServer(app) as server:
        yield replace(world, url=str(server.make_url("")).rstrip("/"))


async def test_that_permissions_were_not_checked_is_told_and_no_failure(world: World) -> None:
    await world.create("shop")

    told = await run("check", "-c", str(world.configure({"shop": READY})))

    assert (told.status, told.err) == (0, "Nothing is wrong.\n")
    assert told.out.startswith("info: permissions: They were not checked: IAM simulates users and roles only")


async def test_who_may_do_everything_lacks_nothing(world: World) -> None:
    await world.create("shop")

    async with simulating(world, lambda _: True) as allowed:
        told = await run("check", "-c", str(allowed.configure({"shop": READY})), "--json")

    assert (told.status, told.document) == (0, {"ok": True, "findings": [], "details": []})


async def test_what_is_not_allowed_is_an_error_with_its_statement_action_and_resource(world: World) -> None:
    await world.create("shop")

    async with simulating(world, lambda action: action != "ecs:UpdateService") as denied:
        told = await run("check", "-c", str(denied.configure({"shop": READY})))

    assert (told.status, told.err) == (1, "1 error\n")
    assert told.out == (
        f"permissions: {USER} is not allowed ecs:UpdateService on "
        "arn:aws:ecs:eu-central-1:123456789012:service/apps/shop; "
        "attach the statement Services of `wakeproxy iam front`.\n"
    )
