"""The visitors' certificates: which one a handshake gets, and how new files come into use while visitors are served.

One context listens for ever; what it shows is looked up anew in every handshake, so connections that are open keep what
they have. Knows files and TLS, nothing of HTTP.
"""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.x509.oid import NameOID

from wakeproxy.errors import UsageError
from wakeproxy.settings.certificates import load_pair
from wakeproxy.settings.findings import quote_path
from wakeproxy.settings.values import KeyPair

logger = logging.getLogger(__name__)

PROTOCOLS: Final = ["http/1.1"]
"""What is offered by ALPN (RFC 7301). The seam for HTTP/2: "h2" goes before it, and whoever accepts the connection asks
``selected_alpn_protocol()`` which of them to speak."""

_WILDCARD = "*."
_Print: TypeAlias = tuple[tuple[int, int, int] | None, ...]
"""How a pair's files look from outside: modification, size and inode of each; ``None`` when it is not there."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A pair in use, and how its files looked when they were last tried."""

    pair: KeyPair
    tried: _Print
    context: ssl.SSLContext
    hosts: tuple[str, ...]
    trouble: str | None = None
    """Why the files that are there now are not used."""


class Certificates:
    """Pairs of certificate and key to serve visitors with; the first is for whoever names no host of another."""

    def __init__(self, pairs: Sequence[KeyPair]) -> None:
        """Load every pair; this reads files.

        Raises:
            UsageError: when one cannot be used.
        """
        self._loaded = tuple(_load(pair) for pair in pairs)
        self._by_host = _index(self._loaded)
        self.context: Final = _new_context()
        """The context to listen with."""
        load_pair(pairs[0], self.context)  # OpenSSL wants one to begin with; `_choose` replaces it in every handshake
        self.context.sni_callback = self._choose

    @property
    def trouble(self) -> tuple[str, ...]:
        """Why files that are there now are not used: one sentence for each pair that is served from memory."""
        return tuple(loaded.trouble for loaded in self._loaded if loaded.trouble)

    def reload(self) -> bool:
        """Take files into use that have changed, all at once; tell whether any were. This reads files.

        A pair that cannot be used stays as it was; the log says why, once for each change.
        """
        before = self._loaded
        after = tuple(_refresh(loaded) for loaded in before)
        # Two assignments of whole values: a handshake in between gets a certificate that was right a moment ago.
        self._loaded, self._by_host = after, _index(after)
        return any(new.context is not old.context for new, old in zip(after, before, strict=True))

    async def watch(self, every: timedelta) -> None:
        """Wait, then look once whether files have changed; a step to repeat. The loop is not held up."""
        await asyncio.sleep(every.total_seconds())
        await asyncio.to_thread(self.reload)

    def _choose(self, connection: ssl.SSLObject | ssl.SSLSocket, host: str | None, _: ssl.SSLContext) -> None:
        connection.context = self._find(host or "")

    def _find(self, host: str) -> ssl.SSLContext:
        """Find the context for a host: its own, that of the wildcard for its one label (RFC 6125, 6.4.3), the first."""
        name = host.lower()
        wild = _WILDCARD + name.partition(".")[2]
        return self._by_host.get(name) or self._by_host.get(wild) or self._loaded[0].context


def _index(loaded: Sequence[_Loaded]) -> dict[str, ssl.SSLContext]:
    """Find each host's context; of two pairs for one host the first is used."""
    return {host: one.context for one in reversed(loaded) for host in one.hosts}


def _new_context() -> ssl.SSLContext:
    """Make a context without a certificate; all are alike, for ALPN asks the one that `_choose` chose."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996 ended TLS 1.0 and 1.1
    context.options |= ssl.OP_NO_COMPRESSION  # CRIME: what is compressed with a secret tells its length
    context.options |= ssl.OP_NO_RENEGOTIATION  # each costs us a handshake and a client nothing
    context.set_alpn_protocols(PROTOCOLS)
    return context


def _load(pair: KeyPair) -> _Loaded:
    seen = _look(pair)  # before reading: files that change meanwhile look different the next time
    context = _new_context()
    load_pair(pair, context)
    return _Loaded(pair, seen, context, _read_hosts(pair.cert))


def _refresh(old: _Loaded) -> _Loaded:
    """Load a pair whose files look different from when they were last tried."""
    seen = _look(old.pair)
    if seen == old.tried:
        return old
    try:
        new = _load(old.pair)
    except UsageError as error:
        logger.warning("the certificate in use stays as it was: %s", error)
        return replace(old, tried=seen, trouble=str(error))
    logger.info("the certificate in %s is now in use", quote_path(new.pair.cert))
    return new


def _look(pair: KeyPair) -> _Print:
    return tuple(_look_at(path) for path in (pair.cert, pair.key))


def _look_at(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read_hosts(path: Path) -> tuple[str, ...]:
    """Read which hosts a certificate is for.

    Its common name counts only when it names no host otherwise (RFC 6125, 6.4.4).
    """
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        hosts = _alternative_names(certificate)
    except (OSError, ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise UsageError(f"{quote_path(path)} holds a certificate that cannot be read: {error}.") from error
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return tuple(host.lower() for host in hosts or [str(name.value) for name in common])


def _alternative_names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return names.value.get_values_for_type(x509.DNSName)
