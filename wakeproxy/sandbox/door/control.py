"""`/_sandbox/`: the sandbox's own controls, for tests and people in other processes. JSON in, JSON out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl

from wakeproxy.sandbox.door.answers import Answer, json_answer
from wakeproxy.sandbox.door.calls import CallLog, now
from wakeproxy.sandbox.errors import SandboxError
from wakeproxy.sandbox.faults import FaultScript
from wakeproxy.sandbox.faults.file import parse_faults

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as the sandbox itself sees it."""

    id: str
    arn: str
    service: str
    status: str
    desired_status: str
    private_ip: str
    public_ip: str | None
    pid: int | None
    """The first process of its first essential container, while it runs."""
    log: tuple[str, ...]
    """The last lines its containers wrote."""


class Driver(Protocol):
    """What can be done to the sandbox from outside."""

    def create_service(self, name: str, **options: Any) -> str:
        """Make a service; returns its ARN."""

    def tasks(self, cluster: str, service: str | None = None) -> tuple[TaskView, ...]:
        """Tasks that have not stopped."""

    def replace_task(self, cluster: str, service: str) -> str:
        """Kill a running task; returns its id."""

    def fire(self, name: str) -> list[Json]:
        """Fire a rule or a schedule now; returns what its functions answered."""

    def urls(self) -> list[dict[str, str]]:
        """List the APIs and function URLs that can be opened."""


@dataclass(frozen=True, slots=True)
class Control:
    """Answers the controls."""

    driver: Driver
    faults: FaultScript
    calls: CallLog

    def answer(self, environ: Mapping[str, Any], body: bytes) -> Answer:
        """Answer one request."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/_sandbox/")
        action = self._actions().get((method, path))
        if action is None:
            known = ", ".join(f"{verb} /_sandbox/{name}" for verb, name in sorted(self._actions()))
            return json_answer({"message": f"There is no {method} /_sandbox/{path}. There are: {known}."}, status=404)
        if body and not environ.get("CONTENT_TYPE", "").startswith("application/json"):
            return json_answer({"message": "Send JSON, with Content-Type: application/json."}, status=415)
        try:
            given = json.loads(body or b"{}") if body else dict(parse_qsl(environ.get("QUERY_STRING", "")))
            return json_answer(action(given))
        except (SandboxError, ValueError, TypeError, KeyError) as error:
            missing = f"The key {error} is missing." if isinstance(error, KeyError) else str(error)
            return json_answer({"message": missing}, status=400)

    def _actions(self) -> Mapping[tuple[str, str], Callable[[Any], object]]:
        return {
            ("GET", "health"): lambda _: {"status": "ok"},
            ("GET", "calls"): self._list_calls,
            ("DELETE", "calls"): self._clear_calls,
            ("GET", "faults"): lambda _: {"faults": [asdict(fault) for fault in self.faults.pending()]},
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "tasks"): self._list_tasks,
            ("POST", "replace-task"): lambda given: {
                "task": self.driver.replace_task(given["cluster"], given["service"])
            },
            ("POST", "fire"): lambda given: {"fired": self.driver.fire(given["name"])},
            ("GET", "urls"): lambda _: {"urls": self.driver.urls()},
            ("POST", "services"): lambda given: {"serviceArn": self.driver.create_service(**given)},
        }

    def _list_calls(self, _: Json) -> Json:
        """The calls, with the present on the same clock, so that ages can be told."""
        return {"now": now(), "calls": [asdict(call) for call in self.calls.snapshot()]}

    def _clear_calls(self, _: Json) -> Json:
        self.calls.clear()
        return {}

    def _clear_faults(self, _: Json) -> Json:
        self.faults.clear()
        return {}

    def _add_faults(self, given: object) -> Json:
        faults = parse_faults(given, place="request")
        self.faults.add(*faults)
        return {"added": len(faults)}

    def _list_tasks(self, given: Json) -> Json:
        found = self.driver.tasks(given.get("cluster", "default"), given.get("service"))
        return {"tasks": [asdict(task) for task in found]}
