"""Addresses: each task at its own, public ones only where the security group admits."""

import hashlib
import json
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.clients import Aws, Fetch, Json, SandboxProcess, Until
from wakeproxy.sandbox import Fault, Sandbox
from wakeproxy.sandbox.processes.addresses import Addresses

# A server, written for a container, that binds every address.
SERVER = """
import http.server, os
class Hi(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{os.environ['WHO']} saw {self.client_address[0]}".encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer((os.environ.get("BIND", "0.0.0.0"), 8080), Hi).serve_forever()
"""


def interface(aws: Aws, task: Json) -> Json:
    ids = [each["value"] for each in task["attachments"][0]["details"] if each["name"] == "networkInterfaceId"]
    found: Json = aws.client("ec2").describe_network_interfaces(NetworkInterfaceIds=ids)["NetworkInterfaces"][0]
    return found


def connects(host: str, port: int = 8080) -> bool:
    with socket.socket() as sock:
        sock.settimeout(2)
        return sock.connect_ex((host, port)) == 0


def serve(sandbox: Sandbox | SandboxProcess, name: str, **options: Any) -> None:
    environment = {"WHO": name, **options.pop("environment", {})}
    sandbox.create_service(
        name, image="x", command=["python", "-c", SERVER], environment=environment, desired_count=1, **options
    )


def address(aws: Aws, until: Until, name: str) -> str:
    ip: str = interface(aws, until(lambda: aws.running(name))[0])["PrivateIpAddress"]
    return ip


def test_unmodified_servers_on_one_port_run_side_by_side(
    sandbox: Sandbox, aws: Aws, until: Until, fetch: Fetch
) -> None:
    for name in ("one", "two"):
        serve(sandbox, name)
    one, two = (address(aws, until, name) for name in ("one", "two"))
    assert until(lambda: fetch(f"http://{one}:8080/")) == b"one saw 127.0.0.1"
    assert until(lambda: fetch(f"http://{two}:8080/")) == b"two saw 127.0.0.1"
    assert not connects("127.0.0.2"), "0.0.0.0 was not bound"


