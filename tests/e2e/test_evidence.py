"""What keeps a service awake, and what does not: one real front before many services, swept when a test says so."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.cli.running import run
from tests.e2e.fronts import PATIENCE, admin, until
from tests.world import BROWSER, PROGRAM, Front, World, call_ecs, run_front, run_sandbox, visit
from wakeproxy.aws.clients import Access, open_clients

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUIET = """
import base64, hashlib, socket, threading
go_on = threading.Event()
def serve(visitor):
    head = b""
    while b"\\r\\n\\r\\n" not in head:
        said = visitor.recv(65536)
        if not said:
            return
        head += said
    path = head.split()[1]
    if path == b"/ws":
        key = head.lower().index(b"sec-websocket-key:") + 18
        proof = hashlib.sha1(head[key:].split()[0] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        visitor.sendall(b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
                        b"Sec-WebSocket-Accept: %s\\r\\n\\r\\n" % base64.b64encode(proof))
        while visitor.recv(65536):
            visitor.sendall(b"\\x81\\x04here")
    elif path == b"/events":
        visitor.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\n\\r\\ndata: first\\n\\n")
        go_on.wait()
        visitor.sendall(b"data: last\\n\\n")
    elif path == b"/file":
        visitor.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\n")
        sent = 0
        while not go_on.wait(0.3):
            visitor.sendall(b"x")
            sent += 1
        visitor.sendall(b"x" * (1000 - sent))
    else:
        if path == b"/go-on":
            go_on.set()
        visitor.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok")
def answer(visitor):
    with visitor:
        serve(visitor)
server = socket.create_server(("0.0.0.0", 8080))
while True:
    threading.Thread(target=answer, args=server.accept()[:1], daemon=True).start()
"""
"""Says nothing for as long as nobody asks it to go on; but a file it gives byte by byte."""

STREAMS = ("socket", "events", "file")
QUICK: Mapping[str, Any] = {"idle_after": "1s", "min_awake": "0s"}
SERVICES: Mapping[str, Mapping[str, Any]] = {
    **dict.fromkeys((*STREAMS, "unused", "visited", "deploying", "protected", "needed", "by-hand", "asleep"), QUICK),
    "kept": {**QUICK, "needs": ["needed"]},
    "signal": {**QUICK, "signals": {"cpu_above": 20}},
    "unreadable": {**QUICK, "signals": {"network_above": "10KiB/s"}},
    "outlived": {**QUICK, "signals": {"network_above": "10KiB/s"}, "max_awake": "2s"},
    "looping": {**QUICK, "crash_loop_after": "2s"},
}
IDLE_SECONDS = 2.5
"""Longer than any of them may be idle, and a flush interval."""
MACHINES = {
    "health_check": (
        "ELB-HealthChecker/2.0",
        "kube-probe/1.31",
        "Amazon-Route53-Health-Check-Service (ref x; report y)",
    ),
    "monitor": ("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",),
    "crawler": ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",),
    "link_preview": ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",),
}


@dataclass(frozen=True)
class Swept:
    """A world, its front, and what they are configured by."""

    world: World
    front: Front
    config: Path

    async def sweep(self) -> set[str]:
        """Sweep once; tells who was put to sleep."""
        told = await admin(self.front, "POST", "/api/sweep")
        return {one["service"] for one in told["decisions"] if one["slept"]}

    async def desired(self, *names: str) -> set[int]:
        return {(await self.world.describe(name))["desiredCount"] for name in names}

    async def status(self, *names: str) -> dict[str, Any]:
        told = await run("status", *names, "--json", "-c", str(self.config))
        return {one["service"]: one for one in told.document["services"]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def swept(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Swept]:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with run_sandbox(tmp_path_factory.mktemp("swept")) as world:
        for name in SERVICES:
            await world.create(name, **spec_of(name))
        config = world.configure(
            SERVICES,
            admin={"listen": f"127.0.0.1:{port}"},
            flush_interval="200ms",
            sleeper={"every": "1h"},
        )
        await until(lambda: all_run(world))
        async with run_front(config) as front:
            yield Swept(world, front, config)


def spec_of(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"desired_count": 0 if name in {"asleep", "looping"} else 1}
    if name in STREAMS:
        spec |= {"image": "x", "command": ["python", "-c", QUIET]}
    if name == "looping":
        spec |= {"image": "x", "command": ["python", "-c", "raise SystemExit(3)"]}
    return spec


async def list_running(world: World) -> dict[str, dict[str, Any]]:
    """List a task of each service that runs."""
    found = (await world.control("GET", "tasks?cluster=apps"))["tasks"]
    return {task["service"]: task for task in found if task["status"] == "RUNNING"}


async def all_run(world: World, *names: str) -> bool:
    wanted = names or SERVICES.keys() - {"asleep", "looping"}
    return (await list_running(world)).keys() >= set(wanted)


# What is evidence of use, and what is none.


async def deploy(world: World, name: str) -> None:
    """Begin a deployment that does not get ahead."""
    fault = {"kind": "capacity", "target": f"apps/{name}", "times": None}
    await world.control("POST", "faults", fault)
    await call_ecs(world.url, "UpdateService", {"cluster": "apps", "service": name, "forceNewDeployment": True})


async def protect(world: World, name: str) -> None:
    task = (await list_running(world))[name]["arn"]
    await call_ecs(world.url, "UpdateTaskProtection", {"cluster": "apps", "tasks": [task], "protectionEnabled": True})


async def work(world: World, name: str) -> None:
    """Have CloudWatch tell that it was busy a minute ago."""
    async with open_clients(Access("eu-central-1", world.url, takes_any_keys=True)) as clients:
        cloudwatch = await clients.cloudwatch.get()
        await cloudwatch.put_metric_data(
            Namespace="AWS/ECS",
            MetricData=[
                {
                    "MetricName": "CPUUtilization",
                    "Dimensions": [{"Name": "ClusterName", "Value": "apps"}, {"Name": "ServiceName", "Value": name}],
                    "Timestamp": datetime.now(UTC) - timedelta(minutes=1),
                    "Value": 55.0,
                }
            ],
        )


KEEPS_AWAKE = {
    "deploying": ("deploying", "a deployment is in progress"),
    "protected": ("protected", "a task is protected from scale-in until "),
    "kept": ("kept awake", "kept awake until "),
    "needed": ("needed", "needed by kept"),
    "signal": ("signal", "CPU at 55 %, "),
    "unreadable": ("unreadable", "its network cannot be read: CloudWatch has no network figures of apps/unreadable"),
}
DOES_NOT = {"by-hand": ("idle", "unused for "), "outlived": ("max awake", "unused for ")}


async def test_what_might_be_use_keeps_awake_and_everybody_is_told_why(swept: Swept) -> None:
    world = swept.world
    names = [*KEEPS_AWAKE, *DOES_NOT]
    await asyncio.gather(*(world.scale(name, 1) for name in names))
    await until(lambda: all_run(world, *names))
    await asyncio.gather(deploy(world, "deploying"), protect(world, "protected"), work(world, "signal"))
    kept = await run("keep-awake", "kept", "--for", "2h", "-c", str(swept.config))
    assert kept.status == 0, kept.err
    await asyncio.sleep(IDLE_SECONDS)

    dry = (await run("sweep", "--dry-run", "--json", "-c", str(swept.config))).document["decisions"]
    told = await swept.status(*names)
    slept = await swept.sweep()

    decided = {one["service"]: one for one in dry}
    for name, (rule, reason) in (KEEPS_AWAKE | DOES_NOT).items():
        assert decided[name]["rule"] == rule, decided[name]
        assert decided[name]["reason"].startswith(reason)
        assert decided[name]["outcome"] == ("stays" if name in KEEPS_AWAKE else "would sleep")
    for name, (_, reason) in KEEPS_AWAKE.items():
        assert told[name]["stays_reason"].startswith(reason), told[name]
    for name in DOES_NOT:
        assert (told[name]["stays_reason"], told[name]["sleeps_in_seconds"]) == (None, 0.0)
    assert "its network cannot be read" in decided["outlived"]["reason"]
    assert slept & set(names) == DOES_NOT.keys()
    assert (await swept.desired(*KEEPS_AWAKE), await swept.desired(*DOES_NOT)) == ({1}, {0})


async def test_a_crash_loop_is_put_to_sleep_after_its_budget_and_everybody_is_told(swept: Swept) -> None:
    await swept.world.scale("looping", 1)

    async def has_slept() -> bool:
        return "looping" in await swept.sweep()

    await until(has_slept)
    told = (await swept.status("looping"))["looping"]

    assert (told["phase"], told["desired"], told["intent"]) == ("FAILED", 0, "asleep")
    assert "exited with code 3" in told["reason"]
    sleeps = [line for line in (await admin(swept.front, "GET", "/metrics")).splitlines() if "looping" in line]
    assert [line for line in sleeps if line.startswith('wakeproxy_sleeps_total{reason="crash loop",')], sleeps


# What stays open.


async def test_what_is_open_keeps_awake_however_little_passes_and_sleeps_after_its_end(swept: Swept) -> None:
    front = swept.front
    async with (
        visit() as session,
        session.ws_connect(front.url("socket", "/ws"), headers=PROGRAM) as talk,
        session.get(front.url("events", "/events"), headers={**PROGRAM, "Accept": "text/event-stream"}) as events,
        session.get(front.url("file", "/file"), headers=PROGRAM) as file,
        session.get(front.url("unused"), headers=PROGRAM) as unused,
    ):
        assert (events.status, file.status, unused.status) == (200, 200, 200)
        assert await events.content.readuntil(b"\n\n") == b"data: first\n\n"
        await unused.read()
        before = await counts_told(swept.world)

        async def has_slept() -> bool:
            return "unused" in await swept.sweep()

        await until(has_slept)  # as whatever is used no more
        assert not await swept.sweep() & set(STREAMS)
        assert [count for name, count in await counts_told(swept.world) if name in STREAMS] == [
            count for name, count in before if name in STREAMS
        ]

        await talk.send_str("still there?")
        assert (await talk.receive(timeout=PATIENCE)).data == "here"
        await go_on(swept.world, "events", "file")
        assert await events.content.read() == b"data: last\n\n"
        assert await file.read() == b"x" * 1000

    gone: set[str] = set()
    async with asyncio.timeout(PATIENCE):
        while not gone >= set(STREAMS):
            gone |= await swept.sweep()
    assert await swept.desired(*STREAMS) == {0}


async def counts_told(world: World) -> list[tuple[str, int]]:
    """List every desired count that ECS was told."""
    calls = (await world.control("GET", "calls"))["calls"]
    asked = [call["params"] for call in calls if call["operation"] == "UpdateService"]
    return [(one["service"], one["desiredCount"]) for one in asked if "desiredCount" in one]


async def go_on(world: World, *names: str) -> None:
    """Tell apps to go on, past the front."""
    tasks = await list_running(world)
    async with aiohttp.ClientSession() as session:
        for name in names:
            async with session.get(f"http://{tasks[name]['private_ip']}:8080/go-on") as answer:
                assert answer.status == 200


# Whose visits are nobody's.


async def call_as_machines(front: Front, name: str) -> set[int]:
    """Ask as machines do that ask on their own, and as a browser that fetches ahead; tells the statuses."""
    agents = [{"User-Agent": agent} for agents in MACHINES.values() for agent in agents]
    statuses = set()
    async with visit() as session:
        for fields in (*agents, {**BROWSER, "Sec-Purpose": "prefetch"}):
            async with session.get(front.url(name), headers=fields) as answer:
                statuses.add(answer.status)
    return statuses


async def test_machines_that_ask_on_their_own_neither_wake_nor_keep_awake_and_are_counted(swept: Swept) -> None:
    world, front = swept.world, swept.front
    async with visit() as session, session.get(front.url("visited"), headers=PROGRAM) as answer:
        assert answer.status == 200

    gone: set[str] = set()
    async with asyncio.timeout(PATIENCE):
        while "visited" not in gone:
            assert await call_as_machines(front, "visited") == {200}
            gone |= await swept.sweep()
    assert await call_as_machines(front, "asleep") == {503}

    assert await swept.desired("asleep") == {0}
    assert "asleep" not in {name for name, _ in await counts_told(world)}
    wanted = {**{rule: len(agents) for rule, agents in MACHINES.items()}, "prefetch": 1}
    told = (await swept.status("asleep"))["asleep"]
    assert (told["phase"], told["ignored"], told["in_flight"]) == ("ASLEEP", wanted, 0)
    metrics = await admin(front, "GET", "/metrics")
    for rule, count in wanted.items():
        assert f'wakeproxy_ignored_total{{rule="{rule}",service="asleep"}} {count}.0' in metrics
