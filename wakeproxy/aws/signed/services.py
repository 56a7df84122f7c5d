"""What there is to call: our adapters' operations, by service, and what must be known of their answers.

All of it is AWS's own: names, versions and members are those of the API references. A test compares it with the models
that the client library is made from.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from wakeproxy.aws.signed.json_protocol import JsonProtocol
from wakeproxy.aws.signed.query_protocol import QueryProtocol, read_instant
from wakeproxy.aws.trimming import keep_newest_events


class Pages(NamedTuple):
    """How an operation's answer goes on in the next one."""

    asked: str
    """The parameter that says where to go on."""
    told: str
    """The member that says so."""
    size: str
    """The parameter that says how much a page may hold."""


class ServiceApi(NamedTuple):
    """One service."""

    id: str
    """As `calls` and `pace` name it."""
    host: str
    """What its host names begin with."""
    signing_name: str
    operations: tuple[str, ...]
    protocol: JsonProtocol | QueryProtocol
    pages: Mapping[str, Pages] = MappingProxyType({})


ECS: Final = ServiceApi(
    "ecs",
    "ecs",
    "ecs",
    (
        "DescribeServices",
        "DescribeTaskDefinition",
        "DescribeTasks",
        "GetTaskProtection",
        "ListTasks",
        "UpdateService",
    ),
    JsonProtocol(
        "AmazonEC2ContainerServiceV20141113",
        "1.1",
        frozenset(
            {
                "connectivityAt",
                "createdAt",
                "deregisteredAt",
                "executionStoppedAt",
                "expirationDate",
                "lastStartedAt",
                "pullStartedAt",
                "pullStoppedAt",
                "registeredAt",
                "stabilityStatusAt",
                "startedAt",
                "stoppedAt",
                "stoppingAt",
                "updatedAt",
            }
        ),
        {"DescribeServices": keep_newest_events},
    ),
    {"ListTasks": Pages("nextToken", "nextToken", "maxResults")},
)

DYNAMODB: Final = ServiceApi(
    "dynamodb",
    "dynamodb",
    "dynamodb",
    (
        "BatchGetItem",
        "CreateTable",
        "DescribeTable",
        "DescribeTimeToLive",
        "PutItem",
        "Query",
        "UpdateContinuousBackups",
        "UpdateItem",
        "UpdateTimeToLive",
    ),
    JsonProtocol(
        "DynamoDB_20120810",
        "1.0",
        frozenset(
            {
                "ArchivalDateTime",
                "CreationDateTime",
                "EarliestRestorableDateTime",
                "InaccessibleEncryptionDateTime",
                "LastDecreaseDateTime",
                "LastIncreaseDateTime",
                "LastUpdateDateTime",
                "LastUpdateToPayPerRequestDateTime",
                "LatestRestorableDateTime",
                "ReplicaInaccessibleDateTime",
                "RestoreDateTime",
            }
        ),
    ),
)

SCALING: Final = ServiceApi(
    "application-auto-scaling",
    "application-autoscaling",
    "application-autoscaling",
    ("DescribeScalableTargets", "RegisterScalableTarget"),
    JsonProtocol("AnyScaleFrontendService", "1.1", frozenset({"CreationTime"})),
)

TAGGING: Final = ServiceApi(
    "resource-groups-tagging-api",
    "tagging",
    "tagging",
    ("GetResources",),
    JsonProtocol("ResourceGroupsTaggingAPI_20170126", "1.1", frozenset()),
    {"GetResources": Pages("PaginationToken", "PaginationToken", "ResourcesPerPage")},
)

EC2: Final = ServiceApi(
    "ec2",
    "ec2",
    "ec2",
    ("DescribeNetworkInterfaces",),
    QueryProtocol(
        "2016-11-15",
        "item",
        {
            "DescribeNetworkInterfaces": {
                "NextToken": str,
                "NetworkInterfaces": [
                    {
                        "Association": {"PublicDnsName": str, "PublicIp": str},
                        "NetworkInterfaceId": str,
                        "PrivateIpAddress": str,
                        "Status": str,
                        "SubnetId": str,
                        "VpcId": str,
                    }
                ],
            }
        },
        {
            "Filters": "Filter",
            "NetworkInterfaceIds": "NetworkInterfaceId",
            "NetworkInterfaces": "networkInterfaceSet",
            "Values": "Value",
        },
        wraps=False,
    ),
)

_METRIC: Final[dict[str, Any]] = {
    "Dimensions": [{"Name": str, "Value": str}],
    "MetricName": str,
    "Namespace": str,
}
_MESSAGES: Final[list[Any]] = [{"Code": str, "Value": str}]

CLOUDWATCH: Final = ServiceApi(
    "cloudwatch",
    "monitoring",
    "monitoring",
    ("GetMetricData", "ListMetrics"),
    QueryProtocol(
        "2010-08-01",
        "member",
        {
            "GetMetricData": {
                "Messages": _MESSAGES,
                "MetricDataResults": [
                    {
                        "Id": str,
                        "Label": str,
                        "Messages": _MESSAGES,
                        "StatusCode": str,
                        "Timestamps": [read_instant],
                        "Values": [float],
                    }
                ],
                "NextToken": str,
            },
            "ListMetrics": {"Metrics": [_METRIC], "NextToken": str, "OwningAccounts": [str]},
        },
    ),
)

STS: Final = ServiceApi(
    "sts",
    "sts",
    "sts",
    ("AssumeRole",),
    QueryProtocol(
        "2011-06-15",
        "member",
        {
            "AssumeRole": {
                "AssumedRoleUser": {"Arn": str, "AssumedRoleId": str},
                "Credentials": {
                    "AccessKeyId": str,
                    "Expiration": read_instant,
                    "SecretAccessKey": str,
                    "SessionToken": str,
                },
                "PackedPolicySize": int,
                "SourceIdentity": str,
            }
        },
    ),
)
