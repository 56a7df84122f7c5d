"""What we accept, llhttp and h11 accept and read alike; `oracle` lists the exceptions."""

import os

import pytest
from hypothesis import HealthCheck, example, given, settings

from tests.wire.messages import answers, requests
from tests.wire.oracle import agree_on_answer, agree_on_request
from tests.wire.ours import write

settings.register_profile("quick", max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", parent=settings.get_profile("quick"), max_examples=20_000)
PROFILE = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

HOST = b"Host: a.test"


@PROFILE
@given(data=requests())
@example(
    data=write(b"POST / HTTP/1.1", HOST, b"Transfer-Encoding: chunked", body=b"3;a=b\r\nabc\r\n0\r\nX: 1\r\n\r\nGET")
)
def test_a_request_that_we_accept_is_read_alike(data: bytes) -> None:
    agree_on_request(data)


@PROFILE
@given(data=answers())
def test_an_answer_that_we_accept_is_read_alike(data: bytes) -> None:
    agree_on_answer(data)
    agree_on_answer(data, to_head=True)


@pytest.mark.parametrize("method", [b"PROPFIND", b"M-SEARCH", b"QUERY", b"FOO", b"get"])
def test_any_method_passes_as_it_came(method: bytes) -> None:
    assert agree_on_request(write(method + b" / HTTP/1.1", HOST))
