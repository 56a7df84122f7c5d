"""AWS on this machine: an endpoint for any AWS client, whose ECS services run as local processes.

    with Sandbox() as sandbox:
        sandbox.create_service("hello", image="wakeproxy/hello", port=8080, cluster="apps")
        ...  # any AWS client, with endpoint_url=sandbox.url

Nothing is imported until it is asked for: the apps that run as containers live in this package too, and start fast.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wakeproxy.sandbox.door.calls import Call
    from wakeproxy.sandbox.door.control import TaskView
    from wakeproxy.sandbox.errors import SandboxError
    from wakeproxy.sandbox.faults import Fault, FaultKind
    from wakeproxy.sandbox.faults.file import load_faults
    from wakeproxy.sandbox.sandbox import Sandbox
    from wakeproxy.sandbox.spec import ServiceSpec
    from wakeproxy.sandbox.timings import TIMINGS, Timings

_HOMES = {
    "Call": "door.calls",
    "Fault": "faults",
    "FaultKind": "faults",
    "Sandbox": "sandbox",
    "SandboxError": "errors",
    "ServiceSpec": "spec",
    "TIMINGS": "timings",
    "TaskView": "door.control",
    "Timings": "timings",
    "load_faults": "faults.file",
}

__all__ = [
    "TIMINGS",
    "Call",
    "Fault",
    "FaultKind",
    "Sandbox",
    "SandboxError",
    "ServiceSpec",
    "TaskView",
    "Timings",
    "load_faults",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - see above

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
