"""Task definitions pass through the client library whole."""

import asyncio
import json
from typing import Any

from wakeproxy.aws.clients import Access, Clients, open_clients
from wakeproxy.aws.definitions import EcsDefinitions
from wakeproxy.aws.verbatim import VERBATIM, keep_answer, verbatim
from wakeproxy.core.taskdef import Revision
from wakeproxy.sandbox import Sandbox

DOCUMENT = {
    "family": "shop",
    "containerDefinitions": [{"name": "web", "image": "nginx", "temperature": {"inKelvin": 293}}],
    "gravity": "ON",
}


async def test_what_the_library_does_not_know_is_sent_and_read_back() -> None:
    heard: list[Any] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split()[0])
        asked = json.loads(await reader.readexactly(length))
        heard.append(asked)
        arn = "arn:aws:ecs:eu-central-1:123456789012:task-definition/shop:7"
        told = {**DOCUMENT, "taskDefinitionArn": arn, "revision": 7, "status": "ACTIVE", "taskRoleArn": None}
        body = json.dumps({"taskDefinition": told, "tags": [{"key": "team", "value": "web"}]}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with open_clients(Access("eu-central-1", url, takes_any_keys=True)) as clients:
            definitions = EcsDefinitions(clients)
            registered = await definitions.register(Revision(DOCUMENT, {"team": "web"}))
            read = await definitions.read("shop")

    assert heard == [
        {**DOCUMENT, "tags": [{"key": "team", "value": "web"}]},
        {"taskDefinition": "shop", "include": ["TAGS"]},
    ]
    assert registered == read
    assert registered.document == DOCUMENT
    assert registered.tags == {"team": "web"}
    assert registered.arn.endswith("shop:7")


def test_what_is_no_answer_of_ecs_is_left_to_whoever_reads_it() -> None:
    kept: dict[str, Any] = {}
    with verbatim():
        for body in (b"", b"<html>", b"[]", None):
            keep_answer({"body": body}, kept)

    assert kept == {}


async def test_whoever_wants_nothing_verbatim_is_answered_as_ever(sandbox: Sandbox, clients: Clients) -> None:
    asked: Any = {"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 64}]}

    registered = await clients.ecs.register_task_definition(**asked)
    read = await clients.ecs.describe_task_definition(taskDefinition="shop")

    assert sandbox.calls[0].params == asked
    assert VERBATIM not in registered
    assert VERBATIM not in read
