"""The texts by which AWS says why a task stopped or a service stands still, and what each means to people.

Texts are those of the ECS developer guide ("Stopped tasks error messages", "Service event messages"); the first
pattern that matches wins.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, auto


class Cause(StrEnum):
    """The kinds of reason a wake may fail or take long for."""

    IMAGE_MISSING = auto()
    IMAGE_PULL = auto()
    SECRETS = auto()
    RESOURCES = auto()
    CONTAINER_START = auto()
    CRASH = auto()
    OUT_OF_MEMORY = auto()
    UNHEALTHY = auto()
    NETWORK = auto()
    INTERRUPTED = auto()
    CAPACITY = auto()
    QUOTA = auto()
    THROTTLED = auto()
    ACCESS_DENIED = auto()
    AWS_UNREACHABLE = auto()
    SERVICE_MISSING = auto()
    NO_PUBLIC_ADDRESS = auto()
    NOT_ANSWERING = auto()
    TIMED_OUT = auto()
    STOPPED = auto()
    NEED_FAILED = auto()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A cause with its sentence for people and the remedy; ``can_retry`` says whether time alone may heal it."""

    cause: Cause
    sentence: str
    remedy: str
    can_retry: bool


def _sure(cause: Cause, sentence: str, remedy: str) -> Callable[[str], Diagnosis]:
    return lambda detail: Diagnosis(cause, sentence.format(detail=detail), remedy, can_retry=False)


def _maybe(cause: Cause, sentence: str, remedy: str) -> Callable[[str], Diagnosis]:
    return lambda detail: Diagnosis(cause, sentence.format(detail=detail), remedy, can_retry=True)


INTERRUPTED = Diagnosis(
    Cause.INTERRUPTED,
    "AWS took the Spot capacity back that the task ran on.",
    "ECS starts another task; use on-demand Fargate if this happens often.",
    can_retry=True,
)

STOPS: tuple[tuple[re.Pattern[str], Callable[[str], Diagnosis]], ...] = (
    (
        re.compile(
            r"CannotPull.*(i/o timeout|toomanyrequests|Client\.Timeout|TLS handshake|connection re)",
            re.DOTALL | re.IGNORECASE,
        ),
        _maybe(
            Cause.IMAGE_PULL,
            "The image could not be pulled just now: {detail}.",
            "ECS tries again. Check the way to the registry (subnet, NAT or VPC endpoints) if it stays so.",
        ),
    ),
    (
        re.compile(r"(?is)CannotPull.*no space left"),
        _sure(Cause.IMAGE_PULL, "The image is larger than the task's disk.", "Raise the task's ephemeral storage."),
    ),
    (
        re.compile(r"(?i)CannotPull"),
        _sure(
            Cause.IMAGE_MISSING,
            "The image cannot be pulled: {detail}.",
            "Push the image or correct its name, and check the execution role's rights on the registry.",
        ),
    ),
    (
        re.compile(
            r"ResourceInitializationError(?!: failed to \w+ logg).*(secret|parameter|ssm|registry auth|role)",
            re.DOTALL | re.IGNORECASE,
        ),
        _sure(
            Cause.SECRETS,
            "The task could not fetch its secrets or registry credentials: {detail}.",
            "Check that the secrets exist, and the execution role and the network path to them.",
        ),
    ),
    (
        re.compile(r"(?i)ResourceInitializationError"),
        _sure(
            Cause.RESOURCES,
            "The task's resources could not be set up: {detail}.",
            "Check the task definition's log driver, volumes and roles.",
        ),
    ),
    (
        re.compile(r"(?i)(Cannot(Start|Create)Container|ContainerRuntime)"),
        _sure(
            Cause.CONTAINER_START,
            "The container could not be started: {detail}.",
            "Check the container's command, entry point and platform.",
        ),
    ),
    (
        re.compile(r"(?i)Timeout waiting for (network interface|EphemeralStorage)"),
        _maybe(
            Cause.NETWORK,
            "AWS took too long to provide the task's network or disk.",
            "ECS tries again by itself.",
        ),
    ),
    (
        re.compile(r"(?i)health check"),
        _maybe(
            Cause.UNHEALTHY,
            "The app failed its health checks and was stopped.",
            "Check the health check's path, command and start period against how long the app takes to start.",
        ),
    ),
    (re.compile(r"(?i)Spot"), lambda _: INTERRUPTED),
)

