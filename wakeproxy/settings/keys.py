"""The one table of all configuration keys.

Reading, checking for unknown keys and suggesting known ones, environment variables, defaults and ``docs/settings.md``
all come from here. A key's last name is the field of the value it becomes. ``*`` stands for a service's name.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from wakeproxy.core.names import ServiceName, parse_service_name
from wakeproxy.core.service import Address, EcsService, Serve, Service, Wait, WakeOn
from wakeproxy.settings.addresses import parse_endpoint, parse_ledger, parse_listen, parse_network, parse_origin
from wakeproxy.settings.aws_names import (
    ClusterReference,
    parse_cluster,
    parse_cluster_pattern,
    parse_region,
    parse_role,
    parse_service,
)
from wakeproxy.settings.kinds import (
    CADENCE,
    COUNT,
    DURATION,
    HOURS,
    OFF,
    PATH,
    PERCENT,
    PORT,
    RATE,
    SIZE,
    SWITCH,
    TEXT,
    VARIABLE,
    WHOLE,
    Kind,
    Many,
    One,
    bounded,
    choice,
    optional,
)
from wakeproxy.settings.values import (
    BUILT_IN_THEMES,
    AdminSettings,
    AwsSettings,
    DiscoverSettings,
    LogFormat,
    ServerlessSettings,
    Settings,
)
from wakeproxy.settings.web import StatusRange, parse_host_name, parse_path, parse_prefix, parse_statuses, parse_target


@dataclass(frozen=True, slots=True)
class Key:
    """One key: where it stands, what it takes, and what it means."""

    path: str
    kind: Kind
    sentence: str = ""
    default: Any = None
    example: str = ""
    default_text: str = ""
    """The default in words, where it depends on something else."""
    missing: str = ""
    """What to say when it is absent and must not be."""
    fallback: tuple[str, ...] = ()
    """Environment variables of other tools that are read when nothing else sets the key."""

    @property
    def steps(self) -> tuple[str, ...]:
        """The path, step by step."""
        return tuple(self.path.split("."))

    @property
    def name(self) -> str:
        """The last step."""
        return self.steps[-1]

    @property
    def section(self) -> str:
        """The path without its last step; empty at the top."""
        return ".".join(self.steps[:-1])


# The values below carry the defaults of their dataclasses, so that no default is written twice.
_SETTINGS: Final = Settings(aws=AwsSettings(region=""), services=())
_AWS, _SLEEPER, _WATCH = _SETTINGS.aws, _SETTINGS.sleeper, _SETTINGS.watch
_LIMITS, _TIMEOUTS, _ACCESS_LOG = _SETTINGS.limits, _SETTINGS.timeouts, _SETTINGS.access_log
_ADMIN: Final = AdminSettings()
_DISCOVER: Final = DiscoverSettings()
_SERVERLESS: Final = ServerlessSettings()
_SERVICE: Final = Service(name=ServiceName("shop"), ecs=EcsService(_AWS.cluster, "shop"))
_READY, _IDLE, _IGNORE = _SERVICE.ready, _SERVICE.idle, _SERVICE.ignore
_SIGNALS: Final = _IDLE.signals

_RATE = bounded(WHOLE, least=5, most=1000, why="less could not even wake")
_LISTEN = One("an address like 0.0.0.0:8080", parse_listen)
_PROBE = bounded(DURATION, least=timedelta(milliseconds=10), most=timedelta(minutes=1))
_HOLD = bounded(
    DURATION, least=timedelta(0), most=timedelta(minutes=5), why="clients and load balancers have given up by then"
)
_IDLE_AFTER = bounded(
    DURATION, least=timedelta(seconds=1), why="less would put it to sleep between the requests of one page"
)
_KEEPING = bounded(
    DURATION, least=timedelta(minutes=1), most=timedelta(days=7), why="whoever can open the page can press its button"
)
_WAKE_TIMEOUT = bounded(DURATION, least=timedelta(seconds=1), most=timedelta(hours=1))
_FIELDS = bounded(WHOLE, least=1, most=1000, why="more is no honest client's, and each costs time to read")
_PATIENCE = bounded(
    DURATION, least=timedelta(seconds=1), most=timedelta(hours=1), why="less fails on common networks, more holds on"
)
_HEAD_WAIT = bounded(
    DURATION, least=timedelta(seconds=1), most=timedelta(minutes=1), why="a head is sent in one go, slow ones hold on"
)
_CONNECT = bounded(
    DURATION, least=timedelta(milliseconds=100), most=timedelta(minutes=1), why="one lost packet costs a second"
)
_ANSWER = bounded(DURATION, least=timedelta(seconds=1), most=timedelta(days=1), why="a request has an end")
_TUNNEL = bounded(DURATION, least=timedelta(seconds=1), most=timedelta(days=7), why="peers vanish without a word")
_REUSE = bounded(
    DURATION, least=timedelta(0), most=timedelta(hours=1), why="an app that closes first loses the request in between"
)
_DRAIN = bounded(DURATION, least=timedelta(0), most=timedelta(hours=1), why="whoever stops us kills long before")
_DRAIN_DELAY = bounded(
    DURATION, least=timedelta(0), most=timedelta(minutes=5), why="load balancers have noticed by then"
)
_WAIT = bounded(DURATION, least=timedelta(0), most=timedelta(seconds=28), why="API Gateway has given up after 29 s")
_CRASH_LOOP = bounded(
    DURATION, least=timedelta(seconds=1), most=timedelta(hours=1), why="ECS forgets stopped tasks after an hour"
)
_MAX_AWAKE = bounded(DURATION, least=timedelta(seconds=1))
_CPU = bounded(PERCENT, least=0.1, most=100, why="an idle app uses some, too")
_NETWORK = bounded(RATE, least=1)
_HEAD = bounded(SIZE, least=1024, most=2**20, why="less refuses common cookies, more invites exhaustion")

KEYS: Final[tuple[Key, ...]] = (
    Key("aws.region", One("a region", parse_region),
        "The AWS region of the cluster.", default=_AWS.region, example="eu-central-1",
        default_text="`AWS_REGION` or `AWS_DEFAULT_REGION`", fallback=("AWS_REGION", "AWS_DEFAULT_REGION"),
        missing="is missing; write it like eu-central-1, or set AWS_REGION in the environment."),
    Key("aws.cluster", One("a cluster's name or ARN", parse_cluster),
        "The ECS cluster of every service that names none.", default=ClusterReference(_AWS.cluster), example="apps"),
    Key("aws.endpoint_url", optional(One("a URL", parse_endpoint)),
        "Where AWS is called instead of its public endpoints, such as a sandbox.", default=_AWS.endpoint_url,
        example="http://127.0.0.1:4566", default_text="`AWS_ENDPOINT_URL`, else none", fallback=("AWS_ENDPOINT_URL",)),
    Key("aws.profile", optional(TEXT),
        "The profile of the AWS configuration files to take credentials from.", default=_AWS.profile,
        example="staging", default_text="the usual AWS chain"),
    Key("aws.role_arn", optional(One("a role's ARN", parse_role)),
        "A role to assume before AWS is called.", default=_AWS.role_arn,
        example="arn:aws:iam::123456789012:role/wakeproxy"),
    Key("aws.rate_percent", optional(_RATE),
        "How much of AWS's request rates for an account and Region this process takes at most, in percent of what AWS "
        "publishes; more than 100 where AWS raised yours.", default=_AWS.rate_percent, example="50",
        default_text="90; unbounded before a sandbox"),
    Key("listen", _LISTEN,
        "Where visitors are served; port 0 lets the system choose.", default=_SETTINGS.listen, example='"[::]:80"'),
    Key("tls.cert", Many("paths", PATH, least=1, is_set=False),
        "The certificate for TLS, a PEM file with its chain; several are chosen from by the host that is asked for.",
        default=(), example="cert.pem", default_text="none: plain HTTP"),
    Key("tls.key", Many("paths", PATH, least=1, is_set=False),
        "The private key of each certificate in turn: PEM files, not encrypted.",
        default=(), example="key.pem", default_text="none"),
    Key("proxy_protocol", SWITCH,
        "Connections begin with a PROXY protocol header (v1 or v2), as from a Network Load Balancer; needs "
        "`trusted_proxies`, for nobody else is served then.", default=_SETTINGS.proxy_protocol, example="true"),
    Key("ports", Many("ports", PORT),
        "Further ports that visitors may name in `Host`, where another is mapped to the listener's; its own, 80 and "
        "443 are always good.", default=_SETTINGS.ports, example="[9000]"),
    Key("admin", OFF, "`off` closes the admin listener.", default=_SETTINGS.admin, example="off", default_text="on"),
    Key("admin.listen", _LISTEN,
        "Where dashboard, API and metrics are served; beyond loopback a token is required.", default=_ADMIN.listen,
        example="127.0.0.1:9000"),
    Key("admin.token_env", VARIABLE,
        "The environment variable that holds the admin token; when it is set, the token is asked for on loopback too.",
        default=_ADMIN.token_env, example="ADMIN_TOKEN"),
    Key("ledger", One("a ledger's URL", parse_ledger),
        "Where intent and use of services are remembered: a file, `sqlite:///:memory:`, or a DynamoDB table that "
        "several fronts share, as in `dynamodb://wakeproxy`.", default=_SETTINGS.ledger,
        example="sqlite:////var/lib/wakeproxy/ledger.db"),
    Key("trusted_proxies", Many("networks", One("a network", parse_network)),
        "The networks of proxies whose `X-Forwarded-*` fields are believed.", default=_SETTINGS.trusted_proxies,
        example="[10.0.0.0/8, 192.0.2.7]"),
    Key("discover", SWITCH,
        "Also serve the services that are found by [their tags in ECS](discovery.md); its keys stand for `true`.",
        default=False, example="true"),
    Key("discover.clusters", Many("clusters", One("a cluster's name or a pattern", parse_cluster_pattern)),
        "The clusters whose services are found; `*` stands for anything.", default=_DISCOVER.clusters,
        example='[apps, "team-*"]', default_text="all of the region"),
    Key("discover.every", bounded(DURATION, least=timedelta(seconds=1), most=timedelta(hours=1)),
        "How often tags are looked at.", default=_DISCOVER.every, example="1m"),
    Key("sleeper.every", bounded(DURATION, least=timedelta(seconds=1), most=timedelta(hours=1)),
        "How often every service is judged whether it may sleep.", default=_SLEEPER.every, example="30s"),
    Key("sleeper.dry_run", SWITCH,
        "Only tell which services would be put to sleep.", default=_SLEEPER.dry_run, example="true"),
    Key("watch.waking", CADENCE,
        "How often ECS is asked about services that are waking.", default=_WATCH.waking, example="250ms"),
    Key("watch.awake", CADENCE,
        "How often ECS is asked about services that are awake.", default=_WATCH.awake, example="30s"),
    Key("watch.asleep", CADENCE,
        "How often ECS is asked about services that are asleep.", default=_WATCH.asleep, example="1m"),
    Key("flush_interval", CADENCE,
        "How often visits are written to the ledger while a service is used; idleness is judged with this margin.",
        default=_SETTINGS.flush_interval, example="5s"),
    Key("serverless", SWITCH,
        "[Lambdas](serverless.md) serve it, so that a service without hosts is reached by its name; its keys stand for "
        "`true`.", default=False, example="true", default_text="on in a Lambda"),
    Key("serverless.wait", _WAIT,
        "How long a Lambda holds a request at most while the service wakes.", default=_SERVERLESS.wait,
        example="10s"),
    Key("limits.held_requests", COUNT,
        "Requests held at once, of all services.", default=_LIMITS.held_requests, example="500"),
    Key("limits.held_per_service", COUNT,
        "Requests held at once for one service.", default=_LIMITS.held_per_service, example="50"),
    Key("limits.head_bytes", _HEAD,
        "The size of a request's line and header fields.", default=_LIMITS.head_bytes, example="32KiB"),
    Key("limits.head_fields", _FIELDS,
        "Header fields of one message.", default=_LIMITS.head_fields, example="50"),
    Key("limits.connections", COUNT,
        "Connections of visitors open at once.", default=_LIMITS.connections, example="2000"),
    Key("limits.connections_per_client", optional(COUNT),
        "Connections of one client address open at once; `null` is no bound, and trusted proxies are not bounded.",
        default=_LIMITS.connections_per_client, example="50"),
    Key("limits.wakes_per_minute", COUNT,
        "Wakes begun within a minute, of all services.", default=_LIMITS.wakes_per_minute, example="10"),
    Key("limits.awake_services", optional(COUNT),
        "Services awake at once.", default=_LIMITS.awake_services, example="20", default_text="no limit"),
    Key("timeouts.head", _HEAD_WAIT,
        "A request's head, from its first byte to its last; then 408.", default=_TIMEOUTS.head, example="5s"),
    Key("timeouts.body", _PATIENCE,
        "Between two pieces of a request's body.", default=_TIMEOUTS.body, example="30s"),
    Key("timeouts.send", _PATIENCE,
        "A client that takes nothing of its answer.", default=_TIMEOUTS.send, example="30s"),
    Key("timeouts.keep_alive", _PATIENCE,
        "A client's connection without a request; longer than the load balancer's before it.",
        default=_TIMEOUTS.keep_alive, example="5m"),
    Key("timeouts.connect", _CONNECT,
        "A connection to an app, until it is made.", default=_TIMEOUTS.connect, example="2s"),
    Key("timeouts.first_byte", _ANSWER,
        "The head of an app's answer; then 504.", default=_TIMEOUTS.first_byte, example="1m"),
    Key("timeouts.idle", _ANSWER,
        "Between two pieces of an app's answer.", default=_TIMEOUTS.idle, example="15m"),
    Key("timeouts.tunnel", _TUNNEL,
        "An upgraded connection, such as a WebSocket, on which nothing passes.", default=_TIMEOUTS.tunnel,
        example="1d"),
    Key("timeouts.upstream_keep_alive", _REUSE,
        "A connection to an app without a request; shorter than the app's own; `0s` uses each only once.",
        default=_TIMEOUTS.upstream_keep_alive, example="1m"),
    Key("timeouts.drain", _DRAIN,
        "What runs when we are told to stop may go on for this long; ECS's `stopTimeout` must be longer.",
        default=_TIMEOUTS.drain, example="1m50s"),
    Key("timeouts.drain_delay", _DRAIN_DELAY,
        "Between `/readyz` saying no and the listener closing, for load balancers to notice.",
        default=_TIMEOUTS.drain_delay, example="10s"),
    Key("access_log.format", choice(LogFormat),
        "How each request is logged.", default=_ACCESS_LOG.format, example="json"),
    Key("access_log.to", One("stdout or a file's path", PATH.read),
        "Where: `stdout`, or a file that lines are added to.", default=_ACCESS_LOG.to, example="access.log"),
    Key("services.*.ecs", One("an ECS service", parse_service),
        "The ECS service: its name, `cluster/service`, or its ARN.", example="apps/storefront",
        default_text="the service's name, in `aws.cluster`"),
    Key("services.*.hosts", Many("hosts", One("a host", parse_host_name), least=1),
        "The hosts that lead here; `*.example.com` is every host below it.", default=_SERVICE.hosts,
        example='[shop.example.com, "*.shop.example.com"]', default_text="required, unless another service needs it",
        missing="has no hosts, so nobody could reach it; write them like hosts: [shop.example.com], or let another "
        "service need it."),
    Key("services.*.path", One("a path", parse_prefix),
        "The path prefix that leads here; the longest match wins.", default=_SERVICE.path, example="/shop"),
    Key("services.*.port", PORT, "The container's port.", default=_SERVICE.port, example="3000"),
    Key("services.*.scheme", choice(("http", "https")),
        "How the app is spoken to.", default=_SERVICE.scheme, example="https"),
    Key("services.*.address", choice(Address),
        "Which address of a task is dialled.", default=_SERVICE.address, example="public"),
    Key("services.*.serve", choice(Serve),
        "Whether visits to an awake app are proxied or redirected to it.", default=_SERVICE.serve, example="redirect"),
    Key("services.*.redirect_to", optional(One("a URL without a path", parse_origin)),
        "Where visits are redirected, such as a load balancer's host, instead of a task's own address.",
        default=_SERVICE.redirect_to, example="https://app.example.com", default_text="the task's address and port"),
    Key("services.*.wait", choice(Wait),
        "What a visitor gets meanwhile: a page, a held request, or what fits who asks.", default=_SERVICE.wait,
        example="page"),
    Key("services.*.wake_on", choice(WakeOn),
        "Whether any visit wakes, or only a click on the page.", default=_SERVICE.wake_on, example="click"),
    Key("services.*.hold_for", _HOLD,
        "How long a request is held while the service wakes.", default=_SERVICE.hold_for, example="10s"),
    Key("services.*.wake_timeout", _WAKE_TIMEOUT,
        "How long a wake may take before it has failed.", default=_SERVICE.wake_timeout, example="10m"),
    Key("services.*.desired_count", COUNT,
        "The tasks a wake asks for; it never scales down.", default=_SERVICE.desired_count, example="2"),
    Key("services.*.ready.path", optional(One("a path", parse_target)),
        "The path that is asked whether the app answers.", default=_READY.path, example="/healthz",
        default_text="none: a TCP connect"),
    Key("services.*.ready.status", One("a status or a range of them", parse_statuses),
        "The HTTP statuses that mean it does.", default=StatusRange(_READY.lowest, _READY.highest), example="200"),
    Key("services.*.ready.every", _PROBE,
        "How often it is asked.", default=_READY.every, example="250ms"),
    Key("services.*.ready.timeout", _PROBE,
        "How long an answer may take.", default=_READY.timeout, example="3s"),
    Key("services.*.idle_after", _IDLE_AFTER,
        "How long nobody must have used it before it sleeps.", default=_IDLE.idle_after, example="1h30m"),
    Key("services.*.min_awake", DURATION,
        "How long it stays awake after a wake at least.", default=_IDLE.min_awake, example="5m"),
    Key("services.*.keep_awake_for", optional(_KEEPING),
        "How long the button on its page at `/.wakeproxy/` keeps it awake, used or not; `null`: there is no button.",
        default=_SERVICE.keep_awake_for, example="2h"),
    Key("services.*.max_awake", optional(_MAX_AWAKE),
        "After so long, what only might be use keeps it awake no longer: signals that cannot be read, a deployment or "
        "scale-in protection that does not end.", default=_IDLE.max_awake, example="1d", default_text="no limit"),
    Key("services.*.awake_hours", Many("awake hours", HOURS),
        "When it is up whether or not anybody uses it: it is woken when they begin.", default=_IDLE.awake_hours,
        example='["Mon-Fri 08:00-18:00 Europe/Berlin"]', default_text="none"),
    Key("services.*.crash_loop_after", _CRASH_LOOP,
        "How long ECS may try in vain to start it, until it is put to sleep.", default=_IDLE.crash_loop_after,
        example="30m"),
    Key("services.*.signals.cpu_above", optional(_CPU),
        "It is in use while its busiest task uses more of its CPU, in percent.", default=_SIGNALS.cpu_above,
        example="20", default_text="not looked at"),
    Key("services.*.signals.network_above", optional(_NETWORK),
        "It is in use while its busiest task sends and receives more; needs Container Insights.",
        default=_SIGNALS.network_above, example="10KiB/s", default_text="not looked at"),
    Key("services.*.signals.requests", SWITCH,
        "It is in use while requests come through its Application Load Balancer.", default=_SIGNALS.requests,
        example="true"),
    Key("services.*.signals.logs", SWITCH,
        "It is in use while its containers write to CloudWatch Logs.", default=_SIGNALS.logs, example="true"),
    Key("services.*.needs", Many("services", One("a service's name", parse_service_name)),
        "Services that must answer before it is started, and stay awake while it is used.", default=_SERVICE.needs,
        example="[shop-db]"),
    Key("services.*.needs_optional", Many("services", One("a service's name", parse_service_name)),
        "Services that are woken along and stay awake with it, but that it does not wait for.",
        default=_SERVICE.needs_optional, example="[shop-search]"),
    Key("services.*.ignore.paths", Many("paths", One("a path", parse_path)),
        "Paths that neither wake nor count as use, besides the built-in ones.", default=_IGNORE.paths,
        example="[/healthz]"),
    Key("services.*.ignore.user_agents", Many("patterns", One("a pattern", TEXT.read)),
        "User agents that do neither, besides the built-in ones; `*` stands for anything.", default=_IGNORE.user_agents,
        example='["ELB-HealthChecker/*"]'),
    Key("services.*.theme", One("a theme's name or folder", TEXT.read),
        f"The wait page: {', '.join(BUILT_IN_THEMES)}, or a folder of your own templates.", default=_SERVICE.theme,
        example="terminal"),
    Key("services.*.display_name", TEXT,
        "What visitors read as its name.", default=_SERVICE.display_name, example="The Shop",
        default_text="the service's name"),
    Key("services.*.group", optional(One("a name", parse_service_name)),
        "A name for several services, by which commands mean all of them.", default=_SERVICE.group, example="previews"),
    Key("services.*.show_reasons", SWITCH,
        "Show visitors why a wake failed.", default=_SERVICE.show_reasons, example="false"),
)  # fmt: skip
