"""What ``DescribeTasks`` and ``DescribeServices`` answer about one Fargate service, as boto3 hands it out.

Shapes follow the ECS API reference; a key is absent as long as AWS leaves it out.
"""

from typing import Any

from tests.core.build import IMAGE, at

ACCOUNT = "123456789012"
TASK_ARN = f"arn:aws:ecs:eu-central-1:{ACCOUNT}:task/apps/0f1e2d3c4b5a69788796a5b4c3d2e1f0"
INTERFACE = "eni-0a1b2c3d4e5f60718"
PRIVATE, PUBLIC = "10.0.1.7", "203.0.113.9"


def an_attachment(status: str, **details: str) -> dict[str, Any]:
    return {
        "id": "6c5b4a39-2817-4605-9f4e-3d2c1b0a9f8e",
        "type": "ElasticNetworkInterface",
        "status": status,
        "details": [{"name": name, "value": value} for name, value in details.items()],
    }


PRECREATED = an_attachment("PRECREATED", subnetId="subnet-01ab23cd")
ATTACHED = an_attachment(
    "ATTACHED",
    subnetId="subnet-01ab23cd",
    networkInterfaceId=INTERFACE,
    macAddress="0a:1b:2c:3d:4e:5f",
    privateDnsName="ip-10-0-1-7.eu-central-1.compute.internal",
    privateIPv4Address=PRIVATE,
)


def a_described_task(last_status: str, desired_status: str = "RUNNING", /, **more: Any) -> dict[str, Any]:
    return {
        "taskArn": TASK_ARN,
        "clusterArn": f"arn:aws:ecs:eu-central-1:{ACCOUNT}:cluster/apps",
        "taskDefinitionArn": f"arn:aws:ecs:eu-central-1:{ACCOUNT}:task-definition/shop:7",
        "group": "service:shop",
        "startedBy": "ecs-svc/8262972806176612824",
        "launchType": "FARGATE",
        "lastStatus": last_status,
        "desiredStatus": desired_status,
        "healthStatus": "UNKNOWN",
        "createdAt": at(-30),
        "attachments": [ATTACHED],
        "containers": [{"name": "app", "image": IMAGE, "lastStatus": last_status, "networkInterfaces": []}],
        "version": 3,
    } | more


PULL: dict[str, Any] = {"pullStartedAt": at(-20)}
PULLED = PULL | {"pullStoppedAt": at(-9)}
STARTED = PULLED | {"startedAt": at(-6)}
STOPPED = STARTED | {
    "stoppingAt": at(-4),
    "stoppedAt": at(-1),
    "stopCode": "EssentialContainerExited",
    "stoppedReason": "Essential container in task exited",
    "containers": [{"name": "app", "image": IMAGE, "lastStatus": "STOPPED", "exitCode": 1}],
}

DESCRIBED_SERVICE: dict[str, Any] = {
    "serviceArn": f"arn:aws:ecs:eu-central-1:{ACCOUNT}:service/apps/shop",
    "serviceName": "shop",
    "status": "ACTIVE",
    "desiredCount": 2,
    "runningCount": 1,
    "pendingCount": 1,
    "launchType": "FARGATE",
    "taskDefinition": f"arn:aws:ecs:eu-central-1:{ACCOUNT}:task-definition/shop:7",
    "deployments": [
        {
            "id": "ecs-svc/8262972806176612824",
            "status": "PRIMARY",
            "taskDefinition": f"arn:aws:ecs:eu-central-1:{ACCOUNT}:task-definition/shop:7",
            "desiredCount": 2,
            "pendingCount": 1,
            "runningCount": 1,
            "failedTasks": 3,
            "createdAt": at(-86_400),
            "updatedAt": at(-40),
            "rolloutState": "COMPLETED",
            "rolloutStateReason": "ECS deployment ecs-svc/8262972806176612824 completed.",
        }
    ],
    "events": [
        {"id": "b1", "createdAt": at(-28), "message": "(service shop) has started 1 tasks: (task 0f1e2d3c)."},
        {"id": "a0", "createdAt": at(-600), "message": "(service shop) has reached a steady state."},
    ],
}
