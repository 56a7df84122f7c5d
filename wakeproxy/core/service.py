"""What a service is to wakeproxy: where it runs, who reaches it, and how it is woken and put to sleep.

These values are the product of `settings` and the food of everything else. Defaults stand here, once.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from fnmatch import translate
from re import Pattern
from re import compile as compile_pattern

from wakeproxy.core.hours import Window
from wakeproxy.core.names import HostPattern, ServiceName
from wakeproxy.core.signals import SignalPolicy


class Address(StrEnum):
    """Which of a task's addresses is dialled."""

    PRIVATE = "private"
    PUBLIC = "public"


class Serve(StrEnum):
    """How visitors get to an awake app."""

    PROXY = "proxy"
    REDIRECT = "redirect"


class Wait(StrEnum):
    """What a visitor of a sleeping service gets: by what asks (auto), always the page, or always a hold."""

    AUTO = "auto"
    PAGE = "page"
    HOLD = "hold"


class WakeOn(StrEnum):
    """What wakes: any visit, or only the visitor's click on the page."""

    VISIT = "visit"
    CLICK = "click"


@dataclass(frozen=True, slots=True, order=True)
class EcsService:
    """An ECS service, by the names of its cluster and its own."""

    cluster: str
    service: str

    def __str__(self) -> str:
        return f"{self.cluster}/{self.service}"


@dataclass(frozen=True, slots=True)
class Ready:
    """How an app proves that it answers: an HTTP status in ``lowest..highest`` on ``path``, or a TCP connect."""

    path: str | None = None
    lowest: int = 200
    highest: int = 399
    every: timedelta = timedelta(milliseconds=100)
    timeout: timedelta = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """Requests that neither wake a service nor count as its use, besides the built-in rules."""

    paths: tuple[str, ...] = ()
    user_agents: tuple[str, ...] = ()
    """Shell patterns, compared without regard to case."""
    agents: Pattern[str] | None = field(init=False, repr=False, compare=False)
    """The patterns as one; ``None`` when there are none."""

    def __post_init__(self) -> None:
        joined = "|".join(translate(agent.lower()) for agent in self.user_agents)
        object.__setattr__(self, "agents", compile_pattern(joined) if joined else None)


@dataclass(frozen=True, slots=True)
class IdlePolicy:
    """When a service may sleep."""

    idle_after: timedelta = timedelta(minutes=15)
    min_awake: timedelta = timedelta(minutes=2)
    max_awake: timedelta | None = None
    """After so long what only might be use keeps it awake no longer; what surely is still does."""
    awake_hours: tuple[Window, ...] = ()
    signals: SignalPolicy = field(default_factory=SignalPolicy)
    crash_loop_after: timedelta = timedelta(minutes=15)
    """How long ECS may try in vain to bring a task up."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service as configured."""

    name: ServiceName
    ecs: EcsService
    hosts: tuple[HostPattern, ...] = ()
    path: str = "/"
    port: int = 8080
    scheme: str = "http"
    address: Address = Address.PRIVATE
    serve: Serve = Serve.PROXY
    redirect_to: str | None = None
    """Scheme and host that visitors are redirected to; ``None`` stands for the task's own address."""
    wait: Wait = Wait.AUTO
    wake_on: WakeOn = WakeOn.VISIT
    hold_for: timedelta = timedelta(seconds=25)
    wake_timeout: timedelta = timedelta(minutes=5)
    desired_count: int = 1
    needs: tuple[ServiceName, ...] = ()
    """Services that must answer before this one is started, and stay awake while it is used."""
    needs_optional: tuple[ServiceName, ...] = ()
    """Services that are woken along and stay awake with it, but that nothing waits for."""
    keep_awake_for: timedelta | None = None
    """How long the button of its own page keeps it awake; ``None``: there is no button."""
    ready: Ready = field(default_factory=Ready)
    idle: IdlePolicy = field(default_factory=IdlePolicy)
    ignore: IgnoreRules = field(default_factory=IgnoreRules)
    theme: str = "calm"
    display_name: str = ""
    group: ServiceName | None = None
    """What it is called together with others."""
    show_reasons: bool = True

    @property
    def all_needs(self) -> tuple[ServiceName, ...]:
        """What it needs directly, required and optional alike."""
        return (*self.needs, *self.needs_optional)

    @property
    def title(self) -> str:
        """What visitors read as the service's name."""
        return self.display_name or self.name
