"""What ECS has to do with AWS's other services: tags, targets, Cloud Map, auto scaling, account settings."""

import logging
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType, SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.clients import Aws, Json, Until
from wakeproxy.sandbox import Sandbox
from wakeproxy.sandbox.model.arns import ACCOUNT
from wakeproxy.sandbox.moto_host import Moto, _importing, _make_app


def keys(tags: list[dict[str, str]]) -> dict[str, str]:
    return {each["key"]: each["value"] for each in tags}


def test_tags_are_added_changed_removed_and_included(sandbox: Sandbox, aws: Aws) -> None:
    arn = sandbox.create_service("hello", tags={"wakeproxy:port": "8080"})
    aws.ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "wakeproxy:port", "value": "80"}])
    assert keys(aws.ecs.list_tags_for_resource(resourceArn=arn)["tags"]) == {"wakeproxy:port": "80", "a": "1"}
    aws.ecs.untag_resource(resourceArn=arn, tagKeys=["a"])
    described = aws.ecs.describe_services(cluster="apps", services=["hello"], include=["TAGS"])["services"][0]
    assert keys(described["tags"]) == {"wakeproxy:port": "80"}
    assert "tags" not in aws.service("hello")


def test_tags_of_clusters_definitions_and_tasks(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    sandbox.create_service("hello", tags={"team": "a"})
    aws.ecs.update_service(cluster="apps", service="hello", desiredCount=1, propagateTags="SERVICE",
                           enableECSManagedTags=True)  # fmt: skip
    task = until(lambda: aws.running("hello"))[0]
    tags = keys(aws.ecs.list_tags_for_resource(resourceArn=task["taskArn"])["tags"])
    assert tags == {"team": "a", "aws:ecs:serviceName": "hello", "aws:ecs:clusterName": "apps"}
    cluster = task["clusterArn"]
    aws.ecs.tag_resource(resourceArn=cluster, tags=[{"key": "k", "value": "v"}])
    assert keys(aws.ecs.describe_clusters(clusters=["apps"], include=["TAGS"])["clusters"][0]["tags"]) == {"k": "v"}
    definition = task["taskDefinitionArn"]
    aws.ecs.tag_resource(resourceArn=definition, tags=[{"key": "d", "value": "e"}])
    described = aws.ecs.describe_task_definition(taskDefinition=definition, include=["TAGS"])
    assert keys(described["tags"]) == {"d": "e"}


def test_tags_of_nothing(aws: Aws) -> None:
    for arn in ("arn:aws:ecs:eu-central-1:123456789012:service/apps/x", "hello"):
        with pytest.raises(ClientError):
            aws.ecs.list_tags_for_resource(resourceArn=arn)


def test_the_tagging_api_sees_and_tags_services(sandbox: Sandbox, aws: Aws) -> None:
    arn = sandbox.create_service("hello", tags={"wakeproxy:enable": "true"})
    sandbox.create_service("other")
    tagging = aws.client("resourcegroupstaggingapi")
    wanted = {"TagFilters": [{"Key": "wakeproxy:enable"}], "ResourceTypeFilters": ["ecs:service"]}
    found = tagging.get_resources(**wanted)["ResourceTagMappingList"]
    assert [each["ResourceARN"] for each in found] == [arn]
    tagging.tag_resources(ResourceARNList=[arn], Tags={"new": "1"})
    tagging.untag_resources(ResourceARNList=[arn], TagKeys=["wakeproxy:enable"])
    assert keys(aws.ecs.list_tags_for_resource(resourceArn=arn)["tags"]) == {"new": "1"}


def test_of_conditional_writes_to_dynamodb_at_once_one_holds(aws: Aws) -> None:
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(
        TableName="counts",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    key = {"id": {"S": "shop"}}
    dynamodb.put_item(TableName="counts", Item={**key, "n": {"N": "0"}})

    def count_on(_: int) -> list[int]:
        granted = []
        while (number := int(dynamodb.get_item(TableName="counts", Key=key)["Item"]["n"]["N"])) < 100:
            values = {":before": {"N": str(number)}, ":after": {"N": str(number + 1)}}
            try:
                dynamodb.update_item(TableName="counts", Key=key, UpdateExpression="SET n = :after",
                                     ConditionExpression="n = :before", ExpressionAttributeValues=values)  # fmt: skip
            except dynamodb.exceptions.ConditionalCheckFailedException:
                continue
            granted.append(number + 1)
        return granted

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # let threads get in each other's way as often as they can
    try:
        with ThreadPoolExecutor(6) as many:
            granted = [number for found in many.map(count_on, range(6)) for number in found]
    finally:
        sys.setswitchinterval(interval)

    assert sorted(granted) == list(range(1, 101))


def test_auto_scaling_knows_which_services_exist(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.create_service("hello")
    target = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 0,
              "MaxCapacity": 2}  # fmt: skip
    scaling = aws.client("application-autoscaling")
    scaling.register_scalable_target(ResourceId="service/apps/hello", **target)
    with pytest.raises(ClientError, match="doesn't exist"):
        scaling.register_scalable_target(ResourceId="service/apps/none", **target)


def test_a_scalable_target_holds_its_service_within_its_capacity(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    sandbox.create_service("hello")
    scaling = aws.client("application-autoscaling")
    target = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
              "ResourceId": "service/apps/hello"}  # fmt: skip

    def desired() -> int:
        return int(aws.service("hello")["desiredCount"])

    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    assert desired() == 1, "registering brings it within"
    aws.ecs.update_service(cluster="apps", service="hello", desiredCount=0)
    assert desired() == 0
    until(lambda: desired() == 1)
    aws.ecs.update_service(cluster="apps", service="hello", desiredCount=5)
    scaling.register_scalable_target(**target, MinCapacity=0)
    assert desired() == 2, "what is not named stays as it was"
    aws.ecs.update_service(cluster="apps", service="hello", desiredCount=0)
    time.sleep(0.5)
    assert desired() == 0, "the minimum was taken away"


@pytest.mark.parametrize("how", ["suspended", "deregistered"])
def test_a_target_that_does_not_scale_leaves_its_service_alone(sandbox: Sandbox, aws: Aws, how: str) -> None:
    sandbox.create_service("hello", desired_count=1)
    scaling = aws.client("application-autoscaling")
    target = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
              "ResourceId": "service/apps/hello"}  # fmt: skip
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    if how == "suspended":
        scaling.register_scalable_target(**target, SuspendedState={"DynamicScalingOutSuspended": True})
    else:
        scaling.deregister_scalable_target(**target)
    aws.ecs.update_service(cluster="apps", service="hello", desiredCount=0)
    time.sleep(0.5)
    assert aws.service("hello")["desiredCount"] == 0


def test_running_tasks_are_targets_of_the_services_load_balancer(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    sandbox.create_service("hello")
    known = aws.service("hello")["networkConfiguration"]
    subnet = known["awsvpcConfiguration"]["subnets"][0]
    vpc = aws.client("ec2").describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    elb = aws.client("elbv2")
    group = elb.create_target_group(Name="g", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip")
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    balancer = [{"targetGroupArn": arn, "containerName": "hello", "containerPort": 8080}]
    aws.ecs.update_service(cluster="apps", service="hello", desiredCount=1, loadBalancers=balancer)
    task = until(lambda: aws.running("hello"))[0]

    def targets() -> list[tuple[str, int]]:
        health = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return [(each["Target"]["Id"], each["Target"]["Port"]) for each in health]

    address = task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
    until(lambda: targets() == [(address, 8080)])
    aws.scale("hello", 0)
    until(lambda: targets() == [])
    assert f"(service hello) registered 1 targets in (target-group {arn})" in aws.messages("hello")


def test_running_tasks_are_found_in_cloud_map(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    cloud_map = aws.client("servicediscovery")
    cloud_map.create_http_namespace(Name="apps")
    namespace = cloud_map.list_namespaces()["Namespaces"][0]["Id"]
    registry = cloud_map.create_service(Name="hello", NamespaceId=namespace)["Service"]
    sandbox.create_service("hello")
    aws.ecs.update_service(cluster="apps", service="hello", desiredCount=1,
                           serviceRegistries=[{"registryArn": registry["Arn"]}])  # fmt: skip

    def instances() -> list[Json]:
        found: list[Json] = cloud_map.list_instances(ServiceId=registry["Id"])["Instances"]
        return found

    (instance,) = until(instances)
    assert instance["Attributes"]["AWS_INSTANCE_IPV4"].startswith("127.78.")
    aws.scale("hello", 0)
    until(lambda: not instances())


def test_account_settings(aws: Aws) -> None:
    aws.ecs.put_account_setting(name="containerInsights", value="enabled")
    assert aws.ecs.list_account_settings(name="containerInsights")["settings"][0]["value"] == "enabled"
    aws.ecs.delete_account_setting(name="containerInsights")
    assert aws.ecs.list_account_settings()["settings"] == []


def test_there_are_no_container_instances(aws: Aws) -> None:
    aws.ecs.create_cluster(clusterName="apps")
    assert aws.ecs.list_container_instances(cluster="apps")["containerInstanceArns"] == []
    answer = aws.ecs.describe_container_instances(cluster="apps", containerInstances=["x"])
    assert answer["failures"] == [{"arn": "x", "reason": "MISSING"}]


def test_a_new_sandbox_begins_with_nothing(sandbox: Sandbox, aws: Aws, aws_of: Callable[[Sandbox], Aws]) -> None:
    aws.client("sqs").create_queue(QueueName="q")
    sandbox.create_service("hello")
    sandbox.stop()
    sandbox.start()
    fresh = aws_of(sandbox)
    assert "QueueUrls" not in fresh.client("sqs").list_queues()
    assert fresh.ecs.list_clusters()["clusterArns"] == []


def test_events_of_a_neighbour_that_is_just_being_imported_are_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto.events.models", ModuleType("moto.events.models"))

    assert not Moto.has_rules("eu-central-1")


def test_a_neighbour_is_imported_while_no_other_is() -> None:
    def create_backend_app(service: str) -> SimpleNamespace:
        with ThreadPoolExecutor(1) as pool:
            assert not pool.submit(_importing.acquire, blocking=False).result()
        return SimpleNamespace(config={}, logger=logging.getLogger(service))

    _make_app(SimpleNamespace(create_backend_app=create_backend_app), "logs")


def test_pull_through_cache_rules_are_kept(aws: Aws) -> None:
    ecr = aws.client("ecr")
    assert ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"] == []

    made = ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="hub", upstreamRegistryUrl="registry-1.docker.io")

    (rule,) = ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"]
    assert rule == {"ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": "registry-1.docker.io", "registryId": ACCOUNT}
    assert {key: made[key] for key in rule} == rule
    assert ecr.create_repository(repositoryName="shop")["repository"]["registryId"] == ACCOUNT, "moto's, as ever"
