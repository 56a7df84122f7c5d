"""Who calls, and what is opened: keys of the environment, of a container's host, of a role; and what is not loaded."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.aws.signed.conftest import EMPTY, serve
from wakeproxy.aws.access import Access, Clients
from wakeproxy.aws.fleet import EcsFleet
from wakeproxy.aws.signed import open_signed_clients
from wakeproxy.bootstrap import now, open_light_house
from wakeproxy.core.service import EcsService
from wakeproxy.errors import AccessDeniedError, ThrottledError
from wakeproxy.ports import Look
from wakeproxy.sandbox import Fault, Sandbox
from wakeproxy.settings import load_settings

ROLE = "arn:aws:iam::123456789012:role/wakeproxy"
KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}
SHOP = EcsService("apps", "shop")
HEAVY = (
    "aioboto3 aiobotocore aiohttp boto3 botocore click cryptography jinja2 prometheus_client rich sqlite3 uvloop yarl"
)


def in_seconds(seconds: float) -> str:
    return (now() + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def some_keys(name: str, **more: Any) -> bytes:
    keys = {"AccessKeyId": name, "SecretAccessKey": "s", "Token": "t", "Expiration": in_seconds(3600), **more}
    body = json.dumps(keys).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def look(access: Access, environ: Mapping[str, str], *, times: int = 1) -> Clients:
    async with open_signed_clients(access, environ, clock=now) as clients:
        fleet = EcsFleet(clients, clock=now)
        for _ in range(times):
            await fleet.observe([Look(SHOP)])
    return clients


@pytest.fixture
def access(sandbox: Sandbox) -> Access:
    sandbox.clear_calls()
    return Access(sandbox.region, sandbox.url)


def operations(sandbox: Sandbox) -> Mapping[str, int]:
    return Counter(call.operation for call in sandbox.calls)


async def test_keys_are_those_of_the_environment() -> None:
    async with serve(EMPTY) as server:
        environ = {**KEYS, "AWS_ENDPOINT_URL_ECS": server.url}
        async with open_signed_clients(Access("eu-central-1"), environ, clock=now) as clients:
            await clients.ecs.list_tasks(cluster="apps")

    (request,) = server.requests
    assert b"Credential=AKID/" in request
    assert b"/eu-central-1/ecs/aws4_request" in request
    assert b"x-amz-security-token: token\r\n" in request


async def test_without_keys_it_says_what_to_set(access: Access, sandbox: Sandbox) -> None:
    with pytest.raises(AccessDeniedError, match="AWS_ACCESS_KEY_ID") as caught:
        await look(access, {})

    assert "Set them" in str(caught.value)
    assert caught.value.exit_status == 5
    assert sandbox.calls == ()


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKID"}, "without AWS_SECRET_ACCESS_KEY"),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/keys"}, "example.com, which is neither"),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "keys"}, "is no HTTP URL: 'keys'"),
    ],
)
async def test_what_cannot_be_keys_is_told_at_once(access: Access, environ: Mapping[str, str], said: str) -> None:
    with pytest.raises(AccessDeniedError, match=said):
        await look(access, environ)


async def test_a_profile_is_refused_for_there_are_no_files() -> None:
    with pytest.raises(AccessDeniedError, match="no profile staging where no files are"):
        await look(Access("eu-central-1", profile="staging"), KEYS)


# A container's host, which a Lambda restored from a snapshot has too.


async def test_keys_are_fetched_once_from_a_containers_host(access: Access, sandbox: Sandbox) -> None:
    async with serve(some_keys("FETCHED")) as host:
        environ = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{host.url}/keys/1",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a token",
        }
        await look(access, environ, times=2)

    assert operations(sandbox) == {"DescribeServices": 2}
    (request,) = host.requests
    assert request.startswith(b"GET /keys/1 HTTP/1.1\r\n")
    assert b"authorization: a token\r\n" in request


async def test_keys_that_are_about_to_expire_are_fetched_again(access: Access) -> None:
    async with serve(some_keys("A", Expiration=in_seconds(60)), some_keys("B")) as host:
        await look(access, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": host.url}, times=3)

    assert len(host.requests) == 2


async def test_keys_that_cannot_be_renewed_are_used_as_long_as_they_last(access: Access, sandbox: Sandbox) -> None:
    async with serve(
        some_keys("A", Expiration=in_seconds(60)), b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    ) as host:
        await look(access, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": host.url}, times=2)
    assert operations(sandbox) == {"DescribeServices": 2}

    async with serve(
        some_keys("A", Expiration=in_seconds(-1)), b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    ) as host:
        with pytest.raises(AccessDeniedError, match="answers 500"):
            await look(access, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": host.url}, times=2)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "are no keys"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "are no keys"),
        (some_keys("A", Expiration="soon"), "are no keys"),
        (b"", "cannot be fetched"),
    ],
)
async def test_what_are_no_keys_is_told(access: Access, answer: bytes, said: str) -> None:
    async with serve(answer) as host:
        with pytest.raises(AccessDeniedError, match=said):
            await look(access, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": host.url})


async def test_a_token_cannot_bring_fields_of_its_own(access: Access) -> None:
    async with serve(some_keys("A")) as host:
        environ = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": host.url,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\r\nHost: b",
        }
        with pytest.raises(AccessDeniedError, match="AWS_CONTAINER_AUTHORIZATION_TOKEN"):
            await look(access, environ)

    assert host.requests == []


# A role.


async def test_a_role_is_assumed_once(access: Access, sandbox: Sandbox) -> None:
    await look(Access(access.region, access.endpoint_url, role_arn=ROLE), KEYS, times=2)

    assert operations(sandbox) == {"AssumeRole": 1, "DescribeServices": 2}
    assumed = next(call for call in sandbox.calls if call.operation == "AssumeRole")
    assert (assumed.params["RoleArn"], assumed.params["RoleSessionName"]) == (ROLE, "wakeproxy")


async def test_a_role_that_may_not_be_assumed_is_access_denied(access: Access, sandbox: Sandbox) -> None:
    assumes = Access(access.region, access.endpoint_url, role_arn=ROLE)
    sandbox.faults.add(Fault(kind="error", operation="AssumeRole", code="AccessDenied", status=403))
    with pytest.raises(AccessDeniedError, match="read the services of cluster apps"):
        await look(assumes, KEYS)
    sandbox.faults.add(Fault(kind="error", operation="AssumeRole", code="Throttling", status=400))
    with pytest.raises(ThrottledError):
        await look(assumes, KEYS)


async def test_a_role_cannot_be_assumed_by_nobody(access: Access) -> None:
    with pytest.raises(AccessDeniedError, match="no AWS credentials to assume"):
        await look(Access(access.region, access.endpoint_url, role_arn=ROLE), {})


# The house.


@pytest.fixture
def config(sandbox: Sandbox, tmp_path: Path) -> Path:
    document = {
        "aws": {"region": sandbox.region, "cluster": "apps", "endpoint_url": sandbox.url},
        "ledger": "dynamodb://none",
        "services": {"shop": {"hosts": ["shop.localhost"]}},
    }
    path = tmp_path / "wakeproxy.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


async def test_the_light_house_has_what_the_other_has(sandbox: Sandbox, config: Path) -> None:
    sandbox.create_service("shop")

    async with open_light_house(load_settings(config, environ={})) as house:
        seen = await house.fleet.observe([Look(SHOP)])
        said = await house.inspect_ledger()

    assert seen[SHOP].exists
    assert "There is no DynamoDB table none" in str(said)


def test_nothing_heavy_is_loaded_on_the_way(config: Path) -> None:
    code = (
        "import sys, asyncio\n"
        "from pathlib import Path\n"
        "from wakeproxy.bootstrap import open_light_house, run_engine\n"
        "from wakeproxy.settings import load_settings\n"
        "async def main():\n"
        f"    async with open_light_house(load_settings(Path({str(config)!r}), environ={{}})) as house:\n"
        "        await house.fleet.observe([])\n"
        "asyncio.run(main())\n"
        "print(*sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    loaded = set(done.stdout.split())
    assert "wakeproxy.aws.signed.client" in loaded
    assert not loaded & set(HEAVY.split())
