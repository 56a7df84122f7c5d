"""Signature Version 4: who calls, proven with a key that is not sent along.

"Create a signed AWS API request" in the IAM user guide has the algorithm; every step's name is from there.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


class Keys(NamedTuple):
    """Who calls."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None
    """Of keys that do not last."""
    expires_at: datetime | None = None
    """``None`` where it is unknown, or they last."""

    def __repr__(self) -> str:
        return f"Keys({self.access_key_id!r})"


class Scope(NamedTuple):
    """What a signature holds for."""

    region: str
    service: str
    """By its signing name."""


class Post(NamedTuple):
    """What is to be asked: a ``POST``, as all our calls are."""

    path: str
    headers: Mapping[str, str]
    """By name in lower case; ``host`` among them. All are signed."""
    body: bytes


def sign(post: Post, *, keys: Keys, scope: Scope, at: datetime) -> Mapping[str, str]:
    """Make the headers that carry a request and the proof; it holds for five minutes from ``at``, which is in UTC."""
    moment = at.strftime("%Y%m%dT%H%M%SZ")
    headers = {**post.headers, "x-amz-date": moment}
    if keys.session_token:
        headers["x-amz-security-token"] = keys.session_token
    names = sorted(headers)
    signed = ";".join(names)
    canonical_headers = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names)
    canonical = f"POST\n{post.path}\n\n{canonical_headers}\n{signed}\n{sha256(post.body).hexdigest()}"
    date = moment[:8]
    credential_scope = f"{date}/{scope.region}/{scope.service}/aws4_request"
    to_sign = f"{_ALGORITHM}\n{moment}\n{credential_scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{keys.secret_access_key}".encode()
    for part in (date, scope.region, scope.service, "aws4_request", to_sign):
        key = hmac.digest(key, part.encode(), "sha256")
    proof = f"Credential={keys.access_key_id}/{credential_scope}, SignedHeaders={signed}, Signature={key.hex()}"
    return {**headers, "authorization": f"{_ALGORITHM} {proof}"}
