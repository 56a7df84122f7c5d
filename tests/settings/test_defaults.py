"""What is not written is what the values' own defaults say."""

from collections.abc import Callable
from pathlib import Path

from wakeproxy.core.names import ServiceName, parse_host_pattern
from wakeproxy.core.service import EcsService, Service
from wakeproxy.settings import (
    STDOUT,
    AccessLogSettings,
    AdminSettings,
    AwsSettings,
    Limits,
    Listen,
    LogFormat,
    Settings,
    SqliteUrl,
)

Load = Callable[..., Settings]


def test_the_least_that_is_required_gives_every_default(load: Load, folder: Path) -> None:
    shop = Service(
        name=ServiceName("shop"), ecs=EcsService("default", "shop"), hosts=(parse_host_pattern("a.example.com"),)
    )
    expected = Settings(
        aws=AwsSettings(region="eu-west-1"), services=(shop,), ledger=SqliteUrl(folder / "wakeproxy.db")
    )
    assert load("services: {shop: {hosts: [a.example.com]}}") == expected


def test_the_defaults_are_those_of_the_interface(load: Load) -> None:
    settings = load("services: {shop: {hosts: [a.example.com]}}")
    assert settings.listen == Listen("0.0.0.0", 8080)
    assert settings.admin == AdminSettings(Listen("127.0.0.1", 9901), "WAKEPROXY_ADMIN_TOKEN", None)
    assert settings.limits == Limits(
        held_requests=1000,
        held_per_service=200,
        head_bytes=65_536,
        head_fields=100,
        connections=10_000,
        connections_per_client=1000,
        wakes_per_minute=60,
        awake_services=None,
    )
    assert (settings.tls, settings.proxy_protocol) == (None, False)
    assert settings.access_log == AccessLogSettings(LogFormat.OFF, STDOUT)


def test_empty_sections_say_nothing(load: Load) -> None:
    bare = "services: {shop: {hosts: [a.example.com]}}"
    empty = "aws:\nlimits:\ndefaults: {ready: }\nservices: {shop: {hosts: [a.example.com], ready: , ignore: {}}}"
    assert load(empty) == load(bare)
