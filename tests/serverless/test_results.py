"""Every kind of caller gets the answer in its own form, whole and unchanged."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st

from wakeproxy.serverless.events import Shape
from wakeproxy.serverless.results import MOST_BYTES, Given, write_result

COOKIES = ("a=1; Path=/", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT")
FIELDS = (
    ("Content-Type", "text/plain"),
    ("Set-Cookie", COOKIES[0]),
    ("Vary", "Accept"),
    ("vary", "Origin"),
    ("set-cookie", COOKIES[1]),
    ("Content-Length", "2"),
    ("Connection", "close"),
)


def write(shape: Shape, body: bytes = b"hi") -> dict[str, Any]:
    return dict(write_result(Given(200, FIELDS, body), shape))


def test_an_http_api_gets_cookies_apart_and_repeated_fields_joined() -> None:
    assert write(Shape.HTTP) == {
        "statusCode": 200,
        "headers": {"Content-Type": "text/plain", "Vary": "Accept, Origin"},
        "cookies": list(COOKIES),
        "body": "hi",
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("shape", [Shape.REST, Shape.BALANCER_MANY])
def test_who_knows_several_values_gets_them(shape: Shape) -> None:
    result = write(shape)

    assert result["multiValueHeaders"] == {
        "Content-Type": ["text/plain"],
        "Set-Cookie": list(COOKIES),
        "Vary": ["Accept", "Origin"],
    }
    assert "headers" not in result


def test_a_load_balancer_gets_a_status_line_and_each_cookie_under_another_spelling() -> None:
    result = write(Shape.BALANCER)

    assert result["statusDescription"] == "200 OK"
    spelt = {name: value for name, value in result["headers"].items() if name.lower() == "set-cookie"}
    assert list(spelt.values()) == list(COOKIES)


@settings(max_examples=100, deadline=None)
@given_any(body=st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_a_body_arrives_byte_for_byte(body: bytes) -> None:
    result = json.loads(json.dumps(write(Shape.HTTP, body)))

    text = result["body"]
    assert (base64.b64decode(text) if result["isBase64Encoded"] else text.encode()) == body


@pytest.mark.parametrize(
    ("shape", "size", "told"),
    [
        (Shape.HTTP, MOST_BYTES, "6 MB"),
        (Shape.REST, MOST_BYTES * 3 // 4 + 1, "6 MB"),
        (Shape.BALANCER, 1024 * 1024, "1 MB"),
        (Shape.BALANCER_MANY, 1024 * 1024, "1 MB"),
    ],
)
def test_what_does_not_fit_becomes_an_answer_that_says_so(shape: Shape, size: int, told: str) -> None:
    result = write(shape, b"\xff" * size)

    assert result["statusCode"] == 502
    problem = json.loads(result["body"])
    assert problem["title"] == "The app's answer is too large"
    assert told in problem["detail"]
    assert "redirect" in problem["remedy"]


def test_what_fits_passes() -> None:
    assert write(Shape.HTTP, b"\xff" * (4 * 1024 * 1024))["statusCode"] == 200
