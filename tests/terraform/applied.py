"""The stack, applied once to a sandbox that is a process of its own, with the Lambdas that `wakeproxy bundle` makes."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import aiohttp
import boto3  # type: ignore[import-untyped] # its stubs are no dependency of ours
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.terraform.cli import MODULES, Terraform
from tests.terraform.stack import REGION, write_stack
from tests.world import World
from wakeproxy.core.spelling import read_instant, spell_instant

APPLY = ("-auto-approve", "-input=false", "-parallelism=30")
LEDGER = "wakeproxy"
_KEYS = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
_ALONE = {**_KEYS, "AWS_EC2_METADATA_DISABLED": "true"}
_CLIENT = {"aws_access_key_id": "any", "aws_secret_access_key": "any", "region_name": REGION}
_PATIENCE = 90


class Stack:
    """The applied stack, and the sandbox it is in."""

    def __init__(self, url: str, folder: Path) -> None:
        self.world = World(url, folder)
        source = MODULES / "tests/stack"
        target = folder / "terraform/tests/stack"
        target.mkdir(parents=True)
        (target / "main.tf.json").write_text(json.dumps(write_stack()))
        self.terraform = Terraform.copy(source, folder, is_real=True, AWS_ENDPOINT_URL=url, AWS_REGION=REGION, **_ALONE)
        self.before = self.list_all()
        self.terraform.run("apply", *APPLY)
        told = json.loads(self.terraform.run("output", "-json"))
        self.outputs = {name: one["value"] for name, one in told.items()}

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.world.url, **_CLIENT)

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """What an operator sets, so that a command sees what the functions see."""
        function = self.client("lambda").get_function_configuration(FunctionName="wakeproxy-wake")
        settings: Mapping[str, str] = function["Environment"]["Variables"]
        return {"AWS_ENDPOINT_URL": self.world.url, "AWS_REGION": REGION, **_ALONE, **settings}

    @cached_property
    def api(self) -> str:
        """Where the API is served on this machine."""
        (api,) = self.client("apigatewayv2").get_apis()["Items"]
        return f"http://{api['ApiId']}.execute-api.{REGION}.localhost:{self.world.url.rpartition(':')[2]}"

    async def find_url(self, kind: str) -> str:
        """Where what has this kind can be opened on this machine."""
        urls = (await self.world.control("GET", "urls"))["urls"]
        return str(next(each["url"] for each in urls if each["kind"] == kind))

    async def order(self, session: aiohttp.ClientSession, method: str, path: str) -> tuple[int, Any]:
        """Ask a route that IAM guards, signed."""
        request = AWSRequest(method, self.api + path)
        SigV4Auth(Credentials("any", "any"), "execute-api", REGION).add_auth(request)
        async with session.request(method, self.api + path, headers=dict(request.headers)) as answer:
            return answer.status, await answer.json()

    def desired_count(self) -> int:
        (service,) = self.client("ecs").describe_services(cluster="wakeproxy", services=["shop"])["services"]
        return int(service["desiredCount"])

    async def addresses(self) -> list[str]:
        """The public addresses of the tasks that run."""
        tasks = (await self.world.control("GET", "tasks?cluster=wakeproxy&service=shop"))["tasks"]
        return [one["public_ip"] for one in tasks if one["status"] == "RUNNING"]

    async def falls_asleep(self) -> None:
        """Wait until nothing is wanted of the service any more."""
        async with asyncio.timeout(_PATIENCE):
            while self.desired_count():  # what is awaited happens in a function, which sets no event of ours
                await asyncio.sleep(0.1)

    def let_pass(self, span: timedelta) -> None:
        """Let time pass since whatever the ledger remembers of the service."""
        table, key = self.client("dynamodb"), {"service": {"S": "shop"}, "item": {"S": "record"}}
        item = table.get_item(TableName=LEDGER, Key=key)["Item"]
        moved = {
            name: {"S": spell_instant(read_instant(item[name]["S"]) - span)} for name in ("claimed_at", "last_used_at")
        }
        table.put_item(TableName=LEDGER, Item={**item, **moved})

    def list_all(self) -> dict[str, list[str]]:
        """What there is of each kind that the stack has."""
        ec2, ecs, iam = self.client("ec2"), self.client("ecs"), self.client("iam")
        return {
            "vpcs": [one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]],
            "subnets": sorted(one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]),
            "gateways": [one["InternetGatewayId"] for one in ec2.describe_internet_gateways()["InternetGateways"]],
            "groups": sorted(one["GroupId"] for one in ec2.describe_security_groups()["SecurityGroups"]),
            "interfaces": [one["NetworkInterfaceId"] for one in ec2.describe_network_interfaces()["NetworkInterfaces"]],
            "clusters": ecs.list_clusters()["clusterArns"],
            "definitions": ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"],
            "roles": [one["RoleName"] for one in iam.list_roles()["Roles"]],
            "issuers": iam.list_open_id_connect_providers()["OpenIDConnectProviderList"],
            "repositories": self.client("ecr").describe_repositories()["repositories"],
            "functions": self.client("lambda").list_functions()["Functions"],
            "apis": self.client("apigatewayv2").get_apis()["Items"],
            "tables": self.client("dynamodb").list_tables()["TableNames"],
            "rules": self.client("events").list_rules()["Rules"],
            "schedules": self.client("scheduler").list_schedules()["Schedules"],
            "logs": self.client("logs").describe_log_groups()["logGroups"],
            "alarms": self.client("cloudwatch").describe_alarms()["MetricAlarms"],
        }
