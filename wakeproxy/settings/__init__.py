"""Configuration: a file, the environment and the command line, parsed once into frozen values.

Everything that is wrong is told at once, each with its place. Knows the core's values; must not know what is done
with them: no AWS, no engine, no HTTP.
"""

from wakeproxy.core.limits import Limits, Timeouts
from wakeproxy.settings.arranging import arrange
from wakeproxy.settings.differences import list_fixed_changes, take_up
from wakeproxy.settings.loading import Print, Source, load_settings
from wakeproxy.settings.tags import OPT_IN_TAGS, OPT_IN_VALUES
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
    Listen,
    LogFormat,
    Overrides,
    ServerlessSettings,
    Settings,
    SleeperSettings,
    SqliteUrl,
    TlsSettings,
    WatchSettings,
)

__all__ = [
    "BUILT_IN_THEMES",
    "MEMORY",
    "OPT_IN_TAGS",
    "OPT_IN_VALUES",
    "STDOUT",
    "AccessLogSettings",
    "AdminSettings",
    "AwsSettings",
    "DiscoverSettings",
    "DynamoUrl",
    "KeyPair",
    "LedgerUrl",
    "Limits",
    "Listen",
    "LogFormat",
    "Overrides",
    "Print",
    "ServerlessSettings",
    "Settings",
    "SleeperSettings",
    "Source",
    "SqliteUrl",
    "Timeouts",
    "TlsSettings",
    "WatchSettings",
    "arrange",
    "list_fixed_changes",
    "load_settings",
    "take_up",
]
