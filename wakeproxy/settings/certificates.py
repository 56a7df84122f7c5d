"""Loads a certificate with its private key, or says in one sentence which of the two files is wrong and why.

Touches files; knows neither the keys of the configuration nor who is served.
"""

import ssl
from pathlib import Path

from wakeproxy.errors import UsageError
from wakeproxy.settings.findings import quote_path
from wakeproxy.settings.values import KeyPair

_MISMATCH = "KEY_VALUES_MISMATCH"
_IS_WEAK = ("EE_KEY_TOO_SMALL", "CA_MD_TOO_WEAK", "CA_KEY_TOO_SMALL")


class _EncryptedError(Exception):
    """The key asks for a password."""


def load_pair(pair: KeyPair, context: ssl.SSLContext) -> None:
    """Make a context use the pair.

    Raises:
        UsageError: when it cannot; the context is of no use then.
    """
    _check_certificate(pair.cert)
    _check_readable(pair.key)
    try:
        context.load_cert_chain(pair.cert, pair.key, password=_refuse_password)
    except _EncryptedError:
        raise UsageError(
            f"{quote_path(pair.key)} is encrypted, and nobody is there to type its password; "
            "store it decrypted, readable by wakeproxy only."
        ) from None
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        raise UsageError(_explain(error, pair)) from error


def _check_certificate(path: Path) -> None:
    """Let OpenSSL read the certificate alone: of both together it does not say which is wrong."""
    _check_readable(path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(path)
    except OSError as error:
        sentence = f"{quote_path(path)} holds no certificate; write the path of a PEM file that begins with it."
        raise UsageError(sentence) from error


def _check_readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"{quote_path(path)} cannot be read ({reason}); put it there, or correct the path.") from error


def _refuse_password() -> str:
    raise _EncryptedError


def _explain(error: Exception, pair: KeyPair) -> str:
    reason = getattr(error, "reason", None) or ""
    cert, key = quote_path(pair.cert), quote_path(pair.key)
    if reason == _MISMATCH:
        return (
            f"{key} is not the key of {cert}; name the key it was made with (the certificate comes first in a chain)."
        )
    if reason in _IS_WEAK:
        return f"{cert} is too weak for TLS today ({reason}); make one with at least RSA 2048 or P-256, and SHA-256."
    return f"{key} holds no private key that can be used; write the path of a PEM file with the key of {cert}."
