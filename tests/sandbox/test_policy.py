"""Who may invoke a function, by its resource policy."""

from typing import Any

import pytest

from wakeproxy.sandbox.lambdas.function import Function
from wakeproxy.sandbox.lambdas.policy import INVOKE_URL, Caller, is_permitted

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:wake"
API = "arn:aws:execute-api:eu-central-1:123456789012:abc/$default/GET/pets/{id}"


def statement(**changed: Any) -> dict[str, Any]:
    told = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": ARN}
    return {**told, "Principal": {"Service": "apigateway.amazonaws.com"}, **changed}


def like(pattern: str) -> dict[str, Any]:
    return {"Condition": {"ArnLike": {"AWS:SourceArn": pattern}}}


def is_let_in(*statements: dict[str, Any], caller: Caller | None = None, arn: str = ARN) -> bool:
    function = Function(
        name="wake",
        region="eu-central-1",
        version="$LATEST",
        invoked_arn=arn,
        runtime="python3.11",
        handler="app.handler",
        role="",
        memory=128,
        timeout=3,
        variables={},
        code=b"",
        digest="",
        layers=[],
        reserved=None,
        retries=2,
        statements=statements,
    )
    return is_permitted(function, caller or Caller(principal="apigateway.amazonaws.com", source_arn=API))


@pytest.mark.parametrize(
    "allowing",
    [
        statement(),
        statement(Action=["lambda:*"]),
        statement(Principal="*"),
        statement(Resource="*:*:*:*:*:*"),
        statement(**like("arn:aws:execute-api:eu-central-1:123456789012:abc/*/*")),
        statement(**like("arn:aws:execute-api:*:*:abc/$default/GET/*")),
        statement(**like(API)),
        statement(Condition={"StringEquals": {"AWS:SourceAccount": "123456789012"}}),
        statement(Condition={"StringLike": {"aws:SourceArn": "*:abc/*"}}),
        statement(Condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}),
    ],
)
def test_a_statement_lets_in_whom_it_describes(allowing: dict[str, Any]) -> None:
    assert is_let_in(allowing)


@pytest.mark.parametrize(
    "other",
    [
        statement(Effect="Deny"),
        statement(Action="lambda:GetFunction"),
        statement(Principal={"Service": "events.amazonaws.com"}),
        statement(Resource=f"{ARN}:live"),
        statement(**like("arn:aws:execute-api:eu-central-1:123456789012:other/*/*")),
        statement(**like("arn:aws:execute-api:eu-central-1:123456789012:abc/*/POST/*")),
        statement(**like("arn:aws:*")),
        statement(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
        statement(Condition={"NumericEquals": {"aws:SourceArn": API}}),
    ],
)
def test_a_statement_of_others_lets_nobody_in(other: dict[str, Any]) -> None:
    assert not is_let_in(other)


def test_nothing_said_is_no() -> None:
    assert not is_let_in()


def test_a_denial_wins() -> None:
    assert not is_let_in(statement(), statement(Effect="Deny", Principal="*"))


def test_an_alias_has_statements_of_its_own() -> None:
    assert is_let_in(statement(Resource=f"{ARN}:live"), arn=f"{ARN}:live")
    assert not is_let_in(statement(), arn=f"{ARN}:live")


def test_a_function_url_is_public_by_its_own_action_and_type() -> None:
    visitor = Caller(principal="*", action=INVOKE_URL, url_auth="NONE")
    public = statement(Principal="*", Action=INVOKE_URL)
    assert is_let_in({**public, "FunctionUrlAuthType": "NONE"}, caller=visitor)
    assert is_let_in({**public, "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}}, caller=visitor)
    assert not is_let_in({**public, "FunctionUrlAuthType": "AWS_IAM"}, caller=visitor)
    assert not is_let_in(statement(Principal="*"), caller=visitor)
