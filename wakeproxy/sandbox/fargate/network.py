"""Tasks' network interfaces in moto's EC2, their loopback addresses, and who may reach the public ones."""

from ipaddress import ip_address, ip_network
from typing import Any

from wakeproxy.sandbox.model.cluster import Document
from wakeproxy.sandbox.model.failure import invalid
from wakeproxy.sandbox.model.task import NetworkInterface, Task
from wakeproxy.sandbox.moto_host import Moto
from wakeproxy.sandbox.processes.addresses import Addresses, private_ip, public_ip
from wakeproxy.sandbox.processes.forward import Forwarder

VISITOR = ip_address("127.0.0.1")
"""Where visitors of the sandbox come from: a rule admits them if it holds this address, as 0.0.0.0/0 does."""


class Network:
    """The interfaces of all tasks."""

    def __init__(self, moto: Moto) -> None:
        self._moto = moto
        self._addresses = Addresses()
        self._forwarder = Forwarder()
        self._open: dict[str, tuple[Task, str]] = {}

    def start(self) -> None:
        """Begin to forward."""
        self._forwarder.start()

    def stop(self) -> None:
        """Close every listener and give the addresses back."""
        self._forwarder.stop()
        self._addresses.close()

    def check(self, region: str, network: Document) -> Document:
        """Check subnets and security groups, and fill in the default security group.

        Raises:
            AwsError: in AWS's words.

        """
        settings = dict(network.get("awsvpcConfiguration") or {})
        if not settings.get("subnets"):
            raise invalid("subnets can not be empty.")
        with self._moto.ec2(region) as ec2:
            known = {name for zone in ec2.subnets.values() for name in zone}
            for subnet in settings["subnets"]:
                if subnet not in known:
                    raise invalid(_missing(f"Error retrieving subnet information for [{subnet}]", "subnet", subnet))
            for group in settings.get("securityGroups") or []:
                if ec2.get_security_group_from_id(group) is None:
                    raise invalid(_missing("Error retrieving security group information", "security group", group))
            if not settings.get("securityGroups"):
                vpc = ec2.get_subnet(settings["subnets"][0]).vpc_id
                settings["securityGroups"] = [ec2.get_default_security_group(vpc).id]
        return {"awsvpcConfiguration": {"assignPublicIp": "DISABLED", **settings}}

    def attach(self, task: Task, *, with_public_ip: bool) -> None:
        """Make the interface; the task knows its addresses from now on."""
        interface = task.interface
        assert interface is not None
        host = self._addresses.take()
        interface.private_ip = private_ip(host)
        self._open[task.id] = (task, host)
        with self._moto.ec2(task.region) as ec2:
            made = ec2.create_network_interface(
                interface.subnet,
                interface.private_ip,
                group_ids=interface.security_groups,
                description=f"arn:aws:ecs:{task.region}:{ec2.account_id}:attachment/{interface.attachment_id}",
            )
            made.status, made.requester_managed, made.interface_type = "in-use", True, "interface"
            made.private_dns_name = getattr(made, "private_dns_name", None)  # moto sets it for some VPCs only
            if with_public_ip:
                made.public_ip = interface.public_ip = public_ip(host)
            interface.id, interface.mac, interface.zone = made.id, made.mac_address, made.availability_zone
        interface.status = "ATTACHED"

    def detach(self, task: Task) -> None:
        """Remove the interface; its addresses lead nowhere from now on."""
        self.close(task)
        _, host = self._open.pop(task.id, (None, ""))
        if task.interface is None or not host:
            return
        task.interface.status = "DELETED"
        with self._moto.ec2(task.region) as ec2:
            ec2.enis.pop(task.interface.id, None)
        self._addresses.give_back(host)

    def open(self, task: Task) -> None:
        """Forward from the public address to each container port that the security groups admit."""
        interface = task.interface
        if interface is None or not interface.public_ip:
            return
        with self._moto.ec2(task.region) as ec2:
            eni = ec2.enis.get(interface.id)
            rules = [rule for group in (eni.group_set if eni else ()) for rule in group.ingress_rules]
            ports = frozenset(port for port in _ports(task) if any(_admits(rule, port) for rule in rules))
        self._forwarder.set_listeners(interface.public_ip, interface.private_ip, ports)

    def close(self, task: Task) -> None:
        """Stop forwarding to a task."""
        if task.interface and task.interface.public_ip:
            self._forwarder.set_listeners(task.interface.public_ip, task.interface.private_ip, frozenset())

    def reopen(self) -> None:
        """Look again at the security groups of everything that is open: somebody changed one."""
        for task, _ in self._open.values():
            if task.is_live and task.last_status in {"ACTIVATING", "RUNNING"}:
                self.open(task)


def new_interface(network: Document) -> NetworkInterface:
    """The interface that a checked network configuration asks for."""
    settings = network["awsvpcConfiguration"]
    wants_public_ip = settings.get("assignPublicIp") == "ENABLED"
    return NetworkInterface(settings["subnets"][0], list(settings["securityGroups"]), wants_public_ip)


def _missing(doing: str, kind: str, name: str) -> str:
    code = "InvalidSubnetID" if kind == "subnet" else "InvalidGroup"
    what = f"The {kind} ID '{name}' does not exist" if kind == "subnet" else f"The {kind} '{name}' does not exist"
    return f"{doing}: {what} (ErrorCode: {code}.NotFound)"


def _ports(task: Task) -> set[int]:
    mappings = [mapping for each in task.containers for mapping in each.definition.get("portMappings") or []]
    return {int(mapping["containerPort"]) for mapping in mappings if "containerPort" in mapping}


def _admits(rule: Any, port: int) -> bool:
    if rule.ip_protocol not in {"-1", "tcp"} or not rule.cidr_ipv4:
        return False
    is_all = rule.ip_protocol == "-1" or rule.from_port == -1
    return (is_all or rule.from_port <= port <= rule.to_port) and VISITOR in ip_network(rule.cidr_ipv4, strict=False)
