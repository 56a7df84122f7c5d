"""Real certificates for tests: a small authority of their own, keys on P-256."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_LIFE = timedelta(days=2)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: str, issuer: str, key: Key) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        _name(issuer), _name(subject), key.public_key(), x509.random_serial_number(), now - _LIFE, now + _LIFE
    )


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, as files."""

    cert: Path
    key: Path
    serial: int


@dataclass(frozen=True)
class Authority:
    """Issues certificates."""

    cert: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def issue(
        self,
        folder: Path,
        stem: str,
        hosts: Sequence[str],
        *,
        common_name: str = "test",
        password: str = "",
        key: Key | None = None,
    ) -> Issued:
        """Write ``stem.pem`` and ``stem.key``; no hosts leave the certificate with its common name only."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        builder = _builder(common_name, "Test authority", key)
        if hosts:
            names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        cert = builder.sign(self.key, SHA256())
        lock: KeySerializationEncryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        issued = Issued(folder / f"{stem}.pem", folder / f"{stem}.key", cert.serial_number)
        issued.cert.write_bytes(cert.public_bytes(Encoding.PEM))
        issued.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
        return issued

    def context(self) -> ssl.SSLContext:
        """Make a client's context that trusts only this authority; hosts' names are the test's to judge."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(cadata=self.cert.public_bytes(Encoding.PEM).decode())
        return context


@cache
def authority() -> Authority:
    """Make the one authority of a test run."""
    key = ec.generate_private_key(ec.SECP256R1())
    is_one = x509.BasicConstraints(ca=True, path_length=None)
    builder = _builder("Test authority", "Test authority", key).add_extension(is_one, critical=True)
    return Authority(builder.sign(key, SHA256()), key)
