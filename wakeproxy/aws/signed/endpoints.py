"""Where a service of AWS is, by its Region and by what the environment says, as AWS's own client libraries find it.

"AWS service endpoints" in the AWS General Reference; "Service-specific endpoints" and "Dual-stack and FIPS endpoints"
in the AWS SDKs and tools reference.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from wakeproxy.errors import AccessDeniedError

_PARTITIONS: Final = (
    ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
    ("", "amazonaws.com", "api.aws"),
)
"""By how the names of their Regions begin: the domain, and the one of endpoints that speak IPv6 too."""
_GOVERNMENT: Final = "us-gov-"
_PLAIN_IN_GOVERNMENT: Final = {
    False: frozenset({"application-autoscaling", "dynamodb", "ec2", "monitoring", "sts"}),
    True: frozenset({"monitoring"}),
}
"""Whose endpoints with validated cryptography (FIPS) have no name of their own there, by whether IPv6 is wanted too."""
_PORTS: Final = {"http": 80, "https": 443}
_TRUE: Final = "true"


class Endpoint(NamedTuple):
    """Where requests go."""

    scheme: str
    host: str
    port: int
    path: str = "/"

    @property
    def authority(self) -> str:
        """What the ``Host`` field says: without the port where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def find_endpoint(prefix: str, *, region: str, environ: Mapping[str, str], service: str) -> Endpoint:
    """Say where a service is.

    Args:
        prefix: what its host names begin with.
        region: as in ``eu-central-1``.
        environ: ``AWS_ENDPOINT_URL_SERVICE`` and ``AWS_ENDPOINT_URL`` name another place, unless
            ``AWS_IGNORE_CONFIGURED_ENDPOINT_URLS``; ``AWS_USE_DUALSTACK_ENDPOINT`` and ``AWS_USE_FIPS_ENDPOINT`` choose
            among AWS's own.
        service: its id with underscores, as in ``APPLICATION_AUTO_SCALING``.
    """
    if not _says_true(environ, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
        for name in (f"AWS_ENDPOINT_URL_{service}", "AWS_ENDPOINT_URL"):
            if environ.get(name):
                return parse_endpoint(environ[name], named=name)
    _, domain, dual = next(one for one in _PARTITIONS if region.startswith(one[0]))
    is_dual = _says_true(environ, "AWS_USE_DUALSTACK_ENDPOINT")
    is_plain = region.startswith(_GOVERNMENT) and prefix in _PLAIN_IN_GOVERNMENT[is_dual]
    first = f"{prefix}-fips" if _says_true(environ, "AWS_USE_FIPS_ENDPOINT") and not is_plain else prefix
    return Endpoint("https", f"{first}.{region}.{dual if is_dual else domain}", _PORTS["https"])


def parse_endpoint(url: str, *, named: str) -> Endpoint:
    """Read an endpoint's URL; ``named`` is where it stands.

    Raises:
        AccessDeniedError: it is none.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AccessDeniedError(f"{named} is no URL: {url!r} ({error}).") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise AccessDeniedError(f"{named} is no HTTP URL: {url!r}; write one like http://127.0.0.1:4566.")
    return Endpoint(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], parts.path or "/")


def _says_true(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "").lower() == _TRUE
