"""Signature Version 4 on requests to APIs and function URLs that ask for AWS_IAM.

A key that was made here, for a user or a role's session, must have signed for real. Any other key is accepted, as it is
everywhere in the sandbox, if it signed at all: whole, for this service, and within the last minutes.
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

from wakeproxy.sandbox.gateway.request import Request
from wakeproxy.sandbox.model.arns import ACCOUNT
from wakeproxy.sandbox.moto_host import Moto

_ALGORITHM = "AWS4-HMAC-SHA256"
_FORM = re.compile(
    rf"{_ALGORITHM} Credential=([^/,\s]+)/(\d{{8}})/([^/,\s]+)/([^/,\s]+)/aws4_request,\s*"
    r"SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})"
)
_SKEW = 300
"""Seconds by which a signer's clock may be wrong (AWS: 5 minutes)."""

Caller = dict[str, str | None]


def identify(moto: Moto, request: Request, *, service: str, region: str, now: float) -> Caller | None:
    """Say who signed a request, as events tell it under `authorizer.iam`; `None` if nobody rightly did."""
    form = _FORM.fullmatch(request.header("authorization"))
    if form is None or (form[3], form[4]) != (region, service) or not _is_fresh(request, form[2], now):
        return None
    key, signed = form[1], form[5].split(";")
    digest = hashlib.sha256(request.body).hexdigest()
    if "host" not in signed or request.header("x-amz-content-sha256") not in {"", "UNSIGNED-PAYLOAD", digest}:
        return None
    known = moto.backend("iam", "aws").access_keys.get(key)
    if known is None:
        return _caller(key, "AIDASANDBOX", f"arn:aws:iam::{ACCOUNT}:root")
    expected = sign(request, known.secret_access_key, scope=(form[2], region, service), signed=signed)
    if not hmac.compare_digest(expected, form[6]):
        return None
    user, arn, _ = moto.backend("sts", "aws").get_caller_identity(key, region)
    return _caller(key, user, arn)


def sign(request: Request, secret: str, *, scope: tuple[str, str, str], signed: list[str]) -> str:
    """Compute the signature (AWS: "Create a signed AWS API request"); `scope` is date, Region and service."""
    date, region, service = scope
    headers: dict[str, list[str]] = {}
    for name, value in request.headers:
        headers.setdefault(name.lower(), []).append(" ".join(value.split()))
    canonical = "\n".join(
        [
            request.method,
            quote(request.raw_path, safe="/~"),
            _canonical_query(request.query),
            *(f"{name}:{','.join(headers.get(name, []))}" for name in signed),
            "",
            ";".join(signed),
            request.header("x-amz-content-sha256") or hashlib.sha256(request.body).hexdigest(),
        ]
    )
    text = "\n".join(
        [
            _ALGORITHM,
            request.header("x-amz-date"),
            f"{date}/{region}/{service}/aws4_request",
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def _canonical_query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    quoted = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in quoted)


def _is_fresh(request: Request, date: str, now: float) -> bool:
    try:
        at = datetime.strptime(request.header("x-amz-date"), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return f"{at:%Y%m%d}" == date and abs(at.timestamp() - now) <= _SKEW


def _caller(key: str, user: str, arn: str) -> Caller:
    return {
        "accessKey": key,
        "accountId": ACCOUNT,
        "callerId": user,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": arn,
        "userId": user,
    }
