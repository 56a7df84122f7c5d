"""HTTP APIs are served as they were applied: routes, stages, limits, authorisation, the event and the answer."""

import base64
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.clients import Aws, Json
from tests.sandbox.functions import Functions
from tests.sandbox.visiting import Answer, Site
from wakeproxy.sandbox import Sandbox
from wakeproxy.sandbox.gateway.routes import match_route

ECHO = """
import json, time
def handler(event, context):
    command = (event.get("queryStringParameters") or {}).get("reply")
    if command == "raise":
        raise ValueError("no")
    if command == "sleep":
        time.sleep(20)
    return json.loads(command) if command else event
"""
UNSIGNED = [
    ("GET", "/"),
    ("GET", "/pets/{id}"),
    ("ANY", "/files/{path+}"),
    ("GET", "/pets/best"),
    ("POST", "/pets/{id}"),
]


def integration(arn: str, **options: Any) -> Json:
    uri = f"arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    return {"type": "aws_proxy", "httpMethod": "POST", "uri": uri, "payloadFormatVersion": "2.0", **options}


def definition(arn: str, **more: Json) -> str:
    """As terraform sends one: references, inline schemas, parameters beside the methods, authorisation."""
    shared = {"x-amazon-apigateway-integration": {"$ref": "#/components/x-amazon-apigateway-integrations/echo"}}
    schema = {"schema": {"type": "object", "properties": {"id": {"type": "string"}}}}
    described = {**shared, "responses": {"200": {"description": "fine", "content": {"application/json": schema}}}}
    paths: dict[str, Json] = {"/$default": {"x-amazon-apigateway-any-method": described}}
    for method, path in UNSIGNED:
        verb = "x-amazon-apigateway-any-method" if method == "ANY" else method.lower()
        paths.setdefault(path, {"parameters": [], "summary": "of " + path})[verb] = described
    paths["/wake/{service}"] = {"post": {**shared, "x-amazon-apigateway-auth": {"type": "AWS_IAM"}}}
    paths["/slow"] = {"get": {"x-amazon-apigateway-integration": integration(arn, timeoutInMillis=100)}}
    info = {"title": "echo", "version": "7", "description": "tells"}
    components = {"x-amazon-apigateway-integrations": {"echo": integration(arn)}}
    return json.dumps({"openapi": "3.0.1", "info": info, "paths": paths | more, "components": components})


