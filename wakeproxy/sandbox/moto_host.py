"""The only module that imports moto: its server for every service but ECS, and its EC2 for the tasks' interfaces.

Importing moto takes most of a second, so it happens in a thread of its own after the sandbox serves. moto's state is
the process's, not the sandbox's: two sandboxes in one process share everything but ECS, and it is forgotten with the
last of them.
"""

import importlib
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache, partial
from typing import Any, TypeVar
from urllib.parse import urlencode

from wakeproxy.sandbox.model.arns import ACCOUNT
from wakeproxy.sandbox.moto_mirror import WATCHERS, EcsView, make_mirror

WsgiAnswer = Iterable[bytes]
StartResponse = Callable[..., Any]
Json = dict[str, Any]
T = TypeVar("T")

TARGETS: Mapping[str, str] = {
    "events": "AWSEvents",
    "logs": "Logs_20140328",
    "secretsmanager": "secretsmanager",
    "servicediscovery": "Route53AutoNaming_v20170314",
    "ssm": "AmazonSSM",
}
"""The services asked by the tasks' platform, with what their X-Amz-Target begins with."""

_importing = threading.RLock()
"""moto's packages import each other in circles, which only one thread at a time survives."""
_uses = 0
_uses_lock = threading.Lock()


class Moto:
    """moto's server, with three services behind locks.

    EC2's dictionaries change while others look. DynamoDB's conditional writes judge first and write then, and what
    makes them conditional is that nobody writes in between. A function's new code and its digest are written one after
    the other, and would be read so.
    """

    def __init__(self, region: str) -> None:
        self._region = region
        self._ec2 = threading.RLock()
        self._locks: Mapping[str, AbstractContextManager[object]] = {
            "ec2": self._ec2,
            "dynamodb": threading.Lock(),
            "lambda": threading.Lock(),
        }
        self._app: Any = None
        self._view: EcsView | None = None
        self._mirror: Any = None
        self._app_lock = threading.Lock()

    def open(self) -> None:
        """Begin to import in the background."""
        global _uses  # noqa: PLW0603 - moto's state is global too
        with _uses_lock:
            _uses += 1
        threading.Thread(target=self._prepare, name="sandbox-moto", daemon=True).start()

    def show(self, view: EcsView) -> None:
        """Let moto's other services see ECS."""
        self._view = view

    def close(self) -> None:
        """Forget all of moto's state, if this was the last sandbox of the process."""
        global _uses  # noqa: PLW0603
        self._prepare()  # what is half imported cannot be forgotten
        with _uses_lock:
            _uses -= 1
            backends = _module("moto.core.base_backend").BackendDict
            if self._mirror is not None:
                backends._instances.remove(self._mirror)  # noqa: SLF001 - moto has no public way
            if _uses == 0:
                _forget(backends)

    def serve(self, service: str, environ: dict[str, Any], start_response: StartResponse) -> WsgiAnswer:
        """Answer one request to a service other than ECS."""
        application = self._application()
        if lock := self._locks.get(service):
            with lock:
                return list(application(environ, start_response))
        if service in WATCHERS:
            self._raise_mirror(WATCHERS[service])
        answer: WsgiAnswer = application(environ, start_response)
        return answer

    @contextmanager
    def ec2(self, region: str) -> Iterator[Any]:
        """Lend moto's EC2 backend of a Region, while nobody else uses it."""
        models = _module("moto.ec2.models")
        with self._ec2:
            yield models.ec2_backends[ACCOUNT][region]

    @contextmanager
    def functions(self, region: str) -> Iterator[Any]:
        """Lend moto's Lambda backend of a Region, while nobody changes a function."""
        with self._locks["lambda"]:
            yield self.backend("awslambda", region)

    @staticmethod
    def load(module: str) -> Any:
        """Import a module of moto's, or of what moto stands on."""
        return _module(module)

    @staticmethod
    def backend(package: str, region: str) -> Any:
        """Lend what one of moto's packages keeps for a Region; `aws` stands for those that have none.

        Nothing locks it: copy what you iterate over.
        """
        return _backends(_module(f"moto.{package}.models"), package)[ACCOUNT][region]

    @staticmethod
    def regions(package: str) -> list[str]:
        """Name the Regions for which one of moto's packages keeps anything."""
        module = sys.modules.get(f"moto.{package}.models")
        if module is None or ACCOUNT not in _backends(module, package).keys():  # noqa: SIM118 - moto's `in` makes backends
            return []
        return list(_backends(module, package)[ACCOUNT].keys())

    @staticmethod
    def find(look_up: Callable[[], T]) -> T | None:
        """Look something up in a backend; `None` when moto refuses, as it does what does not exist."""
        errors = _module("moto.core.exceptions")
        with suppress(errors.JsonRESTError, errors.ServiceException):
            return look_up()
        return None

    @staticmethod
    def has_rules(region: str) -> bool:
        """Whether anybody made an EventBridge rule in a Region; without one, nobody hears events."""
        backends = getattr(sys.modules.get("moto.events.models"), "events_backends", None)
        if backends is None or ACCOUNT not in backends.keys():  # noqa: SIM118 - moto's `in` makes backends
            return False  # nobody asked for events yet, or the module is just being imported
        regions = backends[ACCOUNT]
        return region in regions.keys() and any(bus.rules for bus in regions[region].event_buses.values())  # noqa: SIM118

    def ask(self, region: str, service: str, operation: str, parameters: Json) -> tuple[int, Json]:
        """Call an AWS service of the JSON protocol, as ECS itself does; returns HTTP status and answer."""
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{TARGETS[service]}.{operation}"}
        status, text = self._post(region, service, headers, json.dumps(parameters))
        try:
            return status, json.loads(text or "{}")
        except ValueError:
            return status, {"message": text}

    def put_event(self, region: str, entry: Json) -> None:
        """Publish an event on the default bus."""
        self.ask(region, "events", "PutEvents", {"Entries": [{**entry, "Detail": json.dumps(entry["Detail"])}]})

    def ask_elb(self, region: str, operation: str, parameters: Mapping[str, str]) -> int:
        """Call Elastic Load Balancing, which speaks forms and XML; returns the HTTP status."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        form = {"Action": operation, "Version": "2015-12-01", **parameters}
        return self._post(region, "elasticloadbalancing", headers, urlencode(form))[0]

    def _post(self, region: str, service: str, headers: dict[str, str], body: str) -> tuple[int, str]:
        scope = f"AWS4-HMAC-SHA256 Credential=sandbox/20260101/{region}/{service}/aws4_request, Signature=none"
        client = _module("werkzeug.test").Client(self._application())
        answer = client.post("/", headers={**headers, "Authorization": scope}, data=body)
        return int(answer.status_code), str(answer.get_data(as_text=True))

    def _raise_mirror(self, module: str) -> None:
        with self._app_lock:
            if self._mirror is None and self._view is not None:
                self._mirror = make_mirror(self._view, _module)
            if module:
                _module(module).ecs_backends = self._mirror

    def _application(self) -> Any:
        server = _module("moto.moto_server.werkzeug_app")
        with self._app_lock:
            if self._app is None:
                self._app = server.DomainDispatcherApplication(partial(_make_app, server))
                # moto lists its own folder on each request to find the service, which takes longer than the answer.
                self._app.get_backend_for_host = cache(self._app.get_backend_for_host)
            return self._app

    def _prepare(self) -> None:
        # Thousands of machine images, which nothing of Fargate's is made from, would take most of a sandbox's start.
        _module("moto.settings").ec2_load_default_amis = lambda: False
        self._application()
        with self.ec2(self._region):
            pass


def _forget(backends: Any) -> None:
    """Forget all that moto holds, and what its caches and its list of everything ever made would hold on to."""
    accounts = [account for backend in backends._instances for account in backend.values()]  # noqa: SLF001
    backends.reset()
    for account in accounts:
        account.clear()
    _module("moto.core.model_instances").reset_model_data()


def _make_app(server: Any, service: str | None) -> Any:
    """Make one service's application: it answers a page for what moto lacks, where moto would raise and print."""
    if service is None:
        return _answer_unknown
    with _importing:  # it imports the service's package
        application = server.create_backend_app(service)
    application.config["PROPAGATE_EXCEPTIONS"] = False
    application.logger.disabled = True
    application.logger.setLevel(logging.WARNING)  # Flask lets moto tell of every token of every expression it reads
    return application


def _answer_unknown(_: dict[str, Any], start_response: StartResponse) -> WsgiAnswer:
    start_response("500 Internal Server Error", [("Content-Type", "text/html")])
    return [b"no such service"]


def _backends(module: Any, package: str) -> Any:
    return getattr(module, f"{'lambda' if package == 'awslambda' else package}_backends")


def _module(name: str) -> Any:
    with _importing:
        return importlib.import_module(name)
