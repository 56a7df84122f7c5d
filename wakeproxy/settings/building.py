"""What was read to the settings' values: defaults filled in, names resolved. Judges nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from wakeproxy.core.limits import Limits, Timeouts
from wakeproxy.core.service import EcsService, IdlePolicy, IgnoreRules, Ready, Service
from wakeproxy.core.signals import SignalPolicy
from wakeproxy.settings.keys import KEYS
from wakeproxy.settings.reading import Document, ServiceEntry, Values
from wakeproxy.settings.values import (
    BUILT_IN_THEMES,
    MEMORY,
    STDOUT,
    AccessLogSettings,
    AdminSettings,
    AwsSettings,
    DiscoverSettings,
    DynamoUrl,
    KeyPair,
    LedgerUrl,
    ServerlessSettings,
    Settings,
    SleeperSettings,
    SqliteUrl,
    TlsSettings,
    WatchSettings,
)

_THEME = "services.*.theme"
_BY_PATH = {key.path: key for key in KEYS}
_BY_SECTION = {section: [key for key in KEYS if key.section == section] for section in {key.section for key in KEYS}}

_IDLE = ("idle_after", "min_awake", "max_awake", "awake_hours", "crash_loop_after")


def build_settings(document: Document, folder: Path, environ: Mapping[str, str]) -> Settings:
    """Build the settings of a document without findings."""
    values = document.values
    return Settings(
        aws=aws_of(document),
        services=tuple(_service(service, document, folder) for service in document.services),
        listen=value_of(values, "listen"),
        tls=_tls(values, folder),
        proxy_protocol=value_of(values, "proxy_protocol"),
        ports=value_of(values, "ports"),
        admin=_admin(values, environ),
        ledger=_ledger(value_of(values, "ledger"), folder),
        limits=Limits(**_section(values, "limits")),
        timeouts=Timeouts(**_section(values, "timeouts")),
        trusted_proxies=value_of(values, "trusted_proxies"),
        discover=_discover(document, folder),
        sleeper=SleeperSettings(**_section(values, "sleeper")),
        watch=WatchSettings(**_section(values, "watch")),
        flush_interval=value_of(values, "flush_interval"),
        access_log=AccessLogSettings(value_of(values, "access_log.format"), access_log_of(values, folder)),
        serverless=ServerlessSettings(**_section(values, "serverless")) if value_of(values, "serverless") else None,
    )


def value_of(values: Values, path: str) -> Any:
    """Look up what was given for a key, or its default."""
    given = values.get(path)
    return _BY_PATH[path].default if given is None else given.value


def aws_of(document: Document) -> AwsSettings:
    """Build the AWS settings."""
    fields = _section(document.values, "aws")
    return AwsSettings(**{**fields, "cluster": fields["cluster"].name})


def ecs_of(service: ServiceEntry, document: Document) -> EcsService:
    """Resolve which ECS service is meant."""
    cluster = value_of(document.values, "aws.cluster").name
    reference = value_of(service.values, "services.*.ecs")
    if reference is None:
        return EcsService(cluster, service.name)
    return EcsService(reference.cluster or cluster, reference.service)


def pairs_of(values: Values, folder: Path) -> tuple[KeyPair, ...]:
    """Resolve the certificates and their keys; as many as have both."""
    fields = _section(values, "tls")
    paths = ([(folder / text).absolute() for text in fields[name]] for name in ("cert", "key"))
    return tuple(KeyPair(cert, key) for cert, key in zip(*paths, strict=False))


def access_log_of(values: Values, folder: Path) -> Path | Literal["stdout"]:
    """Resolve where the access log goes."""
    text = value_of(values, "access_log.to")
    return STDOUT if text == STDOUT else (folder / text).absolute()


def find_theme(text: str, folder: Path) -> str | None:
    """Resolve a theme: a built-in name, or a folder's absolute path; ``None`` when it is neither."""
    if text in BUILT_IN_THEMES:
        return text
    path = (folder / text).absolute()
    try:
        return str(path) if path.is_dir() else None
    except OSError:  # a name too long, a folder nobody may look into
        return None


def admin_token(variable: str, environ: Mapping[str, str]) -> str | None:
    """Look up the admin token; the newline that files leave at a secret's end is none of it."""
    return environ.get(variable, "").strip() or None


def _section(values: Values, section: str) -> dict[str, Any]:
    return {key.name: value_of(values, key.path) for key in _BY_SECTION[section]}


def _admin(values: Values, environ: Mapping[str, str]) -> AdminSettings | None:
    if "admin" in values:  # only a value in the section's place stands there, and that is "off"
        return None
    fields = _section(values, "admin")
    return AdminSettings(**fields, token=admin_token(fields["token_env"], environ))


def _tls(values: Values, folder: Path) -> TlsSettings | None:
    pairs = pairs_of(values, folder)
    return TlsSettings(pairs) if pairs else None


def _discover(document: Document, folder: Path) -> DiscoverSettings | None:
    if not value_of(document.values, "discover"):
        return None
    named = [values.get(_THEME) for values in (document.shared, *(service.values for service in document.services))]
    texts = (*BUILT_IN_THEMES, *(given.value for given in named if given is not None))
    themes = {text: theme for text in texts if (theme := find_theme(text, folder)) is not None}
    return DiscoverSettings(**_section(document.values, "discover"), defaults=document.shared, themes=themes)


def _ledger(url: LedgerUrl, folder: Path) -> LedgerUrl:
    if isinstance(url, DynamoUrl) or url.path == MEMORY:
        return url
    return SqliteUrl((folder / url.path).absolute())


def _service(service: ServiceEntry, document: Document, folder: Path) -> Service:
    theme = find_theme(value_of(service.values, _THEME), folder)
    assert theme is not None, "checked before"
    return build_service(service, ecs_of(service, document), theme)


def build_service(service: ServiceEntry, ecs: EcsService, theme: str) -> Service:
    """Build a service; what its ECS service and its theme are was found out before."""
    fields = _section(service.values, "services.*") | {"ecs": ecs, "theme": theme}
    ready = _section(service.values, "services.*.ready")
    status = ready.pop("status")
    return Service(
        name=service.name,
        ready=Ready(**ready, lowest=status.lowest, highest=status.highest),
        idle=IdlePolicy(
            signals=SignalPolicy(**_section(service.values, "services.*.signals")),
            **{name: fields.pop(name) for name in _IDLE},
        ),
        ignore=IgnoreRules(**_section(service.values, "services.*.ignore")),
        **fields,
    )
