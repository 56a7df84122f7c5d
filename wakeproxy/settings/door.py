"""What no key of the front door can tell by itself: certificates, who may speak the PROXY protocol, the access log."""

import ssl
from pathlib import Path

from wakeproxy.errors import UsageError
from wakeproxy.settings.building import access_log_of, pairs_of, value_of
from wakeproxy.settings.certificates import load_pair
from wakeproxy.settings.findings import Findings, quote_path
from wakeproxy.settings.reading import Values
from wakeproxy.settings.values import STDOUT

_CERT, _KEY = "tls.cert", "tls.key"
_PROXY_PROTOCOL = "proxy_protocol"
_TRUSTED = "trusted_proxies"
_LOG_TO = "access_log.to"


def check_door(values: Values, folder: Path, findings: Findings) -> None:
    """Note everything that is wrong with how visitors are let in."""
    _check_tls(values, folder, findings)
    _check_proxy_protocol(values, findings)
    _check_access_log(values, folder, findings)


def _check_tls(values: Values, folder: Path, findings: Findings) -> None:
    certs, keys = values.get(_CERT), values.get(_KEY)
    if findings.touch("tls") or (certs is None and keys is None):
        return
    if certs is None or keys is None:
        given, other = (keys, _CERT) if certs is None else (certs, _KEY)
        assert given is not None, "one of them is"
        findings.add(given.place, f"says nothing without {other}; write both, or none.", given.path)
    elif len(certs.value) != len(keys.value):
        counts = f"names {len(keys.value)} for {len(certs.value)} in {_CERT}"
        findings.add(keys.place, f"{counts}; write the key of each certificate, in the same order.", keys.path)
    else:
        for pair in pairs_of(values, folder):
            try:
                load_pair(pair, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
            except UsageError as error:
                findings.add(certs.place, str(error), certs.path[:1])


def _check_proxy_protocol(values: Values, findings: Findings) -> None:
    """Ask for the networks that may speak it: believed of anybody, everybody could claim any address."""
    if value_of(values, _PROXY_PROTOCOL) and not value_of(values, _TRUSTED) and not findings.touch(_TRUSTED):
        given = values[_PROXY_PROTOCOL]
        sentence = f"needs the networks that may speak it; write them like {_TRUSTED}: [10.0.0.0/8]."
        findings.add(given.place, sentence, given.path)


def _check_access_log(values: Values, folder: Path, findings: Findings) -> None:
    given = values.get(_LOG_TO)
    if given is None or not given.is_sound:
        return
    path = access_log_of(values, folder)
    if path == STDOUT:
        return
    try:
        is_folder, has_folder = path.is_dir(), path.parent.is_dir()
    except OSError:  # a name too long, a folder nobody may look into
        is_folder, has_folder = False, False
    if is_folder:
        findings.add(given.place, f"{quote_path(path)} is a folder; write a file's path, or stdout.", given.path)
    elif not has_folder:
        findings.add(
            given.place, f"there is no folder {quote_path(path.parent)}; make it, or write stdout.", given.path
        )
