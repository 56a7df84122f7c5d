"""Everything applied once, with the real provider: wakeproxy works with it, waking is no drift, destroy is clean."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped] # its stubs are no dependency of ours
import pytest
import yaml
from click.testing import CliRunner

from tests.cli.running import run
from tests.terraform.cli import MODULES, ROOT, Terraform
from tests.terraform.stack import ACCOUNT, CASES, REGION, write_stack
from wakeproxy.cli.app import wakeproxy
from wakeproxy.sandbox import TIMINGS, Sandbox

pytestmark = pytest.mark.timeout(600)  # providers start slowly, and poll every ten seconds

KEYS = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_EC2_METADATA_DISABLED": "true"}
APPLY = ("-auto-approve", "-input=false", "-parallelism=30")


class Stack:
    """The applied stack, and the sandbox it is in."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        source = MODULES / "tests/stack"
        target = folder / "terraform/tests/stack"
        target.mkdir(parents=True)
        (target / "main.tf.json").write_text(json.dumps(write_stack()))
        self.terraform = Terraform.copy(source, folder, AWS_ENDPOINT_URL=sandbox.url, AWS_REGION=REGION, **KEYS)
        self.before = self.list_all()
        self.terraform.run("apply", *APPLY)
        told = json.loads(self.terraform.run("output", "-json"))
        self.outputs = {name: one["value"] for name, one in told.items()}

    def client(self, service: str) -> Any:
        keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any", "region_name": REGION}
        return boto3.client(service, endpoint_url=self.sandbox.url, **keys)

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
            "logs": self.client("logs").describe_log_groups()["logGroups"],
            "alarms": self.client("cloudwatch").describe_alarms()["MetricAlarms"],
        }


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Sandbox(port=0, timings=TIMINGS["instant"]) as sandbox:
        yield Stack(sandbox, tmp_path_factory.mktemp("stack"))


@pytest.mark.parametrize(("name", "role"), [(name, str(role)) for name, case in CASES.items() for role in case.roles])
def test_a_policy_is_what_the_command_prints(stack: Stack, tmp_path: Path, name: str, role: str) -> None:
    case = CASES[name]
    config = tmp_path / "wakeproxy.yaml"
    config.write_text(yaml.safe_dump({"aws": {"region": REGION}, **case.config}))
    more = case.arguments if role == "deploy" else ()

    told = CliRunner().invoke(wakeproxy, ["iam", role, "-c", str(config), "--account", ACCOUNT, *more])

    assert json.loads(told.stdout) == json.loads(stack.outputs[f"{name}_{role}"])


def test_routes_are_those_of_the_contract(stack: Stack) -> None:
    (api,) = stack.client("apigatewayv2").get_apis()["Items"]
    found = stack.client("apigatewayv2").get_routes(ApiId=api["ApiId"])["Items"]
    contract = yaml.safe_load((ROOT / "infra/openapi-wake.yaml").read_text())

    keys = {one["RouteKey"].split()[-1].removeprefix("/") for one in found}  # $default has no slash in AWS
    assert keys == {path.removeprefix("/") for path in contract["paths"]}


def test_everything_that_can_have_tags_has_them(stack: Stack) -> None:
    state = json.loads(stack.terraform.run("state", "pull"))
    tags = {
        f"{one['module']}.{one['type']}.{one['name']}": instance["attributes"]["tags"] or {}
        for one in state["resources"]
        if one["mode"] == "managed" and one["module"].startswith(("module.wakeproxy", "module.api"))
        for instance in one["instances"]
        if "tags" in instance["attributes"]
    }

    assert len(tags) > 25
    assert [name for name, found in tags.items() if found.get("part-of") != "wakeproxy"] == []


async def test_wakeproxy_wakes_with_the_functions_settings_and_that_is_no_drift(stack: Stack) -> None:
    function = stack.client("lambda").get_function_configuration(FunctionName="wakeproxy-wake")
    settings = function["Environment"]["Variables"]
    environment = {"AWS_ENDPOINT_URL": stack.sandbox.url, "AWS_REGION": REGION, **settings}

    woken = await run("wake", "shop", "--wait", "--json", **environment)

    assert woken.status == 0, woken.err
    assert woken.document["services"][0]["phase"] == "AWAKE"
    assert (await run("check", **environment)).out == ""
    found = await run("status", "--json", **environment, WAKEPROXY__DISCOVER__CLUSTERS='["wakeproxy"]')
    assert [one["service"] for one in found.document["services"]] == ["shop", "api"]
    assert found.document["disabled"] == []
    _roll_out(stack)
    assert "No changes." in stack.terraform.run("plan", "-input=false")


def _roll_out(stack: Stack) -> None:
    """Register another revision, and have the service run it, as a rollout does."""
    ecs = stack.client("ecs")
    known = ecs.describe_task_definition(taskDefinition="shop")["taskDefinition"]
    kept = ("family", "networkMode", "cpu", "memory", "requiresCompatibilities", "containerDefinitions")
    made = ecs.register_task_definition(**{key: known[key] for key in kept})["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster="wakeproxy", service="shop", taskDefinition=made)


def test_destroy_leaves_nothing_even_of_what_is_awake(stack: Stack) -> None:
    stack.terraform.run("destroy", *APPLY, "-refresh=false")

    left = stack.list_all()
    rolled_out = left.pop("definitions")
    assert [arn.rpartition("/")[2] for arn in rolled_out] == ["shop:2"]  # which Terraform never knew
    assert left == {kind: found for kind, found in stack.before.items() if kind != "definitions"}
