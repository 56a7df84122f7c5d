"""The functions as AWS would call them, before the sandbox's AWS and apps that are real processes."""

import asyncio
import base64
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.cli.running import run
from tests.e2e.fronts import SHARED, counts_told, make_table
from tests.serverless.arrivals import BROWSER, PROGRAM, SIGNER, http_event
from tests.world import CLUSTER, World, run_sandbox
from wakeproxy.bootstrap.serverless import SleepFunction, WakeFunction

LAMBDAS = Path(__file__).parents[2] / "lambdas"
PATIENCE = 40.0
IDLE = {"idle_after": "1s", "min_awake": "0s", "ready": {"every": "20ms"}}
APP = r"""
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body, code, fields = b"hello", 200, []
        if self.path == "/cookies":
            fields = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
        if self.path == "/bytes":
            body = bytes(range(256))
        if self.path == "/huge":
            body = b"x" * (7 * 1024 * 1024)
        if self.path == "/away":
            code, fields = 302, [("Location", "/login")]
        if self.path == "/fields":
            body = str(self.headers).encode()
        if self.path == "/torn":
            self.send_response(200); self.send_header("Content-Length", "99"); self.end_headers()
            self.wfile.write(b"half"); self.close_connection = True; return
        if self.path == "/chunked":
            self.send_response(200); self.send_header("Transfer-Encoding", "chunked"); self.end_headers()
            self.wfile.write(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"); return
        self.send_response(code)
        for name, value in fields: self.send_header(name, value)
        self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *told): pass
ThreadingHTTPServer(("0.0.0.0", 8080), App).serve_forever()
"""


@dataclass
class Context:
    """What AWS hands over with an event."""

    aws_request_id: str = "8f5ab1b2"
    seconds: float = 30.0
    began: float = field(default_factory=time.monotonic)

    def get_remaining_time_in_millis(self) -> int:
        return int((self.began + self.seconds - time.monotonic()) * 1000)


