"""The names under which APIs and function URLs are reached: AWS's own, and the same under `localhost`.

Browsers take every name below `localhost` for this machine (RFC 6761, 6.3), so these can be opened as they are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wakeproxy.sandbox.moto_host import Moto

_PUBLIC = re.compile(
    r"([a-z0-9]+)\.(execute-api|lambda-url)\.([a-z0-9-]+)\.(?:localhost|amazonaws\.com|on\.aws)(?::\d+)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class PublicName:
    """One name."""

    label: str
    """The id of the API or the URL."""
    kind: str
    """`execute-api` or `lambda-url`."""
    region: str

    @classmethod
    def read(cls, host: str) -> "PublicName | None":
        """Read a Host header; `None` if it is another kind of name."""
        found = _PUBLIC.fullmatch(host)
        return None if found is None else cls(found[1].lower(), found[2].lower(), found[3].lower())

    def url(self, port: int) -> str:
        """Where a browser opens it."""
        return f"http://{self.label}.{self.kind}.{self.region}.localhost:{port}"


def list_urls(moto: Moto, region: str, port: int) -> Iterator[dict[str, str]]:
    """List what can be opened: the `kind`, the `name` and the `url` of each API and function URL of a Region."""
    if region in moto.regions("apigatewayv2"):
        for api in list(moto.backend("apigatewayv2", region).apis.values()):
            url = PublicName(api.api_id, "execute-api", region).url(port)
            yield {"kind": "api", "name": api.name, "url": url}
    if region in moto.regions("awslambda"):
        for function in list(moto.backend("awslambda", region).list_functions()):
            if function.url_config:
                label = function.url_config.url.split("//")[1].split(".")[0]
                url = PublicName(label, "lambda-url", region).url(port)
                yield {"kind": "function", "name": function.function_name, "url": url}
