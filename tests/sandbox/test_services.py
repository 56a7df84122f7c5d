"""Services as ECS's API has them: every row in which plain moto differs, and AWS's own refusals."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.clients import Aws, Json, Until
from wakeproxy.sandbox import Sandbox, Timings

NO_SUBNET = (
    "Error retrieving subnet information for [subnet-1]: The subnet ID 'subnet-1' does not exist "
    "(ErrorCode: InvalidSubnetID.NotFound)"
)


def refusal(call: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.fixture
def hello(sandbox: Sandbox, aws: Aws) -> Aws:
    sandbox.create_service("hello")
    return aws


def create(aws: Aws, **changes: Any) -> Json:
    known = aws.service("hello")
    asked = {
        "cluster": "apps", "serviceName": "other", "taskDefinition": "hello", "desiredCount": 0,
        "launchType": "FARGATE", "networkConfiguration": known["networkConfiguration"], **changes,
    }  # fmt: skip
    service: Json = aws.ecs.create_service(**{key: value for key, value in asked.items() if value is not None})[
        "service"
    ]
    return service


def test_a_new_service_is_steady_at_nothing(hello: Aws, until: Until) -> None:
    until(lambda: "(service hello) has reached a steady state." in hello.messages("hello"))
    service = hello.service("hello")
    assert (service["desiredCount"], service["runningCount"], service["pendingCount"]) == (0, 0, 0)
    assert (service["status"], service["launchType"]) == ("ACTIVE", "FARGATE")
    (deployment,) = service["deployments"]
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "COMPLETED")
    assert deployment["rolloutStateReason"] == f"ECS deployment {deployment['id']} completed."
    assert service["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": False, "rollback": False}
    assert service["createdAt"].year >= 2026


def test_a_scale_up_is_no_deployment(hello: Aws, until: Until) -> None:
    until(lambda: hello.service("hello")["deployments"][0]["rolloutState"] == "COMPLETED")
    before = hello.service("hello")["deployments"][0]
    answer = hello.scale("hello", 1)
    assert (answer["desiredCount"], answer["runningCount"]) == (1, 0)
    until(lambda: hello.running("hello"))
    (deployment,) = hello.service("hello")["deployments"]
    assert (deployment["id"], deployment["rolloutState"]) == (before["id"], "COMPLETED")
    assert (deployment["desiredCount"], deployment["runningCount"]) == (1, 1)


def test_the_services_stable_waiter_waits(hello: Aws) -> None:
    hello.scale("hello", 2)
    hello.ecs.get_waiter("services_stable").wait(
        cluster="apps", services=["hello"], WaiterConfig={"Delay": 0.05, "MaxAttempts": 200}
    )
    assert len(hello.running("hello")) == 2


def test_creating_a_service_twice_is_refused(hello: Aws) -> None:
    expected = ("InvalidParameterException", "Creation of service was not idempotent.")
    assert refusal(lambda: create(hello, serviceName="hello")) == expected
    first = create(hello, clientToken="t")
    assert create(hello, clientToken="t")["serviceArn"] == first["serviceArn"]


def test_what_codedeploy_rolls_out_is_given_no_revision(hello: Aws) -> None:
    create(hello, serviceName="green", deploymentController={"type": "CODE_DEPLOY"})
    code, message = refusal(lambda: hello.ecs.update_service(cluster="apps", service="green", taskDefinition="hello"))
    assert code == "InvalidParameterException"
    assert message.startswith("Unable to update task definition on services with a CODE_DEPLOY deployment controller.")


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"cluster": "nowhere"}, "ClusterNotFoundException", "Cluster not found."),
        ({"taskDefinition": "nothing"}, "ClientException", "TaskDefinition not found."),
        ({"networkConfiguration": None}, "InvalidParameterException",
         "Network Configuration must be provided when networkMode 'awsvpc' is specified."),
        ({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}}, "InvalidParameterException",
         NO_SUBNET),
        ({"schedulingStrategy": "DAEMON"}, "InvalidParameterException",
         "The sandbox runs REPLICA services only; leave schedulingStrategy out."),
        ({"desiredCount": -1}, "InvalidParameterException", "desiredCount cannot be negative."),
        ({"loadBalancers": [{"targetGroupArn": "arn", "containerName": "x", "containerPort": 1}]},
         "InvalidParameterException", None),
    ],
)  # fmt: skip
def test_what_create_service_refuses(hello: Aws, changes: Any, code: str, message: str | None) -> None:
    found = refusal(lambda: create(hello, **changes))
    assert found[0] == code
    assert message in {None, found[1]}


def test_the_default_security_group_is_filled_in(hello: Aws) -> None:
    subnets = hello.service("hello")["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    made = create(hello, networkConfiguration={"awsvpcConfiguration": {"subnets": subnets}})
    (group,) = made["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    assert hello.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["GroupName"] == "default"


def test_a_capacity_provider_strategy_is_kept(hello: Aws, until: Until) -> None:
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
    made = create(hello, launchType=None, capacityProviderStrategy=strategy, desiredCount=1)
    assert made["capacityProviderStrategy"] == strategy
    assert "launchType" not in made
    until(lambda: hello.running("other"))
    assert hello.running("other")[0]["capacityProviderName"] == "FARGATE_SPOT"


def test_without_a_launch_type_tasks_want_instances_that_do_not_exist(hello: Aws, until: Until) -> None:
    create(hello, launchType=None, desiredCount=1)
    until(lambda: any("No Container Instances were found in your cluster." in m for m in hello.messages("other")))
    assert hello.tasks("other") == []


def test_deleting_drains_then_forgets(unhurried: Timings, aws_of: Callable[[Sandbox], Aws], until: Until) -> None:
    with Sandbox(timings=unhurried) as sandbox:
        aws = aws_of(sandbox)
        sandbox.create_service("hello")
        aws.scale("hello", 1)
        until(lambda: aws.running("hello"))
        name = {"cluster": "apps", "service": "hello"}
        expected = ("InvalidParameterException", "The service cannot be stopped while it is scaled above 0.")
        assert refusal(aws.ecs.delete_service, **name) == expected
        assert aws.ecs.delete_service(**name, force=True)["service"]["status"] == "DRAINING"
        not_active = ("ServiceNotActiveException", "Service was not ACTIVE.")
        assert refusal(aws.ecs.update_service, **name, desiredCount=1) == not_active
        expected = ("InvalidParameterException", "Unable to Start a service that is still Draining.")
        assert refusal(aws.ecs.create_service, cluster="apps", serviceName="hello", taskDefinition="hello") == expected
        assert len(aws.ecs.list_services(cluster="apps")["serviceArns"]) == 1
        until(lambda: aws.service("hello")["status"] == "INACTIVE")
        assert aws.ecs.list_services(cluster="apps")["serviceArns"] == []
        assert refusal(aws.ecs.update_service, **name, desiredCount=1) == not_active
        assert refusal(aws.ecs.delete_service, **name)[0] == "ServiceNotFoundException"
        sandbox.create_service("hello")
        assert aws.service("hello")["status"] == "ACTIVE"


def test_updating_what_does_not_exist(hello: Aws) -> None:
    params = {"cluster": "apps", "service": "ghost", "desiredCount": 1}
    assert refusal(hello.ecs.update_service, **params) == ("ServiceNotFoundException", "Service not found.")
    assert refusal(hello.ecs.update_service, **{**params, "cluster": "ghosts"})[0] == "ClusterNotFoundException"


def test_describing_ten_at_once_and_missing_ones(hello: Aws) -> None:
    answer = hello.ecs.describe_services(cluster="apps", services=["hello", "ghost"])
    assert [each["serviceName"] for each in answer["services"]] == ["hello"]
    arn = "arn:aws:ecs:eu-central-1:123456789012:service/apps/ghost"
    assert answer["failures"] == [{"arn": arn, "reason": "MISSING"}]
    eleven = refusal(hello.ecs.describe_services, cluster="apps", services=["hello"] * 11)
    assert eleven == ("InvalidParameterException", "Services cannot have more than 10 elements.")
    by_arn = hello.ecs.describe_services(cluster="apps", services=[answer["services"][0]["serviceArn"]])
    assert by_arn["services"][0]["serviceName"] == "hello"


def test_lists_come_in_pages(hello: Aws) -> None:
    for number in range(12):
        create(hello, serviceName=f"s{number:02}")
    first = hello.ecs.list_services(cluster="apps")
    assert len(first["serviceArns"]) == 10
    pages = hello.ecs.get_paginator("list_services").paginate(cluster="apps", PaginationConfig={"PageSize": 5})
    arns = [arn for page in pages for arn in page["serviceArns"]]
    assert len(arns) == len(set(arns)) == 13
    assert refusal(hello.ecs.list_services, cluster="apps", maxResults=101)[0] == "InvalidParameterException"
    assert refusal(hello.ecs.list_services, cluster="apps", nextToken="?")[1] == "Invalid token."


def test_tasks_are_listed_by_what_is_asked(hello: Aws, until: Until) -> None:
    create(hello, desiredCount=2)
    hello.scale("hello", 1)
    until(lambda: len(hello.running("other")) == 2 and hello.running("hello"))
    deployment = hello.service("other")["deployments"][0]["id"]
    assert len(hello.ecs.list_tasks(cluster="apps")["taskArns"]) == 3
    assert len(hello.ecs.list_tasks(cluster="apps", startedBy=deployment)["taskArns"]) == 2
    assert len(hello.ecs.list_tasks(cluster="apps", family="hello")["taskArns"]) == 3
    assert hello.ecs.list_tasks(cluster="apps", family="hel")["taskArns"] == []
    with pytest.raises(ClientError, match="cannot specify startedBy with other arguments"):
        hello.ecs.list_tasks(cluster="apps", startedBy=deployment, serviceName="hello")
    assert refusal(hello.ecs.list_tasks, cluster="apps", serviceName="ghost")[0] == "ServiceNotFoundException"
    assert refusal(hello.ecs.list_tasks, cluster="app")[0] == "ClusterNotFoundException"
    page = hello.ecs.list_tasks(cluster="apps", maxResults=2)
    rest = hello.ecs.list_tasks(cluster="apps", maxResults=2, nextToken=page["nextToken"])
    assert len(set(page["taskArns"] + rest["taskArns"])) == 3
    assert "nextToken" not in rest


def test_describing_tasks(hello: Aws) -> None:
    answer = hello.ecs.describe_tasks(cluster="apps", tasks=["0" * 32])
    assert answer["failures"] == [{"arn": "0" * 32, "reason": "MISSING"}]
    assert refusal(hello.ecs.describe_tasks, cluster="apps", tasks=["x"] * 101)[0] == "InvalidParameterException"
    foreign = "arn:aws:ecs:eu-central-1:123456789012:task/elsewhere/1"
    sentence = "Identifier is for cluster elsewhere. Your cluster is apps"
    assert refusal(hello.ecs.describe_tasks, cluster="apps", tasks=[foreign])[1] == sentence
    expected = ("InvalidParameterException", "The referenced task was not found.")
    assert refusal(hello.ecs.stop_task, cluster="apps", task="x") == expected


def test_clusters(hello: Aws) -> None:
    hello.scale("hello", 1)
    cluster = hello.ecs.describe_clusters(clusters=["apps", "ghost"])
    assert cluster["clusters"][0]["activeServicesCount"] == 1
    assert cluster["failures"][0]["reason"] == "MISSING"
    assert refusal(hello.ecs.delete_cluster, cluster="apps")[0] == "ClusterContainsServicesException"
    hello.ecs.create_cluster(clusterName="empty")
    assert len(hello.ecs.list_clusters()["clusterArns"]) == 2
    assert hello.ecs.delete_cluster(cluster="empty")["cluster"]["status"] == "INACTIVE"
    assert len(hello.ecs.list_clusters()["clusterArns"]) == 1
    providers = hello.ecs.describe_capacity_providers(capacityProviders=["FARGATE"])["capacityProviders"]
    assert providers[0]["status"] == "ACTIVE"


def test_operations_that_do_not_exist_here_say_so_without_a_retry(hello: Aws) -> None:
    params = {"cluster": "apps", "task": "x", "command": "sh", "interactive": True}
    code, message = refusal(hello.ecs.execute_command, **params)
    assert (code, message) == ("UnsupportedFeatureException", "The sandbox does not implement ecs:ExecuteCommand.")
    assert refusal(hello.client("ec2").describe_ipam_pools)[0] == "NotImplemented"
    assert refusal(hello.client("pricing").describe_services)[0] == "NotImplemented"


def test_regions_do_not_see_each_other(hello: Aws, aws_of: Callable[[Sandbox], Aws]) -> None:
    elsewhere = Sandbox(region="us-east-1")
    with elsewhere:
        assert aws_of(elsewhere).ecs.list_clusters()["clusterArns"] == []
    assert len(hello.ecs.list_clusters()["clusterArns"]) == 1


def test_service_deployments_tell_the_history(hello: Aws, until: Until) -> None:
    until(lambda: hello.service("hello")["deployments"][0]["rolloutState"] == "COMPLETED")
    hello.ecs.update_service(cluster="apps", service="hello", forceNewDeployment=True)

    def statuses() -> list[str]:
        listed = hello.ecs.list_service_deployments(cluster="apps", service="hello")["serviceDeployments"]
        return [each["status"] for each in listed]

    until(lambda: statuses() == ["SUCCESSFUL", "SUCCESSFUL"])
    arn = hello.ecs.list_service_deployments(cluster="apps", service="hello")["serviceDeployments"][0]
    described = hello.ecs.describe_service_deployments(serviceDeploymentArns=[arn["serviceDeploymentArn"], "gone"])
    assert described["serviceDeployments"][0]["deploymentCircuitBreaker"]["status"] == "DISABLED"
    assert described["failures"] == [{"arn": "gone", "reason": "MISSING"}]
