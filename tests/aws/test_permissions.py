"""Who calls, and what IAM's simulator says of it; moto has none, so an answer of AWS's own shape is served here."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from wakeproxy.aws.access import Others
from wakeproxy.aws.clients import Access, open_clients
from wakeproxy.aws.permissions import AwsPermissions, Caller
from wakeproxy.core.permissions import Question, Verdict
from wakeproxy.errors import AccessDeniedError, FleetError
from wakeproxy.sandbox import Fault, Sandbox

ACCOUNT = "123456789012"
SESSION = Caller(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/front/i-0a1b2c")
FRONT = f"arn:aws:iam::{ACCOUNT}:role/front"
SHOP, BLOG = (f"arn:aws:ecs:eu-central-1:{ACCOUNT}:service/apps/{name}" for name in ("shop", "blog"))
QUESTION = Question("Services", ("ecs:UpdateService",), (SHOP, BLOG), {"ecs:cluster": "arn:cluster"})


@pytest.fixture
def permissions(others: Others) -> AwsPermissions:
    return AwsPermissions(others)


async def test_everybody_is_told_who_he_is(permissions: AwsPermissions) -> None:
    caller = await permissions.read_caller()

    assert caller.account == ACCOUNT
    assert caller.arn.startswith("arn:aws:sts::123456789012:")


async def test_a_user_is_simulated_as_he_is(permissions: AwsPermissions, sandbox: Sandbox) -> None:
    user = f"arn:aws:iam::{ACCOUNT}:user/ana"
    sandbox.clear_calls()

    assert await permissions.find_entity(Caller(ACCOUNT, user)) == user
    assert not sandbox.calls


async def test_a_session_is_simulated_as_its_role_with_its_path(others: Others, permissions: AwsPermissions) -> None:
    iam = await others.get("iam")
    await iam.create_role(RoleName="front", Path="/team/", AssumeRolePolicyDocument="{}")

    assert await permissions.find_entity(SESSION) == f"arn:aws:iam::{ACCOUNT}:role/team/front"


async def test_a_role_that_may_not_be_looked_up_is_taken_to_have_no_path(
    permissions: AwsPermissions, sandbox: Sandbox
) -> None:
    sandbox.faults.add(Fault(kind="error", operation="GetRole", code="AccessDenied"))

    assert await permissions.find_entity(SESSION) == FRONT


async def test_the_root_is_not_simulated(permissions: AwsPermissions) -> None:
    with pytest.raises(FleetError, match="users and roles only"):
        await permissions.find_entity(Caller(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"))


async def test_where_there_is_no_simulator_nobody_waits_for_it(permissions: AwsPermissions, sandbox: Sandbox) -> None:
    sandbox.clear_calls()

    with pytest.raises(FleetError, match="simulate what these credentials may do"):
        await permissions.simulate(FRONT, [QUESTION])
    assert len(sandbox.calls) == 1


async def test_who_may_not_simulate_is_told_so(permissions: AwsPermissions, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="error", operation="SimulatePrincipalPolicy", code="AccessDenied"))

    with pytest.raises(AccessDeniedError, match="does not allow to simulate"):
        await permissions.simulate(FRONT, [QUESTION])


class ToySimulator:
    """One result to a page: the first resource is allowed, the second is not."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.Response:
        form = {key: values[0] for key, values in parse_qs(await request.text()).items()}
        self.asked.append(form)
        is_second = "Marker" in form
        resource = form[f"ResourceArns.member.{2 if is_second else 1}"]
        return web.Response(
            content_type="text/xml",
            text=f"""
            <SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
              <SimulatePrincipalPolicyResult>
                <IsTruncated>{str(not is_second).lower()}</IsTruncated>{"" if is_second else "<Marker>next</Marker>"}
                <EvaluationResults><member>
                  <EvalActionName>{form["ActionNames.member.1"]}</EvalActionName>
                  <EvalResourceName>{resource}</EvalResourceName>
                  <EvalDecision>{"implicitDeny" if is_second else "allowed"}</EvalDecision>
                  <MatchedStatements/><MissingContextValues/>
                </member></EvaluationResults>
              </SimulatePrincipalPolicyResult>
              <ResponseMetadata><RequestId>1cdb5b0a-4c15-11e5-b121-bd8c7EXAMPLE</RequestId></ResponseMetadata>
            </SimulatePrincipalPolicyResponse>""",
        )


@pytest.fixture
async def simulator() -> AsyncIterator[tuple[AwsPermissions, ToySimulator]]:
    toy = ToySimulator()
    app = web.Application()
    app.router.add_post("/", toy.answer)
    async with TestServer(app) as server:
        access = Access("eu-central-1", str(server.make_url("/")), takes_any_keys=True)
        async with open_clients(access) as opened:
            assert opened.others is not None
            yield AwsPermissions(opened.others), toy


async def test_every_page_of_an_answer_is_read(simulator: tuple[AwsPermissions, ToySimulator]) -> None:
    permissions, toy = simulator

    verdicts = await permissions.simulate(FRONT, [QUESTION])

    assert verdicts == [
        Verdict("Services", "ecs:UpdateService", SHOP, is_allowed=True),
        Verdict("Services", "ecs:UpdateService", BLOG, is_allowed=False),
    ]
    assert len(toy.asked) == 2
    assert toy.asked[0]["PolicySourceArn"] == FRONT
    assert toy.asked[0]["ContextEntries.member.1.ContextKeyName"] == "ecs:cluster"
    assert toy.asked[0]["ContextEntries.member.1.ContextKeyValues.member.1"] == "arn:cluster"
