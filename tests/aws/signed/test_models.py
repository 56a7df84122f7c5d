"""What is written down about AWS, beside the models that the client library is made from; nothing is called."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.model import Shape

from wakeproxy.aws.errors import StrangeAnswerError
from wakeproxy.aws.signed import services
from wakeproxy.aws.signed.connections import Answer
from wakeproxy.aws.signed.endpoints import Endpoint, find_endpoint, parse_endpoint
from wakeproxy.aws.signed.json_protocol import JsonProtocol
from wakeproxy.aws.signed.query_protocol import QueryProtocol, parse, read_instant
from wakeproxy.aws.signed.services import ServiceApi
from wakeproxy.aws.signed.signature import Keys, Post, Scope, sign
from wakeproxy.bootstrap import now
from wakeproxy.errors import AccessDeniedError

APIS = [one for one in vars(services).values() if isinstance(one, ServiceApi)]
NAMES = {
    services.SCALING.id: "application-autoscaling",
    services.TAGGING.id: "resourcegroupstaggingapi",
}
each_api = pytest.mark.parametrize("api", APIS, ids=lambda api: api.id)


@cache
def session() -> Any:
    return botocore.session.Session()


def model_of(api: ServiceApi) -> Any:
    return session().get_service_model(NAMES.get(api.id, api.id))


def members(shape: Shape | None, *, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Go through all members within a shape, however deep: name and type."""
    if shape is None or shape.name in seen:
        return
    seen |= {shape.name}
    for name, member in getattr(shape, "members", {}).items():
        yield name, member.type_name
        yield from members(member, seen=seen)
    for inner in ("member", "value"):
        if hasattr(shape, inner):
            yield from members(getattr(shape, inner), seen=seen)


@each_api
def test_a_service_is_called_as_its_model_says(api: ServiceApi) -> None:
    model = model_of(api)

    assert api.id == model.service_id.hyphenize()
    assert (api.host, api.signing_name) == (model.endpoint_prefix, model.signing_name)
    assert set(api.operations) <= set(model.operation_names)
    if isinstance(api.protocol, JsonProtocol):
        assert (api.protocol.target, api.protocol.version) == (
            model.metadata["targetPrefix"],
            model.metadata["jsonVersion"],
        )
    else:
        assert api.protocol.version == model.api_version
        assert model.metadata["protocol"] == ("query" if api.protocol.wraps else "ec2")


@pytest.mark.parametrize("api", [one for one in APIS if isinstance(one.protocol, JsonProtocol)], ids=lambda api: api.id)
def test_exactly_the_instants_of_answers_are_read_as_such(api: ServiceApi) -> None:
    assert isinstance(api.protocol, JsonProtocol)
    model = model_of(api)
    found = {one for name in api.operations for one in members(model.operation_model(name).output_shape)}

    assert {name for name, kind in found if kind == "timestamp"} == api.protocol.instants
    assert not {name for name, kind in found if kind != "timestamp"} & api.protocol.instants


@each_api
def test_pages_follow_each_other_as_the_models_say(api: ServiceApi) -> None:
    told = session().get_paginator_model(NAMES.get(api.id, api.id))
    for operation, pages in api.pages.items():
        config = told.get_paginator(operation)
        assert (pages.asked, pages.told, pages.size) == (
            config["input_token"],
            config["output_token"],
            config["limit_key"],
        )


@pytest.mark.parametrize(
    "api", [one for one in APIS if isinstance(one.protocol, QueryProtocol)], ids=lambda api: api.id
)
def test_what_is_read_of_xml_is_there_by_that_name_and_of_that_kind(api: ServiceApi) -> None:
    protocol = api.protocol
    assert isinstance(protocol, QueryProtocol)

    def compare(read: Any, shape: Any) -> None:
        if isinstance(read, dict):
            for name, inner in read.items():
                member = shape.members[name]
                usual = name if protocol.wraps else name[:1].lower() + name[1:]
                assert protocol.wire_names.get(name, usual) == member.serialization.get("name", name)
                compare(inner, member)
        elif isinstance(read, list):
            assert shape.member.serialization.get("name", "member") == protocol.item
            compare(read[0], shape.member)
        else:
            kinds = {"string": str, "double": float, "integer": int}
            assert kinds.get(shape.type_name, read_instant) is read

    for operation in api.operations:
        compare(protocol.shapes[operation], model_of(api).operation_model(operation).output_shape)


@each_api
def test_every_region_has_the_endpoints_that_the_client_library_finds(api: ServiceApi) -> None:
    loader = session().get_component("data_loader")
    partitions = loader.load_data("partitions")
    rules = EndpointProvider(loader.load_service_model(NAMES.get(api.id, api.id), "endpoint-rule-set-1"), partitions)
    regions = [name for one in partitions["partitions"] for name in one["regions"] if not name.endswith("-global")]
    compared = 0
    for region in regions:
        for dual, fips in ((False, False), (True, False), (False, True), (True, True)):
            try:
                expected = rules.resolve_endpoint(Region=region, UseDualStack=dual, UseFIPS=fips).url
            except EndpointProviderError:  # there is none
                continue
            environ = {"AWS_USE_DUALSTACK_ENDPOINT": str(dual), "AWS_USE_FIPS_ENDPOINT": str(fips)}
            found = find_endpoint(api.host, region=region, environ=environ, service="NONE")
            assert f"{found.scheme}://{found.authority}{found.path}" == f"{expected}/"
            compared += 1
    assert compared > len(regions)


