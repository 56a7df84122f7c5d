"""Certificates, the PROXY protocol and the access log: what is missing, contradicts, or cannot be used is told."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.certificates import authority
from wakeproxy.settings import KeyPair, Settings, TlsSettings

Load = Callable[..., Settings]
Find = Callable[..., tuple[str, ...]]

BARE = "services: {shop: {hosts: [a.example.com]}}"


@pytest.fixture(scope="session")
def wrong(folder: Path) -> Path:
    """Make the files that cannot be used, beside those that can."""
    authority().issue(folder, "locked", ["a.example.com"], password="secret")
    authority().issue(folder, "other", ["b.example.com"])
    (folder / "words.pem").write_text("no certificate")
    (folder / "both.pem").write_bytes((folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())
    return folder


def test_a_certificate_and_its_key_are_found_beside_the_file(load: Load, folder: Path) -> None:
    settings = load(f"{BARE}\ntls: {{cert: cert.pem, key: [key.pem]}}")
    assert settings.tls == TlsSettings((KeyPair(folder / "cert.pem", folder / "key.pem"),))


def test_certificates_and_keys_belong_together_in_their_order(load: Load, wrong: Path) -> None:
    settings = load(f"{BARE}\ntls: {{cert: [cert.pem, other.pem, cert.pem], key: [key.pem, other.key, key.pem]}}")
    mine, other = KeyPair(wrong / "cert.pem", wrong / "key.pem"), KeyPair(wrong / "other.pem", wrong / "other.key")
    assert settings.tls == TlsSettings((mine, other, mine))


def test_one_file_may_hold_both(load: Load, wrong: Path) -> None:
    both = wrong / "both.pem"
    assert load(f"{BARE}\ntls: {{cert: {both}, key: {both}}}").tls == TlsSettings((KeyPair(both, both),))


def test_no_certificate_is_no_tls(load: Load) -> None:
    assert load(f"{BARE}\ntls:").tls is None


@pytest.mark.parametrize(
    ("tls", "finding"),
    [
        ("{cert: cert.pem}", "tls.cert: says nothing without tls.key; write both, or none."),
        ("{key: key.pem}", "tls.key: says nothing without tls.cert; write both, or none."),
        (
            "{cert: [cert.pem, other.pem], key: key.pem}",
            "tls.key: names 1 for 2 in tls.cert; write the key of each certificate, in the same order.",
        ),
        ("{cert: [], key: key.pem}", "tls.cert: is an empty list; write it like cert.pem."),
        (
            "{cert: [cert.pem, null], key: key.pem}",
            "tls.cert: is empty; it must be a path. Write one, or remove the key.",
        ),
        (
            "{cert: gone.pem, key: key.pem}",
            'tls: "gone.pem" cannot be read (No such file or directory); put it there, or correct the path.',
        ),
        (
            "{cert: cert.pem, key: gone.key}",
            'tls: "gone.key" cannot be read (No such file or directory); put it there, or correct the path.',
        ),
        ("{cert: ., key: key.pem}", "cannot be read (Is a directory); put it there, or correct the path."),
        (
            "{cert: words.pem, key: key.pem}",
            'tls: "words.pem" holds no certificate; write the path of a PEM file that begins with it.',
        ),
        (
            "{cert: key.pem, key: cert.pem}",
            'tls: "key.pem" holds no certificate; write the path of a PEM file that begins with it.',
        ),
        (
            "{cert: cert.pem, key: words.pem}",
            'tls: "words.pem" holds no private key that can be used; write the path of a PEM file with the key of "cert.pem".',  # noqa: E501
        ),
        (
            "{cert: cert.pem, key: other.key}",
            '"other.key" is not the key of "cert.pem"; name the key it was made with (the certificate comes first in a chain).',  # noqa: E501
        ),
        (
            "{cert: locked.pem, key: locked.key}",
            '"locked.key" is encrypted, and nobody is there to type its password; store it decrypted, readable by wakeproxy only.',  # noqa: E501
        ),
    ],
)
@pytest.mark.usefixtures("wrong")
def test_what_cannot_be_served_with_is_told(find: Find, tls: str, finding: str) -> None:
    (told,) = find(f"{BARE}\ntls: {tls}")
    assert told.startswith("wakeproxy.yaml:2: tls")
    assert told.endswith(finding)


def test_a_key_that_is_too_short_for_tls_today_is_told(find: Find, folder: Path) -> None:
    authority().issue(folder, "weak", ["a.example.com"], key=rsa.generate_private_key(65537, 1024))
    (told,) = find(f"{BARE}\ntls: {{cert: weak.pem, key: weak.key}}")
    assert '"weak.pem" is too weak for TLS today (EE_KEY_TOO_SMALL); make one with at least RSA 2048' in told


@pytest.mark.usefixtures("wrong")
def test_every_pair_is_looked_at(find: Find) -> None:
    found = find(f"{BARE}\ntls: {{cert: [gone.pem, cert.pem, words.pem], key: [a.key, key.pem, b.key]}}")
    assert [finding.split('"')[1] for finding in found] == ["gone.pem", "words.pem"]


@pytest.mark.parametrize("trusted", ["", "trusted_proxies: []"])
def test_the_proxy_protocol_needs_somebody_to_trust(find: Find, trusted: str) -> None:
    (finding,) = find(f"{BARE}\nproxy_protocol: true\n{trusted}")
    sentence = "needs the networks that may speak it; write them like trusted_proxies: [10.0.0.0/8]."
    assert finding == f"wakeproxy.yaml:2: proxy_protocol: {sentence}"


def test_trust_that_cannot_be_read_is_told_once(find: Find) -> None:
    (finding,) = find(f"{BARE}\nproxy_protocol: true\ntrusted_proxies: [x]")
    assert finding.startswith("wakeproxy.yaml:3: trusted_proxies")


def test_without_the_proxy_protocol_nobody_needs_trust(load: Load) -> None:
    assert load(f"{BARE}\nproxy_protocol: off").proxy_protocol is False


@pytest.mark.parametrize("text", ["stdout", '"stdout"'])
def test_the_access_log_goes_to_standard_output(load: Load, text: str) -> None:
    assert load(f"{BARE}\naccess_log: {{format: combined, to: {text}}}").access_log.to == "stdout"


@pytest.mark.parametrize(
    ("to", "end"),
    [
        (".", "is a folder; write a file's path, or stdout."),
        ("gone/access.log", 'gone"; make it, or write stdout.'),
        (f"{'x' * 300}/a", "make it, or write stdout."),
        ("x" * 5000, "is longer than the 4095 bytes a path may have; shorten it."),
        ('""', "is empty or has letters that cannot be printed; write a file's path."),
    ],
)
def test_an_access_log_that_cannot_be_written_is_told(find: Find, to: str, end: str) -> None:
    (finding,) = find(f"{BARE}\naccess_log: {{to: {to}}}")
    assert finding.startswith("wakeproxy.yaml:2: access_log.to: ")
    assert finding.endswith(end)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("head", "500ms"),
        ("head", "2m"),
        ("body", "0s"),
        ("connect", "1ms"),
        ("tunnel", "8d"),
        ("drain", "2h"),
        ("drain_delay", "6m"),
        ("upstream_keep_alive", "2h"),
    ],
)
def test_a_timeout_out_of_bounds_is_told_with_the_reason(find: Find, key: str, value: str) -> None:
    (finding,) = find(f"{BARE}\ntimeouts: {{{key}: {value}}}")
    assert f"timeouts.{key}: " in finding
    assert finding.partition(", the ")[2].partition(": ")[2]


@pytest.mark.parametrize("value", ["0", "1001"])
def test_the_number_of_header_fields_has_bounds(find: Find, value: str) -> None:
    (finding,) = find(f"{BARE}\nlimits: {{head_fields: {value}}}")
    assert "limits.head_fields: " in finding
