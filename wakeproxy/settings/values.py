"""The settings, as frozen values: what the house is built from.

Defaults of everything but the services stand here, once; those of a service stand in `core.service`, those of bounds in
`core.limits`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from wakeproxy.core.limits import Limits, Timeouts
from wakeproxy.core.service import Service

MEMORY: Final = ":memory:"
STDOUT: Final = "stdout"

BUILT_IN_THEMES: Final = ("calm", "terminal", "plain")
"""Themes of the wait page that come with wakeproxy; any other is a folder."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says; stronger than the environment and the file."""

    region: str | None = None
    profile: str | None = None
    cluster: str | None = None
    endpoint_url: str | None = None
    role_arn: str | None = None


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """Where AWS is, and as whom it is called."""

    region: str
    cluster: str = "default"  # ECS assumes a cluster of this name where none is given
    endpoint_url: str | None = None
    profile: str | None = None
    role_arn: str | None = None
    rate_percent: int | None = None
    """Of AWS's request rates, at most; ``None`` leaves it to `aws.pace`."""


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


@dataclass(frozen=True, slots=True)
class DynamoUrl:
    """A ledger in a DynamoDB table, in the region and account of the services."""

    table: str

    def __str__(self) -> str:
        return f"dynamodb://{self.table}"


LedgerUrl: TypeAlias = SqliteUrl | DynamoUrl


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate's chain and its private key, both in PEM files; absolute paths."""

    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """What visitors are served with over TLS; the first pair is for whoever names no host that one is for."""

    pairs: tuple[KeyPair, ...]


class LogFormat(StrEnum):
    """How a line of the access log is written."""

    OFF = "off"
    JSON = "json"
    COMBINED = "combined"


@dataclass(frozen=True, slots=True)
class AccessLogSettings:
    """Which access log is written, and where: an absolute path, or standard output."""

    format: LogFormat = LogFormat.OFF
    to: Path | Literal["stdout"] = STDOUT


@dataclass(frozen=True, slots=True)
class DiscoverSettings:
    """Which services are found by their tags, how often, and what is theirs unless their tags say otherwise."""

    clusters: tuple[str, ...] = ()
    """Patterns of clusters' names; none stands for all of the region."""
    every: timedelta = timedelta(seconds=30)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What the config file says of every service, as `settings.reading` gives it."""
    themes: Mapping[str, str] = field(default_factory=dict)
    """The themes that tags may name, by what they write: those built in, and those that the file names."""


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
class ServerlessSettings:
    """How the Lambdas serve; ``wait`` is how long one of them waits for an app at most."""

    wait: timedelta = timedelta(seconds=25)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything configured."""

    aws: AwsSettings
    services: tuple[Service, ...]
    listen: Listen = Listen("0.0.0.0", 8080)  # noqa: S104  the front serves the network; that is its deed
    tls: TlsSettings | None = None
    proxy_protocol: bool = False
    ports: tuple[int, ...] = ()
    admin: AdminSettings | None = field(default_factory=AdminSettings)
    ledger: LedgerUrl = SqliteUrl(Path("wakeproxy.db"))
    limits: Limits = field(default_factory=Limits)
    timeouts: Timeouts = field(default_factory=Timeouts)
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    discover: DiscoverSettings | None = None
    sleeper: SleeperSettings = field(default_factory=SleeperSettings)
    watch: WatchSettings = field(default_factory=WatchSettings)
    flush_interval: timedelta = timedelta(seconds=10)
    access_log: AccessLogSettings = field(default_factory=AccessLogSettings)
    serverless: ServerlessSettings | None = None
    """``None``: no Lambda serves it."""

    @property
    def themes(self) -> frozenset[str]:
        """The themes of wait pages that are named: built-in ones, and folders."""
        named = self.discover.themes.values() if self.discover else ()
        return frozenset((*named, *(service.theme for service in self.services)))