EVENTS: tuple[tuple[re.Pattern[str], Diagnosis], ...] = (
    (
        re.compile(r"(?i)limit on the number of vCPUs"),
        Diagnosis(
            Cause.QUOTA,
            "The account's limit of Fargate vCPUs is reached.",
            "Ask for a higher Fargate quota, or put other services to sleep.",
            can_retry=True,
        ),
    ),
    (
        re.compile(r"(?i)Capacity is unavailable|RESOURCE:FARGATE"),
        Diagnosis(
            Cause.CAPACITY,
            "AWS has no free Fargate capacity in these zones right now; ECS keeps trying.",
            "Wait, or let the service use subnets in more availability zones.",
            can_retry=True,
        ),
    ),
    (
        re.compile(r"(?i)operations are being throttled"),
        Diagnosis(
            Cause.THROTTLED,
            "AWS slows down this account's calls for now; ECS keeps trying.",
            "Wait; fewer services starting at once helps.",
            can_retry=True,
        ),
    ),
    (
        re.compile(r"(?i)unable to assume (the )?role"),
        Diagnosis(
            Cause.SECRETS,
            "ECS may not assume the role the service needs.",
            "Check the role's trust policy.",
            can_retry=False,
        ),
    ),
    (
        re.compile(r"(?i)unable to consistently start tasks"),
        Diagnosis(
            Cause.STOPPED,
            "ECS cannot start the service's tasks and waits longer between its attempts, up to half an hour.",
            "Look at the service's stopped tasks for the reason.",
            can_retry=True,
        ),
    ),
    (
        re.compile(r"(?i)unable to stop or start tasks"),
        Diagnosis(
            Cause.STOPPED,
            "The service's deployment configuration lets ECS neither stop nor start a task.",
            "Raise the deployment's maximumPercent, or lower its minimumHealthyPercent.",
            can_retry=False,
        ),
    ),
    (
        re.compile(r"(?i)unable to place a task"),
        Diagnosis(
            Cause.CAPACITY,
            "ECS could not place a task.",
            "Look at the service's events for the reason.",
            can_retry=True,
        ),
    ),
)


NO_PUBLIC_ADDRESS = Diagnosis(
    Cause.NO_PUBLIC_ADDRESS,
    "The task has no public address, but wakeproxy is told to use one.",
    "Set assignPublicIp to ENABLED on the ECS service, or address: private.",
    can_retry=False,
)
SERVICE_MISSING = Diagnosis(
    Cause.SERVICE_MISSING,
    "ECS knows no such service.",
    "Check the cluster and service name, the region and the account.",
    can_retry=False,
)


def explain_failed_need(title: str, found: Diagnosis | None) -> Diagnosis:
    """Explain that a service cannot start, for one that it needs failed."""
    sentence = found.sentence if found else "No reason is known."
    remedy = found.remedy if found else f"Look at {title} first."
    return Diagnosis(
        Cause.NEED_FAILED, f"It needs {title}, which could not be woken: {sentence}", remedy, can_retry=False
    )


def explain_missing_need(name: str) -> Diagnosis:
    """Explain that a service cannot start, for one that it needs is not known here."""
    return Diagnosis(
        Cause.NEED_FAILED,
        f"It needs {name}, which wakeproxy does not know.",
        f"Name {name} under services, or give its ECS service the tags it is found by.",
        can_retry=False,
    )
