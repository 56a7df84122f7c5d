"""What shim.c does, for Python programs on machines without a C compiler.

Found through PYTHONPATH by every Python process of a task; a `sitecustomize` of somebody else's runs after it.
"""
# ruff: noqa: INP001 - this folder is put on PYTHONPATH, it is no package

import contextlib
import importlib.machinery
import importlib.util
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

TASK_IP = os.environ.get("WAKEPROXY_TASK_IP", "")  # noqa: TID251 - a program of its own, inside a container
TASK_LOOPBACK = ".".join(["127", "79", *TASK_IP.split(".")[2:]])
ANY = {"", "0.0.0.0", "::", "::ffff:0.0.0.0"}  # noqa: S104 - what is replaced
LOOPBACK = {"127.0.0.1", "localhost", "::1", "::ffff:127.0.0.1"}

_bind = socket.socket.bind
Address = Any
"""A tuple for internet sockets, something else for others."""


def _moved(sock: socket.socket, address: Address, host: str) -> Address:
    if sock.family != socket.AF_INET6:
        return (host, *address[1:])
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    return (f"::ffff:{host}", *address[1:])


def _is_internet(sock: socket.socket, address: Address) -> bool:
    return sock.family in {socket.AF_INET, socket.AF_INET6} and isinstance(address, tuple) and bool(address[1])


def _is_taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            _bind(probe, (host, port))
        except OSError:
            return True
        return False


def _bind_address(sock: socket.socket, address: Address) -> Address:
    if _is_internet(sock, address):
        if address[0] == "::" and sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
            return ("::1", 0)
        if address[0] in ANY:
            return _moved(sock, address, TASK_IP)
        if address[0] in LOOPBACK:
            return _moved(sock, address, TASK_LOOPBACK)
    return address


def _connect_address(sock: socket.socket, address: Address) -> Address:
    if _is_internet(sock, address) and address[0] in LOOPBACK and sock.type == socket.SOCK_STREAM:
        for host in (TASK_LOOPBACK, TASK_IP):
            if _is_taken(host, address[1]):
                return _moved(sock, address, host)
    return address


def _install() -> None:
    for name, address_of in (("bind", _bind_address), ("connect", _connect_address), ("connect_ex", _connect_address)):
        setattr(socket.socket, name, _replaced(getattr(socket.socket, name), address_of))


def _replaced(
    real: Callable[[socket.socket, Address], Any], address_of: Callable[[socket.socket, Address], Address]
) -> Callable[[socket.socket, Address], Any]:
    return lambda self, address: real(self, address_of(self, address))


def _run_the_next() -> None:
    here = Path(__file__).resolve().parent
    path = [entry for entry in sys.path if Path(entry or ".").resolve() != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if TASK_IP:
    _install()
_run_the_next()
