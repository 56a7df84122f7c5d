"""Function URLs are served to whom the function's policy lets in."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.sandbox.clients import Aws
from tests.sandbox.functions import Functions
from tests.sandbox.visiting import Site
from wakeproxy.sandbox import Sandbox

ECHO = """
def handler(event, context):
    if event["rawQueryString"] == "raise":
        raise ValueError("no")
    return {"statusCode": 200, "body": event["rawPath"]} if event["rawQueryString"] else event
"""


@dataclass(frozen=True)
class Url:
    """A function with a URL."""

    functions: Functions
    site: Site


@pytest.fixture(scope="module")
def url() -> Iterator[Url]:
    with Sandbox() as sandbox:
        aws = Aws(sandbox)
        functions = Functions(aws)
        functions.make("echo", ECHO)
        made = aws.client("lambda").create_function_url_config(FunctionName="echo", AuthType="NONE")
        name = made["FunctionUrl"].split("//")[1].split(".")[0]
        yield Url(functions, Site(sandbox, f"{name}.lambda-url.eu-central-1.localhost"))
        aws.close()


def test_it_is_closed_until_the_policy_opens_it(url: Url) -> None:
    refused = url.site.get("/")
    assert (refused.status, refused.json) == (403, {"Message": "Forbidden"})
    url.functions.aws.client("lambda").add_permission(
        FunctionName="echo",
        StatementId="public",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    assert url.site.get("/").status == 200


def test_the_path_stays_raw_and_an_unsaid_type_is_json(url: Url) -> None:
    event = url.site.get("/a%20b").json
    assert event["rawPath"] == "/a%20b"
    assert event["routeKey"] == "$default"
    assert event["requestContext"]["domainName"] == url.site.host
    assert url.site.get("/?x").header("content-type") == "application/json"


def test_failures_and_limits(url: Url) -> None:
    answer = url.site.get("/?raise")
    assert (answer.status, answer.body) == (502, b"Internal Server Error")
    large = url.site.ask("POST", "/", headers=[("Content-Type", "text/plain")], body=b"x" * (6 * 1024 * 1024))
    assert large.status == 413
    client = url.functions.aws.client("lambda")
    client.put_function_concurrency(FunctionName="echo", ReservedConcurrentExecutions=0)
    assert url.site.get("/").status == 429
    client.delete_function_concurrency(FunctionName="echo")


def test_with_iam_it_wants_a_signature(url: Url) -> None:
    url.functions.aws.client("lambda").update_function_url_config(FunctionName="echo", AuthType="AWS_IAM")
    assert url.site.get("/").status == 403
    headers = url.site.signed("lambda", "/", ("any", "any"))
    event = url.site.get("/", *headers).json
    assert event["requestContext"]["authorizer"]["iam"]["accessKey"] == "any"
