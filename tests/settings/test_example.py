"""The example that people start from is read as it is meant."""

from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

from wakeproxy.core.hours import Window
from wakeproxy.core.names import ServiceName, parse_host_pattern
from wakeproxy.core.service import EcsService, IdlePolicy, IgnoreRules, Ready, Service, Wait
from wakeproxy.core.signals import SignalPolicy
from wakeproxy.settings import (
    AccessLogSettings,
    AdminSettings,
    AwsSettings,
    KeyPair,
    Limits,
    Listen,
    LogFormat,
    Settings,
    SleeperSettings,
    SqliteUrl,
    Timeouts,
    TlsSettings,
    WatchSettings,
)

_EXAMPLE = """
aws:      {region: eu-central-1, cluster: apps, endpoint_url: null, profile: null, role_arn: null}
listen:   0.0.0.0:8080
tls:      {cert: cert.pem, key: key.pem}
proxy_protocol: true
ports:    [9000]
admin:    {listen: 127.0.0.1:9901, token_env: WAKEPROXY_ADMIN_TOKEN}
ledger:   sqlite:///state/wakeproxy.db
trusted_proxies: [10.0.0.0/8]
sleeper:  {every: 1m, dry_run: yes}
watch:    {waking: 250ms, awake: 15s, asleep: 30s}
flush_interval: 5s
limits:   {held_requests: 1000, held_per_service: 200, head_bytes: 32KiB, connections: 10000, awake_services: 9,
           connections_per_client: null}
timeouts: {head: 5s, drain: 1m}
access_log: {format: json, to: access.log}
defaults: {wait: hold, ready: {timeout: 2s, status: 204}}
services:
  shop:
    ecs: other/storefront
    hosts: [Shop.example.com, "*.shop.example.com"]
    path: /v2/
    port: 3000
    wait: auto
    idle_after: 1h30m
    max_awake: 2d
    awake_hours: ["Mon-Fri 08:00-18:00 Europe/Berlin"]
    signals: {cpu_above: 20, network_above: 10KiB/s, requests: true}
    ready: {path: /healthz, status: 200-299}
    ignore: {paths: [/robots.txt], user_agents: ["ELB-HealthChecker/*"]}
    display_name: The Shop
"""


def test_the_example(load: Callable[..., Settings], folder: Path) -> None:
    shop = Service(
        name=ServiceName("shop"),
        ecs=EcsService("other", "storefront"),
        hosts=(parse_host_pattern("shop.example.com"), parse_host_pattern("*.shop.example.com")),
        path="/v2",
        port=3000,
        wait=Wait.AUTO,
        ready=Ready("/healthz", lowest=200, highest=299, timeout=timedelta(seconds=2)),
        idle=IdlePolicy(
            idle_after=timedelta(minutes=90),
            max_awake=timedelta(days=2),
            awake_hours=(Window(frozenset(range(5)), 8 * 60, 18 * 60, ZoneInfo("Europe/Berlin")),),
            signals=SignalPolicy(cpu_above=20, network_above=10_240, requests=True),
        ),
        ignore=IgnoreRules(("/robots.txt",), ("ELB-HealthChecker/*",)),
        display_name="The Shop",
    )
    assert load(_EXAMPLE, WAKEPROXY_ADMIN_TOKEN="t0ken") == Settings(
        aws=AwsSettings("eu-central-1", "apps"),
        services=(shop,),
        listen=Listen("0.0.0.0", 8080),
        admin=AdminSettings(Listen("127.0.0.1", 9901), "WAKEPROXY_ADMIN_TOKEN", "t0ken"),
        ledger=SqliteUrl(folder / "state/wakeproxy.db"),
        limits=Limits(head_bytes=32_768, connections=10_000, connections_per_client=None, awake_services=9),
        timeouts=Timeouts(head=timedelta(seconds=5), drain=timedelta(minutes=1)),
        tls=TlsSettings((KeyPair(folder / "cert.pem", folder / "key.pem"),)),
        proxy_protocol=True,
        ports=(9000,),
        access_log=AccessLogSettings(LogFormat.JSON, folder / "access.log"),
        trusted_proxies=(ip_network("10.0.0.0/8"),),
        sleeper=SleeperSettings(timedelta(minutes=1), dry_run=True),
        watch=WatchSettings(timedelta(milliseconds=250)),
        flush_interval=timedelta(seconds=5),
    )
