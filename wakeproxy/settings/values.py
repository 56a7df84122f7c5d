"""The settings, as frozen values: what the house is built from.

Defaults of everything but the services stand here, once; those of a service stand in `core.service`.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Final, Literal, TypeAlias

from wakeproxy.core.service import Service

MEMORY: Final = ":memory:"

BUILT_IN_THEMES: Final = ("calm", "terminal", "plain")
"""Themes of the wait page that come with wakeproxy; any other is a folder."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says; stronger than the environment and the file."""

    region: str | None = None
    profile: str | None = None
    cluster: str | None = None
    endpoint_url: str | None = None


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """Where AWS is, and as whom it is called."""

    region: str
    cluster: str = "default"  # ECS assumes a cluster of this name where none is given
    endpoint_url: str | None = None
    profile: str | None = None
    role_arn: str | None = None


@dataclass(frozen=True, slots=True)
class Listen:
    """An address to listen on; port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect; a name other than ``localhost`` is not trusted to mean that."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True, slots=True)
class AdminSettings:
    """The admin listener, and the token it asks for; ``None`` asks for none, on loopback only."""

    listen: Listen = Listen("127.0.0.1", 9901)
    token_env: str = "WAKEPROXY_ADMIN_TOKEN"  # noqa: S105  a variable's name, no secret
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SqliteUrl:
    """A ledger in an SQLite file, or in memory."""

    path: Path | Literal[":memory:"]

    def __str__(self) -> str:
        return f"sqlite:///{self.path}"


LedgerUrl: TypeAlias = SqliteUrl


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what visitors can make us hold, open or wake; ``None`` is no bound."""

    held_requests: int = 1000
    held_per_service: int = 200
    head_bytes: int = 64 * 1024
    connections: int = 10_000
    wakes_per_minute: int = 60
    awake_services: int | None = None


@dataclass(frozen=True, slots=True)
class SleeperSettings:
    """How often services are judged; a dry run only tells what it would do."""

    every: timedelta = timedelta(minutes=1)
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How often a service is observed, by its phase."""

    waking: timedelta = timedelta(milliseconds=500)
    awake: timedelta = timedelta(seconds=15)
    asleep: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything configured."""

    aws: AwsSettings
    services: tuple[Service, ...]
    listen: Listen = Listen("0.0.0.0", 8080)  # noqa: S104  the front serves the network; that is its deed
    admin: AdminSettings | None = field(default_factory=AdminSettings)
    ledger: LedgerUrl = SqliteUrl(Path("wakeproxy.db"))
    limits: Limits = field(default_factory=Limits)
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    sleeper: SleeperSettings = field(default_factory=SleeperSettings)
    watch: WatchSettings = field(default_factory=WatchSettings)
    flush_interval: timedelta = timedelta(seconds=10)