def test_a_server_on_loopback_is_out_of_reach_as_on_fargate(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    serve(sandbox, "inner", environment={"BIND": "127.0.0.1"})
    ip = address(aws, until, "inner")
    until(lambda: connects(ip.replace("127.78.", "127.79.")))
    assert not connects(ip)


@pytest.mark.parametrize("bind", ["::", "::ffff:0.0.0.0"])
def test_a_server_on_ipv6_any_is_at_the_tasks_address(
    sandbox: Sandbox, aws: Aws, until: Until, fetch: Fetch, bind: str
) -> None:
    code = f"""
import socket
with socket.create_server(({bind!r}, 8080), family=socket.AF_INET6, dualstack_ipv6=True) as server:
    while True:
        connection, _ = server.accept()
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\nConnection: close\\r\\n\\r\\nsix")
        connection.close()
"""
    sandbox.create_service("six", image="x", command=["python", "-c", code], desired_count=1)
    ip = address(aws, until, "six")
    assert until(lambda: fetch(f"http://{ip}:8080/")) == b"six"


def test_a_server_on_both_families_at_once(sandbox: Sandbox, aws: Aws, until: Until, fetch: Fetch) -> None:
    code = """
import asyncio
async def answer(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nboth")
async def main():
    async with await asyncio.start_server(answer, None, 8080) as server:
        await server.serve_forever()
asyncio.run(main())
"""
    for name in ("one", "two"):
        sandbox.create_service(name, image="x", command=["python", "-c", code], desired_count=1)
    for name in ("one", "two"):
        ip = address(aws, until, name)
        assert until(lambda ip=ip: fetch(f"http://{ip}:8080/")) == b"both"


def test_python_programs_are_moved_without_a_c_compiler(
    start_process: Callable[..., SandboxProcess], until: Until, fetch: Fetch, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "sitecustomize.py").write_text("import os\nos.environ['WHO'] = 'chained'\n")
    process = start_process(environ={"PATH": str(tmp_path), "TMPDIR": str(tmp_path)})
    serve(process, "one")
    serve(process, "two", environment={"PYTHONPATH": str(tmp_path / "mine")})
    process.create_service("other", image="x", command=["/bin/sleep", "60"], desired_count=1)

    def task(name: str) -> Json | None:
        return next((each for each in process.tasks("apps", name) if each["status"] == "RUNNING"), None)

    one, two = (until(lambda name=name: task(name))["private_ip"] for name in ("one", "two"))
    assert until(lambda: fetch(f"http://{one}:8080/")) == b"one saw 127.0.0.1"
    assert until(lambda: fetch(f"http://{two}:8080/")) == b"chained saw 127.0.0.1"
    (line,) = until(lambda: task("other"))["log"]
    assert line.startswith("/bin/sleep: the sandbox found no C compiler (cc, gcc or clang)")


def test_a_public_address_is_found_through_ec2_only(sandbox: Sandbox, aws: Aws, until: Until, fetch: Fetch) -> None:
    sandbox.create_service("hello", public=True, desired_count=1)
    task = until(lambda: aws.running("hello"))[0]
    found = interface(aws, task)
    public = found["Association"]["PublicIp"]
    assert public.startswith("127.77.")
    assert public not in json.dumps(task, default=str)
    assert (found["Status"], found["InterfaceType"], found["RequesterManaged"]) == ("in-use", "interface", True)
    assert found["Description"].startswith("arn:aws:ecs:eu-central-1:123456789012:attachment/")
    seen = json.loads(until(lambda: fetch(f"http://{public}:8080/api/echo")))
    assert ["Host", f"{public}:8080"] in seen["headers"]


def test_large_bodies_pass_the_public_address_whole(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    sandbox.create_service("hello", public=True, desired_count=1)
    found = interface(aws, until(lambda: aws.running("hello"))[0])
    public, private = found["Association"]["PublicIp"], found["PrivateIpAddress"]
    until(lambda: connects(private))  # the public address takes connections before the app does
    until(lambda: connects(public))
    sent = bytes(range(256)) * 32768
    request = urllib.request.Request(f"http://{public}:8080/api/echo", data=sent, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        seen = json.loads(answer.read())
    assert (seen["bytes"], seen["sha256"]) == (len(sent), hashlib.sha256(sent).hexdigest())
    with urllib.request.urlopen(f"http://{public}:8080/api/bytes?count={len(sent)}", timeout=10) as answer:
        assert answer.read() == bytes(len(sent))


def test_the_security_group_decides_and_may_change(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    sandbox.create_service("hello", public=True, desired_count=1)
    found = interface(aws, until(lambda: aws.running("hello"))[0])
    public, private, group = found["Association"]["PublicIp"], found["PrivateIpAddress"], found["Groups"][0]["GroupId"]
    until(lambda: connects(private))  # the public address takes connections before the app does
    until(lambda: connects(public))
    ec2 = aws.client("ec2")
    rules = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rules)
    until(lambda: not connects(public))
    assert connects(private)
    elsewhere = [{**rules[0], "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=elsewhere)
    assert not connects(public)
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)
    until(lambda: connects(public))


def test_nothing_is_left_at_the_addresses_of_a_task_that_is_gone(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    sandbox.create_service("hello", public=True, desired_count=1)
    found = interface(aws, until(lambda: aws.running("hello"))[0])
    aws.scale("hello", 0)
    until(lambda: not sandbox.tasks("apps"))
    assert not connects(found["Association"]["PublicIp"])
    assert not connects(found["PrivateIpAddress"])
    ids = [each["NetworkInterfaceId"] for each in aws.client("ec2").describe_network_interfaces()["NetworkInterfaces"]]
    assert found["NetworkInterfaceId"] not in ids


def test_an_interface_without_a_public_address(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    sandbox.faults.add(Fault(kind="no_public_ip", target="apps/hello"))
    sandbox.create_service("hello", public=True, desired_count=1)
    assert "Association" not in interface(aws, until(lambda: aws.running("hello"))[0])


def test_two_sandboxes_never_hand_out_the_same_address() -> None:
    one, two = Addresses(), Addresses()
    taken = [each.take() for each in (one, two) for _ in range(300)]
    one.close()
    two.close()
    assert len(set(taken)) == 600


def test_an_address_is_not_soon_handed_out_again() -> None:
    addresses = Addresses()
    seen = []
    for _ in range(200):
        seen.append(addresses.take())
        addresses.give_back(seen[-1])
    addresses.close()
    assert len(set(seen)) == 200
