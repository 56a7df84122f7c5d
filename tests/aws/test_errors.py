"""AWS's errors as ours: whose fault, what to do, and whether it is worth trying again."""

import asyncio
import socket

import pytest

from tests.aws.conftest import ecs_of, look_at, observe
from wakeproxy.aws.clients import Access, open_clients
from wakeproxy.aws.faults import translated
from wakeproxy.aws.fleet import EcsFleet
from wakeproxy.bootstrap import now
from wakeproxy.errors import AccessDeniedError, FleetError, ServiceGoneError, ThrottledError
from wakeproxy.sandbox import Fault, Sandbox

DENIED = "User: arn:aws:iam::123456789012:user/x is not authorized to perform: ecs:UpdateService"


async def scale(fleet: EcsFleet) -> FleetError:
    with pytest.raises(FleetError) as caught:
        await fleet.scale(ecs_of("shop"), desired_count=1)
    return caught.value


CASES: list[tuple[Fault, type[FleetError]]] = [
    (Fault(kind="throttle"), ThrottledError),
    (Fault(kind="error", code="ThrottlingException"), ThrottledError),
    (Fault(kind="error", code="RequestLimitExceeded", status=503), ThrottledError),
    (Fault(kind="error", code="AccessDeniedException", message=DENIED), AccessDeniedError),
    (Fault(kind="error", code="UnrecognizedClientException"), AccessDeniedError),
    (Fault(kind="error", code="ExpiredTokenException"), AccessDeniedError),
    (Fault(kind="error", code="InvalidSignatureException"), AccessDeniedError),
    (Fault(kind="error", code="ServiceNotFoundException"), ServiceGoneError),
    (Fault(kind="error", code="ServiceNotActiveException"), ServiceGoneError),
    (Fault(kind="error", code="ClusterNotFoundException"), ServiceGoneError),
    (Fault(kind="error", code="ServerException", status=500), FleetError),
    (Fault(kind="error", code="InvalidParameterException"), FleetError),
    (Fault(kind="error", code="LimitExceededException"), FleetError),
    (Fault(kind="lose_request"), FleetError),
    (Fault(kind="lose_answer"), FleetError),
]


async def test_every_error_is_told_as_one_of_ours(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop")
    for fault, expected in CASES:
        sandbox.faults.add(fault)

        error = await scale(fleet)

        assert type(error) is expected, fault
        assert "scale apps/shop to 1" in str(error)
        assert str(error).endswith(".")
        assert ".." not in str(error)


async def test_an_error_is_raised_after_one_call(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop")
    sandbox.faults.add(Fault(kind="throttle", times=None))

    await scale(fleet)

    assert len(sandbox.calls) == 1


async def test_a_lost_answer_is_of_a_call_that_was_carried_out(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop")
    sandbox.faults.add(Fault(kind="lose_answer", operation="UpdateService"))

    await scale(fleet)

    assert (await observe(fleet, "shop")).desired == 1


@pytest.mark.parametrize("operation", ["DescribeServices", "ListTasks", "DescribeTasks"])
async def test_every_call_of_a_look_is_translated(sandbox: Sandbox, fleet: EcsFleet, operation: str) -> None:
    sandbox.create_service("shop", desired_count=1)
    async with asyncio.timeout(5):
        while not (await observe(fleet, "shop")).tasks:
            await asyncio.sleep(0.01)
    sandbox.faults.add(Fault(kind="throttle", operation=operation, times=None))

    with pytest.raises(ThrottledError):
        await fleet.observe([look_at("shop")])


async def test_an_endpoint_that_refuses_connections_is_named_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    error = await _look_at(f"http://127.0.0.1:{port}")

    assert type(error) is FleetError
    assert "did not answer" in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n<html>no</html",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 14\r\n\r\n<html>no</html",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{",
        b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n",
        b"hello\r\n\r\n",
    ],
    ids=["a page instead of JSON", "a page of an error", "cut short", "a captive portal", "no HTTP"],
)
async def test_whatever_answers_in_the_place_of_aws_becomes_an_error_of_ours(answer: bytes) -> None:
    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(meet, "127.0.0.1", 0) as server:
        error = await _look_at(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    assert type(error) is FleetError
    assert "read the services of cluster apps" in str(error)


async def _look_at(url: str) -> FleetError:
    async with open_clients(Access("eu-central-1", url, takes_any_keys=True)) as clients:
        with pytest.raises(FleetError) as caught:
            await EcsFleet(clients, clock=now).observe([look_at("shop")])
    return caught.value


def test_what_is_no_error_of_aws_passes_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError), translated("divide"):
        raise ZeroDivisionError