def test_the_environment_may_name_another_endpoint_for_one_service_or_for_all() -> None:
    environ = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566/all",
        "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": "https://[::1]",
    }

    def find(service: str, **more: str) -> Endpoint:
        return find_endpoint("ecs", region="eu-central-1", environ={**environ, **more}, service=service)

    assert find("ECS") == Endpoint("http", "127.0.0.1", 4566, "/all")
    assert find("ECS").authority == "127.0.0.1:4566"
    assert find("APPLICATION_AUTO_SCALING").authority == "[::1]"
    assert find("ECS", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true").host == "ecs.eu-central-1.amazonaws.com"


@pytest.mark.parametrize("url", ["ftp://x", "nonsense", "http://", "http://x:port", "http://[x"])
def test_an_endpoint_that_is_none_is_named_with_its_place(url: str) -> None:
    with pytest.raises(AccessDeniedError, match="AWS_ENDPOINT_URL is no") as caught:
        parse_endpoint(url, named="AWS_ENDPOINT_URL")

    assert repr(url) in str(caught.value)


# Signatures.


def test_the_signature_of_awss_own_example_is_the_published_one() -> None:
    """``post-vanilla`` of AWS's Signature Version 4 test suite."""
    keys = Keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    post = Post("/", {"host": "example.amazonaws.com"}, b"")
    at = now().replace(year=2015, month=8, day=30, hour=12, minute=36, second=0)

    signed = sign(post, keys=keys, scope=Scope("us-east-1", "service"), at=at)

    assert signed["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
    )


@pytest.mark.parametrize("token", [None, "a/long+token=="])
@pytest.mark.parametrize("body", [b"", b'{"name": "\xc3\xbc"}', b"Action=X&Filter.1=a%20b"])
def test_signatures_are_those_of_the_client_library(token: str | None, body: bytes) -> None:
    keys = Keys("AKID", "secret", token)
    headers = {"host": "ecs.eu-central-1.amazonaws.com", "content-type": "a  b ", "x-amz-target": "X.Y"}
    signed = sign(Post("/", headers, body), keys=keys, scope=Scope("eu-central-1", "ecs"), at=now())
    request = AWSRequest("POST", "https://ecs.eu-central-1.amazonaws.com/", headers=dict(headers), data=body)
    request.context["timestamp"] = signed["x-amz-date"]
    auth = SigV4Auth(Credentials("AKID", "secret", token), "ecs", "eu-central-1")
    if token:
        request.headers["X-Amz-Security-Token"] = token
    request.headers["X-Amz-Date"] = signed["x-amz-date"]
    expected = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)

    assert signed["authorization"].endswith(f"Signature={expected}")
    assert signed.get("x-amz-security-token") == token


def test_no_secret_is_shown() -> None:
    assert "hidden" not in repr(Keys("AKID", "hidden", "hidden"))


# Answers.

MUCH = (
    b"<GetMetricDataResponse><GetMetricDataResult><MetricDataResults><member><Values><member>much</member></Values>"
    b"</member></MetricDataResults></GetMetricDataResult></GetMetricDataResponse>"
)


def read(api: ServiceApi, operation: str, status: int, body: bytes, **headers: str) -> dict[str, Any]:
    return api.protocol.read(operation, Answer(status, headers, body))


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b'{"__type": "com.amazonaws.ecs#ClientException", "message": "no"}', "ClientException", "no"),
        (
            b'{"__type": "ThrottlingException:http://internal.amazon.com/x/", "Message": "slow"}',
            "ThrottlingException",
            "slow",
        ),
        (b'{"code": "Odd"}', "Odd", ""),
        (b"<html>", "502", ""),
        (b"[]", "502", ""),
        (b"", "502", ""),
    ],
)
def test_errors_in_json_have_a_name_whatever_their_form(body: bytes, code: str, message: str) -> None:
    assert read(services.ECS, "ListTasks", 502, body)["Error"] == {"Code": code, "Message": message}


def test_an_errors_name_may_come_in_a_header() -> None:
    told = read(services.ECS, "ListTasks", 400, b"{}", **{"x-amzn-errortype": "aws#Odd:http://x/"})

    assert told["Error"]["Code"] == "Odd"


@pytest.mark.parametrize("body", [b"<html>no</html>", b"", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'])
def test_an_error_in_xml_that_is_none_has_its_status_for_a_name(body: bytes) -> None:
    assert read(services.EC2, "DescribeNetworkInterfaces", 503, body)["Error"] == {"Code": "503", "Message": ""}


@pytest.mark.parametrize(
    ("api", "body"),
    [
        (services.ECS, b"<html>"),
        (services.ECS, b"[]"),
        (services.CLOUDWATCH, b"{}"),
        (services.CLOUDWATCH, b"<html></html>"),
        (services.CLOUDWATCH, b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'),
        (
            services.CLOUDWATCH,
            MUCH,
        ),
    ],
)
def test_what_is_no_answer_of_aws_is_told_apart(api: ServiceApi, body: bytes) -> None:
    with pytest.raises(StrangeAnswerError):
        read(api, "ListTasks" if api is services.ECS else "GetMetricData", 200, body)


def test_what_is_null_is_left_out_and_figures_are_not_taken_for_instants() -> None:
    told = read(
        services.ECS, "DescribeTasks", 200, b'{"tasks": [{"startedAt": null, "cpu": 7, "createdAt": 0.5}], "x": {}}'
    )

    (task,) = told["tasks"]
    assert set(task) == {"cpu", "createdAt"}
    assert task["createdAt"].timestamp() == 0.5


def test_names_in_xml_are_read_without_their_namespace() -> None:
    root = parse(b'<a:Top xmlns:a="urn:x"><a:One>1</a:One><Two>2&amp;2</Two></a:Top>')

    assert (root.name, root.text_of("One"), root.text_of("Two"), root.text_of("None")) == ("Top", "1", "2&2", "")
