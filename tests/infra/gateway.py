"""The contract applied to the sandbox, as Terraform applies it, before the handler of the wake Lambda."""

import asyncio
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.e2e.fronts import SHARED, make_table
from tests.sandbox.clients import Aws
from tests.sandbox.functions import Functions, zipped
from tests.world import World
from wakeproxy.sandbox import Fault, Sandbox
from wakeproxy.sandbox.faults import FaultScript

HANDLER = Path(__file__).parents[2] / "lambdas/wake.py"
CONTRACT = Path(__file__).parents[2] / "infra/openapi-wake.yaml"
WHO: Mapping[str, Mapping[str, str]] = {
    "a browser": {
        "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Site": "same-origin",
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0",
    },
    "another site's page": {"Accept": "*/*", "Sec-Fetch-Site": "cross-site", "Origin": "https://other.example"},
    "a program": {"Accept": "application/json", "User-Agent": "a-program/1.0"},
    "nobody's machine": {"Accept": "*/*", "User-Agent": "ELB-HealthChecker/2.0"},
}
TIMEOUT_MS = 29_000
PATIENCE = 60.0
_MODULE = Path(__file__).parents[2] / "terraform/modules/wake_api/api.tf"
FUNCTION = "wake"
SEARCHED = os.pathsep.join(filter(None, sys.path))
"""Where the function finds what it imports."""
BUSY_STAGE = "busy"
"""Passes one request on, and no other."""
APP = r"""
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/silent":
            time.sleep(60)
        if self.path == "/torn":
            self.send_response(200); self.send_header("Content-Length", "99"); self.end_headers()
            self.wfile.write(b"half"); self.close_connection = True; return
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(418 if self.path == "/teapot" else 200)
        self.send_header("Content-Type", "text/plain"); self.send_header("Content-Length", "5")
        self.send_header("X-App", "1"); self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"hello")
    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET
    def log_message(self, *told): pass
ThreadingHTTPServer(("0.0.0.0", 8080), App).serve_forever()
"""


def read_contract(integration_uri: str = "arn") -> dict[str, Any]:
    """Read the contract with everything filled in that it leaves open."""
    text = CONTRACT.read_text(encoding="utf-8")
    for name, value in {"name": "wake", "integration_uri": integration_uri, "timeout_ms": str(TIMEOUT_MS)}.items():
        text = text.replace(f"${{{name}}}", value)
    read: dict[str, Any] = yaml.safe_load(text)
    return read


@dataclass(frozen=True)
class Gateway:
    """An API that serves the contract."""

    url: str
    host: str
    session: requests.Session
    aws: Aws
    faults: FaultScript

    def send(self, request: requests.Request, *, is_signed: bool = False) -> requests.Response:
        """Send a request as it is, byte for byte; one that is signed is an operator's."""
        prepared = self.session.prepare_request(request)
        prepared.headers["Host"] = self.host
        if is_signed:
            url = str(prepared.url).replace(self.url, f"http://{self.host}", 1)
            signed = AWSRequest(str(prepared.method), url, data=prepared.body)
            SigV4Auth(Credentials("any", "any"), "execute-api", "eu-central-1").add_auth(signed)
            prepared.headers.update(signed.headers.items())
        return self.session.send(prepared, allow_redirects=False, timeout=PATIENCE)

    def ask(
        self,
        method: str,
        path: str,
        fields: Mapping[str, str] | None = None,
        *,
        is_signed: bool = False,
        body: bytes = b"",
    ) -> requests.Response:
        """Ask for a path."""
        asked = requests.Request(method, self.url + path, headers=dict(fields or {}), data=body or None)
        return self.send(asked, is_signed=is_signed)

    @contextmanager
    def changed(self, **settings: Any) -> Iterator[None]:
        """Have the function set up otherwise for a while."""
        functions = self.aws.client("lambda")
        before = functions.get_function_configuration(FunctionName=FUNCTION)
        functions.update_function_configuration(FunctionName=FUNCTION, **settings)
        try:
            yield
        finally:
            functions.update_function_configuration(FunctionName=FUNCTION, **{name: before[name] for name in settings})

    @contextmanager
    def full(self) -> Iterator[None]:
        """Leave Lambda no room for the function for a while."""
        functions = self.aws.client("lambda")
        functions.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=0)
        try:
            yield
        finally:
            functions.delete_function_concurrency(FunctionName=FUNCTION)

    @contextmanager
    def failing(self, operation: str) -> Iterator[None]:
        """Have an operation of ECS fail for a while."""
        self.faults.add(
            Fault(kind="error", operation=operation, code="AccessDeniedException", message="no", times=None)
        )
        try:
            yield
        finally:
            self.faults.clear()


