"""WebSocket clients that people use: text, large messages, compression, pings and closes pass as they are."""

import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.clients import tools
from tests.clients.apps import run_echo
from tests.upstream.conftest import open_door, until


@pytest.mark.parametrize("compression", ["deflate", None])
async def test_the_library_of_python_speaks_through_us(compression: str | None) -> None:
    large = b"wakeproxy " * 200_000
    async with run_echo() as app, open_door(app) as door:
        url = f"ws://127.0.0.1:{door.port}/"
        async with connect(url, compression=compression, max_size=None, proxy=None) as socket:
            for message in ("text", "", large, "\N{SNOWMAN}"):
                await socket.send(message)
                assert await socket.recv() == message
            await (await socket.ping("there?"))
            await socket.send("bye")
            assert await socket.recv() == "bye"
            with pytest.raises(ConnectionClosed) as caught:
                await socket.recv()
        assert caught.value.rcvd is not None
        assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (4001, "as you wish")
        await until(lambda: not door.front.guests and not door.relay.in_flight)


@pytest.mark.parametrize("compression", ["deflate", "plain"])
async def test_the_library_of_node_speaks_through_us(compression: str, pytestconfig: pytest.Config) -> None:
    node = tools.find("node")
    assert pytestconfig.cache is not None
    script = await tools.install_ws(pytestconfig.cache.mkdir("node-ws"))

    async with run_echo() as app, open_door(app) as door:
        told = json.loads(await tools.run(node, script, f"ws://127.0.0.1:{door.port}/", compression))

    assert told.pop("extensions") == ("permessage-deflate" if compression == "deflate" else "")
    assert told == {"messages": 2, "pongs": 1, "isLargeWhole": True, "text": "text", "code": 4000, "reason": "enough"}
