"""What a fault is: a kind, whom it befalls, how often, and the kind's own numbers and texts.

Two families. Faults of *calls* befall API requests, matched by `operation` and `target`; faults of *tasks* befall what
the scheduler does, matched by `target` alone.
"""

from dataclasses import dataclass, fields
from difflib import get_close_matches
from enum import StrEnum

from wakeproxy.sandbox.errors import SandboxError


class FaultKind(StrEnum):
    """Everything that can be made to go wrong."""

    THROTTLE = "throttle"
    """The call is refused as ThrottlingException (HTTP 400); EC2 says RequestLimitExceeded."""
    ERROR = "error"
    """The call is refused with `code`, `message` and HTTP `status`."""
    DELAY = "delay"
    """The call is answered `seconds` later than it would be."""
    LOSE_REQUEST = "lose_request"
    """The connection breaks before the call is carried out."""
    LOSE_ANSWER = "lose_answer"
    """The call is carried out, then the connection breaks."""
    LAG = "lag"
    """An ECS read answers what was true `seconds` ago."""
    EMPTY = "empty"
    """An ECS list answers nothing."""

    CAPACITY = "capacity"
    """A task cannot be placed: no Fargate capacity."""
    VCPU_LIMIT = "vcpu_limit"
    """A task cannot be placed: the account's vCPU quota is used up."""
    PULL_ERROR = "pull_error"
    """CannotPullContainerError with `message`."""
    ENI_TIMEOUT = "eni_timeout"
    """The network interface is not provisioned in time."""
    NO_PUBLIC_IP = "no_public_ip"
    """The network interface gets no public address although one was asked for."""
    CRASH = "crash"
    """The essential container exits with `exit_code`, `seconds` after it started."""
    OUT_OF_MEMORY = "out_of_memory"
    """The essential container is killed for its memory, `seconds` after it started."""
    UNHEALTHY = "unhealthy"
    """The container's health check fails, `seconds` after it started."""
    REPLACE = "replace"
    """The task is retired by the platform, `seconds` after RUNNING; its successor has another address."""


CALL_KINDS = frozenset(
    {
        FaultKind.THROTTLE,
        FaultKind.ERROR,
        FaultKind.DELAY,
        FaultKind.LOSE_REQUEST,
        FaultKind.LOSE_ANSWER,
        FaultKind.LAG,
        FaultKind.EMPTY,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong."""

    kind: FaultKind | str
    operation: str = "*"
    """Calls only: `UpdateService`, `ecs:Describe*`, `ec2:*`. Without a colon, of any AWS service."""
    target: str = "*"
    """A pattern of `cluster/service` (of `cluster/family` for a task without service)."""
    times: int | None = 1
    """How often; `None` for always."""
    after: int = 0
    """How many matches pass unharmed first."""
    lasts: float | None = None
    """Seconds until the fault goes away by itself, counted from when it was added."""
    seconds: float = 0.0
    code: str = "ServerException"
    message: str = ""
    status: int = 400
    exit_code: int = 1

    def __post_init__(self) -> None:
        """Check what a person wrote.

        Raises:
            SandboxError: names the field and the nearest valid value.

        """
        kinds = [kind.value for kind in FaultKind]
        if self.kind not in kinds:
            near = get_close_matches(str(self.kind), kinds, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"use one of: {', '.join(kinds)}."
            raise SandboxError(f"There is no fault of the kind {str(self.kind)!r}; {hint}")
        object.__setattr__(self, "kind", FaultKind(self.kind))
        if (self.times is not None and self.times < 1) or min(self.after, self.seconds, self.lasts or 0) < 0:
            raise SandboxError(
                "A fault's `times` is at least 1 (or null); `after`, `seconds`, `lasts` are not negative."
            )

    @property
    def is_of_calls(self) -> bool:
        """Whether API calls are befallen, not tasks."""
        return self.kind in CALL_KINDS


FAULT_FIELDS = tuple(field.name for field in fields(Fault))