@contextmanager
def run_gateway(folder: Path) -> Iterator[Gateway]:
    """Serve the contract before services in every state; their names tell which."""
    with Sandbox() as sandbox, requests.Session() as session:
        asyncio.run(make_table(World(sandbox.url, folder)))
        aws = Aws(sandbox)
        api = aws.client("apigatewayv2")
        made = api.create_api(Name="wake", ProtocolType="HTTP")["ApiId"]
        api.create_stage(ApiId=made, StageName="$default", AutoDeploy=True)
        limit = {"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 0.001}
        api.create_stage(ApiId=made, StageName=BUSY_STAGE, AutoDeploy=True, DefaultRouteSettings=limit)
        host = f"{made}.execute-api.eu-central-1.localhost"
        config = folder / "wakeproxy.yaml"
        config.write_text(yaml.safe_dump(_configure(sandbox, host)), encoding="utf-8")
        uri = _make_function(aws, config, made)
        api.reimport_api(ApiId=made, Body=yaml.safe_dump(strip(read_contract(uri)), sort_keys=False))
        session.trust_env = False
        yield Gateway(sandbox.url, host, session, aws, sandbox.faults)
        aws.close()


def strip(contract: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is for people and tools only, as Terraform does."""
    told = re.search(r"^ *unsent += \[(.*?)\]", _MODULE.read_text(encoding="utf-8"), re.MULTILINE)
    assert told, "the module says no longer what it leaves out"
    unsent = set(re.findall(r'"([^"]+)"', told[1]))
    kept = {key: value for key, value in contract.items() if key not in unsent}
    parts = {key: value for key, value in contract["components"].items() if key not in unsent}
    paths = {
        path: {
            method: {key: value for key, value in operation.items() if key not in unsent}
            for method, operation in item.items()
        }
        for path, item in contract["paths"].items()
    }
    return {**kept, "components": parts, "paths": paths}


def _configure(sandbox: Sandbox, host: str) -> dict[str, Any]:
    app = [sys.executable, "-c", APP]
    crash = [sys.executable, "-c", "raise SystemExit('no database')"]
    sandbox.create_service("asleep")
    sandbox.create_service("awake", command=app, desired_count=1)
    sandbox.create_service("led", public=True, desired_count=1)
    sandbox.create_service("waking", command=[sys.executable, "-c", "import time; time.sleep(999)"])
    sandbox.create_service("failing", command=crash)
    sandbox.create_service("rooted")
    quick = {"ready": {"every": "20ms"}, "keep_awake_for": "1h"}
    services: dict[str, dict[str, Any]] = {
        "asleep": {**quick, "wake_on": "click"},
        "awake": quick,
        "led": {**quick, "serve": "redirect", "address": "public"},
        "waking": quick,
        "failing": {**quick, "wake_timeout": "1s"},
        "missing": quick,
        "rooted": {**quick, "hosts": [host], "path": "/rooted"},
    }
    return {
        "aws": {"region": sandbox.region, "cluster": "apps", "endpoint_url": sandbox.url},
        "ledger": SHARED,
        "flush_interval": "50ms",
        "serverless": {"wait": "100ms"},
        "watch": {"waking": "50ms"},
        "timeouts": {"first_byte": "1s"},
        "limits": {"wakes_per_minute": 10_000, "head_fields": 60},
        "services": {name: {"hosts": [f"{name}.example.com"], **service} for name, service in services.items()},
    }


def _make_function(aws: Aws, config: Path, api: str) -> str:
    """Make the function of the handler's own file, run beside this checkout: zips have tests of their own."""
    arn: str = aws.client("lambda").create_function(
        FunctionName=FUNCTION,
        Role=Functions(aws).role,
        Code={"ZipFile": zipped({HANDLER.name: HANDLER.read_text(encoding="utf-8")})},
        Runtime=f"python3.{sys.version_info.minor}",
        Handler=f"{HANDLER.stem}.handler",
        Timeout=30,
        Environment={"Variables": {"WAKEPROXY_CONFIG": str(config), "PYTHONPATH": SEARCHED}},
    )["FunctionArn"]
    source = f"arn:aws:execute-api:eu-central-1:123456789012:{api}/*/*"
    aws.client("lambda").add_permission(
        FunctionName=FUNCTION,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=source,
    )
    return f"arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{arn}/invocations"
