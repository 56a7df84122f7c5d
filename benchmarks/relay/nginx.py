"""What nginx is told: as the upstream of everybody, and as a peer that proxies."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from benchmarks.relay.headers import host_of

_FRAME = """
daemon off;
worker_processes 1;
pid {folder}/{name}.pid;
error_log {folder}/{name}.error.log warn;
{user}
events {{ worker_connections 16384; }}
http {{
    client_body_temp_path {folder}/{name}-body;
    proxy_temp_path {folder}/{name}-proxy;
    fastcgi_temp_path {folder}/{name}-fastcgi;
    uwsgi_temp_path {folder}/{name}-uwsgi;
    scgi_temp_path {folder}/{name}-scgi;
    default_type application/octet-stream;
    sendfile on;
    tcp_nodelay on;
    keepalive_timeout 75s;
    keepalive_requests 100000000;
    server_tokens off;
    {body}
}}
"""

# Where a page is asked for by number, each answer has a field of its own; an empty one is not sent.
_UPSTREAM = """
    access_log off;
    map $arg_page $number { default $request_id; "" ""; }
    server {
        listen 8080 backlog=4096;
        location /files/ { root FOLDER; }
        location / {
            default_type "text/html; charset=utf-8";
            add_header X-Request-Number $number;
            add_header Cache-Control "private, max-age=0, must-revalidate";
            add_header Vary "Accept-Encoding, Cookie";
            add_header X-Content-Type-Options nosniff;
            add_header X-Frame-Options SAMEORIGIN;
            add_header Referrer-Policy strict-origin-when-cross-origin;
            add_header Strict-Transport-Security "max-age=31536000; includeSubDomains";
            add_header X-Request-Id 5f0c1d1e-7a52-4c59-9a0e-3f5f2c0a9b11;
            return 200 "<!doctype html><title>The app</title><p>A small page, as many answers are.</p>";
        }
    }
"""

# Uploads are streamed, as all the others do; answers are buffered, which is nginx's default, in buffers of a size that
# moves long bodies for two thirds of the processor time of its defaults. The log is written in blocks, its faster way.
_PROXY = """
    log_format lines escape=json '{"at":"$time_iso8601","client":"$remote_addr","host":"$host",'
        '"method":"$request_method","path":"$request_uri","status":$status,"bytes":$body_bytes_sent,'
        '"seconds":$request_time,"agent":"$http_user_agent"}';
    access_log FOLDER/NAME.access.log lines buffer=64k flush=1s;
    client_max_body_size 0;
    proxy_request_buffering off;
    client_body_buffer_size 128k;
    proxy_buffer_size 16k;
    proxy_buffers 8 64k;
    proxy_busy_buffers_size 128k;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $kept;
    map $http_upgrade $kept { default upgrade; "" ""; }
"""


def write_upstream(folder: Path) -> Path:
    """Write the upstream's config; the port is the container's, its address the task's."""
    return _write(folder, "upstream", _UPSTREAM.replace("FOLDER", str(folder)))


def write_proxy(folder: Path, port: int, routes: Mapping[str, str]) -> Path:
    """Write the peer's config; routes lead from a service to its address and port."""
    body = _PROXY.replace("FOLDER", str(folder)).replace("NAME", "peer")
    options = " backlog=4096"  # nginx wants them said once for an address
    for service, address in routes.items():
        body += (
            f"    upstream {service} {{ server {address}; keepalive 256; keepalive_requests 100000000; }}\n"
            f"    server {{ listen 127.0.0.1:{port}{options}; server_name {host_of(service)};"
            f" location / {{ proxy_pass http://{service}; }} }}\n"
        )
        options = ""
    return _write(folder, "peer", body)


def command(config: Path) -> list[str]:
    """Say how nginx is started; `-e` keeps it from the system's own log."""
    return [find() or "nginx", "-e", str(config.with_suffix(".log")), "-p", str(config.parent), "-c", str(config)]


def find() -> str | None:
    """Find the program, also where it is kept from people who do not administer."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def _write(folder: Path, name: str, body: str) -> Path:
    # Its workers would else be `nobody`'s, who may not look into our folder.
    user = "user root;" if os.geteuid() == 0 else ""
    path = folder / f"{name}.conf"
    path.write_text(_FRAME.format(folder=folder, name=name, user=user, body=body), encoding="utf-8")
    return path