@dataclass
class Account:
    """The sandbox, and functions of one config."""

    world: World
    config: Path
    loop: asyncio.Runner
    wake: WakeFunction
    sleep: SleepFunction

    def ask(self, *told: Any, **more: Any) -> Mapping[str, Any]:
        """Call the wake function as AWS does: its answer has to fit into JSON."""
        result = self.wake(http_event(*told, **more), Context())
        read: Mapping[str, Any] = json.loads(json.dumps(result))
        return read

    def status(self, name: str) -> Mapping[str, Any]:
        told: Mapping[str, Any] = json.loads(self.ask("GET", f"/{name}/.wakeproxy/status", PROGRAM)["body"])
        return told

    def until_awake(self, name: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.status(name)["ready"]:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def counts(self, name: str) -> list[int]:
        """Every desired count that ECS was told of a service."""
        return self.loop.run(counts_told(self.world, name))

    def describe(self, name: str) -> Mapping[str, Any]:
        return self.loop.run(self.world.describe(name))

    def environ(self) -> dict[str, str]:
        return {"WAKEPROXY_CONFIG": str(self.config), "AWS_LAMBDA_FUNCTION_NAME": "wake"}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder = tmp_path_factory.mktemp("account")
    with asyncio.Runner() as loop:
        opening = run_sandbox(folder)
        world = loop.run(opening.__aenter__())
        try:
            loop.run(make_table(world))
            for name in ("led", "both", "ops", "plain"):
                loop.run(world.create(name, public=True))
            for name in ("app", "held"):
                loop.run(world.create(name, command=[sys.executable, "-c", APP]))
            services = {
                "led": {"serve": "redirect", "address": "public"},
                **{name: {} for name in ("app", "held", "both", "ops")},
            }
            config = world.configure(
                {name: {**IDLE, **service, "hosts": [f"{name}.example.com"]} for name, service in services.items()},
                ledger=SHARED,
                flush_interval="100ms",
                serverless=True,
            )
            environ = {"WAKEPROXY_CONFIG": str(config), "AWS_LAMBDA_FUNCTION_NAME": "wake"}
            account = Account(world, config, loop, WakeFunction(environ), SleepFunction(environ))
            yield account
            account.wake.close()
            account.sleep.close()
        finally:
            loop.run(opening.__aexit__(None, None, None))


def test_from_asleep_to_the_app_and_back_to_nothing(account: Account) -> None:
    page = account.ask("GET", "/led/api/echo", BROWSER, query="x=1")
    assert (page["statusCode"], page["headers"]["Wakeproxy-Phase"]) == (503, "WAKING")

    account.until_awake("led")
    led = account.ask("GET", "/led/api/echo", BROWSER, query="x=1")
    assert led["statusCode"] == 307
    with urlopen(led["headers"]["Location"], timeout=PATIENCE) as answer:
        assert json.loads(answer.read())["query"] == "x=1"

    deadline = time.monotonic() + PATIENCE
    while "led" not in (swept := account.sleep({}, Context()))["stopped"]:
        assert swept["ok"]
        assert time.monotonic() < deadline
    assert (account.describe("led")["desiredCount"], account.counts("led")) == (0, [1, 0])


def test_a_call_is_held_until_the_app_answers_and_passed_through(account: Account) -> None:
    answer = account.ask("POST", "/held/cart", PROGRAM, body="grüße")

    assert (answer["statusCode"], answer["body"]) == (201, "grüße")
    assert float(answer["headers"]["Wakeproxy-Cold-Start"]) > 0


def test_bodies_cookies_and_chunks_pass_through_whole(account: Account) -> None:
    raw = bytes(range(256))
    sent = {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}

    mirrored = account.ask("POST", "/", PROGRAM, host="app.example.com", **sent)
    binary = account.ask("GET", "/app/bytes", PROGRAM)

    assert base64.b64decode(mirrored["body"]) == raw
    assert (binary["isBase64Encoded"], base64.b64decode(binary["body"])) == (True, raw)
    assert account.ask("GET", "/app/cookies", PROGRAM)["cookies"] == ["a=1", "b=2"]
    assert account.ask("GET", "/app/chunked", PROGRAM)["body"] == "abcde"
    assert account.ask("HEAD", "/app/", PROGRAM)["body"] == ""


def test_the_app_hears_who_asked_and_where_it_stands(account: Account) -> None:
    told = account.ask("GET", "/app/fields", {**PROGRAM, "x-forwarded-prefix": "/forged", "te": "trailers"})["body"]

    fields = [line.partition(": ") for line in told.splitlines() if line]
    named = {name.lower(): value for name, _, value in fields}
    assert named["x-forwarded-for"] == "203.0.113.9"
    assert named["x-forwarded-proto"] == "https"
    assert [value for name, _, value in fields if name.lower() == "x-forwarded-prefix"] == ["/app"]
    assert named["via"].startswith("1.1 wakeproxy-")
    assert "te" not in named


def test_a_redirect_within_the_app_leads_below_its_name(account: Account) -> None:
    by_name = account.ask("GET", "/app/away", PROGRAM)
    by_host = account.ask("GET", "/away", PROGRAM, host="app.example.com")

    assert by_name["headers"]["Location"] == "/app/login"
    assert by_host["headers"]["Location"] == "/login"


@pytest.mark.parametrize(
    ("path", "title"), [("/huge", "The app's answer is too large"), ("/torn", "The app broke off")]
)
def test_what_cannot_be_passed_through_is_told(account: Account, path: str, title: str) -> None:
    answer = account.ask("GET", f"/app{path}", PROGRAM)

    assert (answer["statusCode"], json.loads(answer["body"])["title"]) == (502, title)


def test_two_functions_wake_once(account: Account) -> None:
    other = WakeFunction(account.environ())
    other(http_event("GET", "/both/.wakeproxy/status", PROGRAM), Context())  # so that both are open
    answers: list[Mapping[str, Any]] = []
    threads = [
        threading.Thread(target=lambda each=each: answers.append(each(http_event("GET", "/both/", BROWSER), Context())))
        for each in (account.wake, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    other.close()

    assert {answer["statusCode"] for answer in answers} <= {503, 200}  # who comes last may find it awake
    assert account.counts("both") == [1]


def test_the_command_line_and_operators_share_the_ledger(account: Account) -> None:
    def command(*arguments: str) -> Any:
        ran = account.loop.run(run(*arguments, "--json", WAKEPROXY_CONFIG=str(account.config)))
        assert ran.status == 0, ran.err
        return ran.document

    woken = account.ask("POST", "/wake/ops", PROGRAM, route="POST /wake/{service}", signer=SIGNER)
    assert (woken["statusCode"], account.counts("ops")) == (202, [1])
    account.until_awake("ops")
    (status,) = command("status", "ops")["services"]
    assert (status["phase"], status["intent"]) == ("AWAKE", "awake")

    assert command("sleep", "ops", "--force")["slept"] == ["ops"]
    assert account.status("ops")["phase"] in {"DRAINING", "ASLEEP"}
    command("wake", "ops")
    account.until_awake("ops")
    put = account.ask("POST", "/sleep/ops", PROGRAM, query="force=1", route="POST /sleep/{service}", signer=SIGNER)
    assert json.loads(put["body"]) == {"ok": True, "service": "ops", "stopped": True, "reason": None}
    assert account.counts("ops") == [1, 0, 1, 0]


TRY_OUT = """
import json, sys, time
import wake, sleep
class Context:
    aws_request_id = "1"
    def get_remaining_time_in_millis(self): return 30000
for event in json.load(sys.stdin):
    result = (wake.handler if event else sleep.handler)(event, Context())
    print("RESULT", json.dumps(result))
"""


def test_one_service_by_plain_variables(account: Account, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(LAMBDAS), str(LAMBDAS.parent)]),
        "AWS_LAMBDA_FUNCTION_NAME": "wake",
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": account.world.url,
        "WAKEPROXY__LEDGER": SHARED,
        "CLUSTER_NAME": CLUSTER,
        "SERVICE_NAME": "plain",
        "APP_PORT": "8080",
        "WAIT_MS": "20000",
        "SLEEP_AFTER_MINUTES": "15",
    }
    events = [http_event("GET", "/api/echo", PROGRAM, query="a"), {}]

    ran = subprocess.run(
        [sys.executable, "-c", TRY_OUT],
        input=json.dumps(events),
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )

    led, slept = (json.loads(line[7:]) for line in ran.stdout.splitlines() if line.startswith("RESULT"))
    assert led["statusCode"] == 307
    assert led["headers"]["Location"].endswith(":8080/api/echo?a")
    assert (slept["ok"], slept["stopped"]) == (True, False)
    assert [json.loads(line)["_aws"] for line in ran.stdout.splitlines() if line.startswith("{")]


def test_a_function_that_is_not_set_up_says_so_and_does_not_break() -> None:
    wake = WakeFunction({"AWS_REGION": "eu-central-1", "AWS_LAMBDA_FUNCTION_NAME": "wake", "SERVICE_NAME": "shop"})
    sleep = SleepFunction({"AWS_REGION": "eu-central-1", "AWS_LAMBDA_FUNCTION_NAME": "sleep"})

    answer = wake(http_event(), Context())
    slept = sleep({}, Context())

    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (500, 500)
    assert not slept["ok"]
    assert "names no service" in slept["error"]
    wake.close()
    sleep.close()