class Api:
    """An API as terraform makes it, and its function."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.aws = Aws(sandbox)
        self.gateway = self.aws.client("apigatewayv2")
        self.functions = Functions(self.aws)
        self.arn = self.functions.make("echo", ECHO)
        self.id: str = self.gateway.create_api(Name="echo", ProtocolType="HTTP")["ApiId"]
        self.gateway.create_stage(ApiId=self.id, StageName="$default", AutoDeploy=True)
        self.gateway.create_stage(ApiId=self.id, StageName="dev", AutoDeploy=True, StageVariables={"a": "b"})
        self.gateway.create_stage(ApiId=self.id, StageName="later")
        self.gateway.reimport_api(ApiId=self.id, Body=definition(self.arn))
        self.permit()
        self.site = Site(sandbox, f"{self.id}.execute-api.eu-central-1.localhost:1")

    def permit(self) -> None:
        self.aws.client("lambda").add_permission(
            FunctionName="echo",
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:eu-central-1:123456789012:{self.id}/*/*",
        )

    def event(self, path: str, *headers: tuple[str, str], method: str = "GET", body: bytes = b"") -> Json:
        answer = self.site.ask(method, path, headers=headers, body=body)
        assert answer.status == 200, answer
        event: Json = answer.json
        return event

    def reply(self, reply: object) -> Answer:
        return self.site.get("/?reply=" + base64_free(json.dumps(reply)))


def base64_free(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with Sandbox() as sandbox:
        made = Api(sandbox)
        yield made
        made.aws.close()


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/", "GET /", {}),
        ("GET", "/pets/best", "GET /pets/best", {}),
        ("GET", "/pets/7", "GET /pets/{id}", {"id": "7"}),
        ("POST", "/pets/best", "POST /pets/{id}", {"id": "best"}),
        ("DELETE", "/pets/7", "$default", {}),
        ("GET", "/pets/7/toys", "$default", {}),
        ("PUT", "/files/a/b.txt", "ANY /files/{path+}", {"path": "a/b.txt"}),
        ("PUT", "/files/", "$default", {}),
        ("PUT", "/files/special", "PUT /files/{path+}", {"path": "special"}),
    ],
)
def test_the_most_specific_route_takes_a_request(method: str, path: str, key: str, parameters: dict[str, str]) -> None:
    keys = [*(f"{verb} {pattern}" for verb, pattern in UNSIGNED), "$default"]
    keys += ["PUT /files/{path+}"] if path == "/files/special" else []
    match = match_route(keys, method, path)
    assert match is not None
    assert (match.key, match.parameters) == (key, parameters)


def test_without_a_route_there_is_no_match() -> None:
    assert match_route(["GET /a"], "GET", "/b") is None


def test_a_function_gets_the_request_in_format_2(api: Api) -> None:
    headers = [("X-Two", "1"), ("x-two", "2"), ("Cookie", "a=1; b=2"), ("User-Agent", "test"), ("Accept", "*/*")]
    event = api.event("/pets/7?x=1&x=%20&y=", *headers)
    assert event["version"] == "2.0"
    assert event["routeKey"] == event["requestContext"]["routeKey"] == "GET /pets/{id}"
    assert event["pathParameters"] == {"id": "7"}
    assert event["rawQueryString"] == "x=1&x=%20&y="
    assert event["queryStringParameters"] == {"x": "1, ", "y": ""}
    assert event["headers"]["x-two"] == "1,2"
    assert event["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in event["headers"]
    assert event["headers"]["x-forwarded-for"] == "127.0.0.1"
    context = event["requestContext"]
    assert context["domainName"] == f"{api.id}.execute-api.eu-central-1.localhost"
    assert (context["domainPrefix"], context["apiId"], context["stage"]) == (api.id, api.id, "$default")
    assert context["http"]["method"] == "GET"
    assert context["http"]["userAgent"] == "test"
    assert not event["isBase64Encoded"]
    assert "body" not in event


def test_the_path_arrives_decoded(api: Api) -> None:
    event = api.event("/files/a%20b/%C3%BC%2Fc")
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/files/a b/ü/c"
    assert event["pathParameters"] == {"path": "a b/ü/c"}


@pytest.mark.parametrize(
    ("content_type", "body", "is_encoded"),
    [
        ("application/json", b"{}", False),
        ("text/plain; charset=utf-8", "ü".encode(), False),
        ("text/plain", b"\xff", True),
        ("application/x-www-form-urlencoded", b"a=1", True),
        ("application/octet-stream", b"\0", True),
        ("", b"a", True),
    ],
)
def test_all_but_text_arrives_in_base64(api: Api, content_type: str, body: bytes, is_encoded: bool) -> None:  # noqa: FBT001
    headers = [("Content-Type", content_type)] if content_type else []
    event = api.event("/pets/1", *headers, method="POST", body=body)
    assert event["isBase64Encoded"] is is_encoded
    assert (base64.b64decode(event["body"]) if is_encoded else event["body"].encode()) == body


def test_stages_are_served_under_their_names(api: Api) -> None:
    event = api.event("/dev/pets/7")
    assert (event["rawPath"], event["requestContext"]["stage"]) == ("/dev/pets/7", "dev")
    assert event["stageVariables"] == {"a": "b"}
    assert event["pathParameters"] == {"id": "7"}
    assert api.site.get("/later/pets/7").status == 404


def test_a_structured_answer_is_sent_as_it_is(api: Api) -> None:
    headers = {"content-type": "text/html", "X-Number": 3, "Connection": "close", "Content-Length": "99"}
    answer = api.reply({"statusCode": 201, "headers": headers, "cookies": ["a=1; Path=/", "b=2"], "body": "ü"})
    assert (answer.status, answer.body.decode()) == (201, "ü")
    assert answer.all("content-type") == ["text/html"]
    assert (answer.header("x-number"), answer.header("content-length")) == ("3", "2")
    assert answer.all("set-cookie") == ["a=1; Path=/", "b=2"]
    assert answer.header("apigw-requestid")


def test_a_binary_answer_and_a_bodiless_one(api: Api) -> None:
    encoded = base64.b64encode(b"\0\xff").decode()
    assert api.reply({"statusCode": "200", "body": encoded, "isBase64Encoded": True}).body == b"\0\xff"
    answer = api.reply({"statusCode": 204})
    assert (answer.status, answer.body, answer.header("content-length")) == (204, b"", None)


def test_an_answer_without_a_status_is_json(api: Api) -> None:
    answer = api.reply({"hello": "world"})
    assert (answer.status, answer.json) == (200, {"hello": "world"})
    assert answer.header("content-type") == "application/json"
    assert api.reply({"statusCode": 200, "body": "x"}).header("content-type") == "text/plain;charset=UTF-8"


@pytest.mark.parametrize(
    "reply",
    [
        {"statusCode": "x"},
        {"statusCode": 99},
        {"statusCode": True},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "%", "isBase64Encoded": True},
        {"statusCode": 200, "headers": {"X": "a\r\nSet-Cookie: b=c"}},
        {"statusCode": 200, "headers": {"X Y": "a"}},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "cookies": [{}, "\n"]},
        {"statusCode": 200, "body": "\ud800"},
        {"statusCode": 200, "body": "ü", "isBase64Encoded": True},
        {"statusCode": "²00"},
        "\ud800",
        {"statusCode": 200, "cookies": ["a\n"]},
    ],
)
def test_a_malformed_answer_is_an_internal_error(api: Api, reply: object) -> None:
    answer = api.reply(reply)
    assert (answer.status, answer.json) == (500, {"message": "Internal Server Error"})
    assert answer.all("set-cookie") == []


def test_a_failing_function_is_an_internal_error(api: Api) -> None:
    answer = api.site.get("/?reply=raise")
    assert (answer.status, answer.json) == (500, {"message": "Internal Server Error"})


def test_a_slow_function_is_given_up(api: Api) -> None:
    answer = api.site.get("/slow?reply=sleep")
    assert (answer.status, answer.json) == (503, {"message": "Service Unavailable"})


def test_a_request_that_no_function_can_take_is_refused(api: Api) -> None:
    for size in (8 * 1024 * 1024, 10 * 1024 * 1024 + 1):
        answer = api.site.ask("POST", "/pets/1", headers=[("Content-Type", "text/plain")], body=b"x" * size)
        assert (answer.status, answer.json) == (413, {"message": "Request Entity Too Large"})


def test_a_throttled_function_is_unavailable(api: Api) -> None:
    client = api.aws.client("lambda")
    client.put_function_concurrency(FunctionName="echo", ReservedConcurrentExecutions=0)
    assert api.site.get("/").status == 503
    client.delete_function_concurrency(FunctionName="echo")
    assert api.site.get("/").status == 200


def test_the_function_must_permit_it(api: Api) -> None:
    api.aws.client("lambda").remove_permission(FunctionName="echo", StatementId="api")
    answer = api.site.get("/")
    api.permit()
    assert (answer.status, answer.json) == (500, {"message": "Internal Server Error"})
    assert api.site.get("/").status == 200


def test_a_route_with_iam_wants_a_signature(api: Api) -> None:
    user = api.aws.client("iam").create_user(UserName="ops")["User"]
    key = api.aws.client("iam").create_access_key(UserName="ops")["AccessKey"]
    good, wrong = (key["AccessKeyId"], key["SecretAccessKey"]), (key["AccessKeyId"], "wrong")
    path, body = "/wake/a%20shop?x=1&a=%2F", b"{}"
    refused = api.site.ask("POST", path, body=body)
    assert (refused.status, refused.json) == (403, {"message": "Forbidden"})
    headers = api.site.signed("execute-api", path, good, body=body)
    event = api.site.ask("POST", path, headers=headers, body=body).json
    assert event["requestContext"]["authorizer"]["iam"]["userArn"] == user["Arn"]
    assert api.site.ask("POST", path, headers=headers, body=b"[]").status == 403
    for service, keys in (("execute-api", wrong), ("lambda", good)):
        headers = api.site.signed(service, path, keys, body=body)
        assert api.site.ask("POST", path, headers=headers, body=body).status == 403
    headers = api.site.signed("execute-api", path, ("any", "any"), body=body)
    assert api.site.ask("POST", path, headers=headers, body=body).status == 200


def test_a_stage_has_a_rate(api: Api) -> None:
    settings = {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 0.001}
    api.gateway.update_stage(ApiId=api.id, StageName="dev", DefaultRouteSettings=settings)
    answers = [api.site.get("/dev/pets/1") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[2].json == {"message": "Too Many Requests"}
    assert api.site.get("/pets/1").status == 200


def test_cors_is_the_gateways_to_answer(api: Api) -> None:
    allowed = {"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"], "AllowHeaders": ["x-y"], "MaxAge": 5}
    api.gateway.update_api(ApiId=api.id, CorsConfiguration=allowed)
    asked = [("Origin", "https://a.example"), ("Access-Control-Request-Method", "GET")]
    answer = api.site.ask("OPTIONS", "/pets/1", headers=asked)
    assert answer.status == 204
    assert answer.header("access-control-allow-origin") == "https://a.example"
    assert answer.header("access-control-allow-methods") == "GET"
    assert answer.header("access-control-max-age") == "5"
    assert api.site.get("/", asked[0]).header("access-control-allow-origin") == "https://a.example"
    assert api.site.get("/", ("Origin", "https://b.example")).header("access-control-allow-origin") is None
    api.gateway.delete_cors_configuration(ApiId=api.id)


def test_a_new_definition_replaces_the_routes_and_leaves_the_stages(api: Api) -> None:
    api.gateway.reimport_api(ApiId=api.id, Body=definition(api.arn, **{"/new": {}}))
    described = api.gateway.get_api(ApiId=api.id)
    assert (described["Name"], described["Version"], described["Description"]) == ("echo", "7", "tells")
    names = {stage["StageName"] for stage in api.gateway.get_stages(ApiId=api.id)["Items"]}
    assert names == {"$default", "dev", "later"}
    routes = {route["RouteKey"]: route for route in api.gateway.get_routes(ApiId=api.id)["Items"]}
    assert len(routes) == len(UNSIGNED) + 3
    assert routes["POST /wake/{service}"]["AuthorizationType"] == "AWS_IAM"
    assert api.site.get("/").status == 200


def test_a_wrong_definition_is_refused_with_its_reason(api: Api) -> None:
    for body, reason in (
        ("{", "malformed document"),
        ("{}", "openapi: 3.0.1"),
        (json.dumps({"openapi": "3.0.1", "info": {}}), "info.title is missing"),
        (definition(api.arn, **{"/x": {"get": {}}}), "No integration defined for method: GET /x"),
    ):
        with pytest.raises(ClientError, match=reason):
            api.gateway.reimport_api(ApiId=api.id, Body=body)
    assert api.site.get("/").status == 200


def test_an_imported_api_is_served(api: Api) -> None:
    made = api.gateway.import_api(Body=definition(api.arn))
    site = Site(api.site.sandbox, f"{made['ApiId']}.execute-api.eu-central-1.amazonaws.com")
    assert site.get("/").status == 404
    api.gateway.create_stage(ApiId=made["ApiId"], StageName="$default", AutoDeploy=True)
    assert site.get("/").status == 500, "its function permits another API only"


def test_what_is_no_api_is_not_found(api: Api) -> None:
    assert Site(api.site.sandbox, "nobody.execute-api.eu-central-1.localhost").get("/").status == 404
    assert Site(api.site.sandbox, "nobody.execute-api.mars-1.localhost").get("/").status == 404
    assert Site(api.site.sandbox, "nobody.lambda-url.mars-1.localhost").get("/").status == 404
    api.gateway.update_api(ApiId=api.id, DisableExecuteApiEndpoint=True)
    assert api.site.get("/").status == 404
    api.gateway.update_api(ApiId=api.id, DisableExecuteApiEndpoint=False)


def test_many_visitors_at_once_are_all_answered(api: Api) -> None:
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(api.site.get("/").status)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 8
