"""A handler as one would write it with boto3: the same calls, and nothing around them."""

import os
import sys

import boto3  # type: ignore[import-untyped] # its stubs are no dependency of ours

name, cluster = sys.argv[1], os.environ["CLUSTER_NAME"]
dynamodb = boto3.client("dynamodb")
ecs = boto3.client("ecs")
key = {"service": {"S": name}, "item": {"S": "record"}}
record = dynamodb.get_item(TableName=os.environ["TABLE_NAME"], Key=key, ConsistentRead=True)["Item"]
service = ecs.describe_services(cluster=cluster, services=[name])["services"][0]
address = None
if service["desiredCount"]:
    ec2 = boto3.client("ec2")
    arns = ecs.list_tasks(cluster=cluster, serviceName=name)["taskArns"]
    task = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"][0]
    details = {one["name"]: one["value"] for one in task["attachments"][0]["details"]}
    wanted = [{"Name": "network-interface-id", "Values": [details["networkInterfaceId"]]}]
    interfaces = ec2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"]
    address = interfaces[0]["Association"]["PublicIp"]
print(record["generation"]["N"], service["desiredCount"], address)
