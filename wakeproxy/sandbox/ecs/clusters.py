"""Clusters and capacity providers."""

from collections.abc import Mapping

from wakeproxy.sandbox.ecs.operation import Operation, Request
from wakeproxy.sandbox.model.arns import arn, last_name
from wakeproxy.sandbox.model.cluster import Cluster, Document
from wakeproxy.sandbox.model.failure import AwsError
from wakeproxy.sandbox.model.render import render_cluster, render_tags
from wakeproxy.sandbox.model.task import Status

FARGATE_PROVIDERS = ("FARGATE", "FARGATE_SPOT")


def create_cluster(request: Request) -> Document:
    """Make a cluster; the one of that name, if there is one, is answered as it is (AWS)."""
    name = request.params.get("clusterName") or "default"
    cluster = request.region.clusters.get(name)
    if cluster is None or cluster.status != "ACTIVE":
        cluster = Cluster(name, arn(request.region.name, "cluster", name), request.tags())
        request.region.clusters[name] = cluster
        _apply(request, cluster)
    return {"cluster": _rendered(request, cluster)}


def update_cluster(request: Request) -> Document:
    """Change settings and configuration."""
    cluster = request.region.cluster(request.need("cluster"))
    _apply(request, cluster)
    return {"cluster": _rendered(request, cluster)}


def put_cluster_capacity_providers(request: Request) -> Document:
    """Set the capacity providers and the default strategy."""
    cluster = request.region.cluster(request.need("cluster"))
    _apply(request, cluster)
    return {"cluster": _rendered(request, cluster)}


def describe_clusters(request: Request) -> Document:
    """Describe clusters by name or ARN; `default` if none is named."""
    asked = request.params.get("clusters") or ["default"]
    found = {each: request.region.clusters.get(last_name(each)) for each in asked}
    failures = [
        {"arn": each if each.startswith("arn:") else arn(request.region.name, "cluster", each), "reason": "MISSING"}
        for each, cluster in found.items()
        if cluster is None
    ]
    return {"clusters": [_rendered(request, each) for each in found.values() if each], "failures": failures}


def list_clusters(request: Request) -> Document:
    """List the active clusters' ARNs."""
    return request.page(
        "clusterArns", (each.arn for each in request.region.clusters.values() if each.status == "ACTIVE")
    )


def delete_cluster(request: Request) -> Document:
    """Make a cluster INACTIVE; refused while it has services or tasks."""
    region = request.region
    cluster = region.cluster(request.need("cluster"))
    if any(each.cluster is cluster and each.status != "INACTIVE" for each in region.services.values()):
        raise AwsError("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
    if any(each.launch.cluster is cluster and each.last_status is not Status.STOPPED for each in region.tasks.values()):
        raise AwsError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
    cluster.status = "INACTIVE"
    return {"cluster": _rendered(request, cluster)}


def describe_capacity_providers(request: Request) -> Document:
    """Describe FARGATE and FARGATE_SPOT; there are no others here."""
    asked = [last_name(each) for each in request.params.get("capacityProviders") or FARGATE_PROVIDERS]
    found = [
        {
            "capacityProviderArn": arn(request.region.name, "capacity-provider", name),
            "name": name,
            "status": "ACTIVE",
            "tags": [],
        }
        for name in asked
        if name in FARGATE_PROVIDERS
    ]
    failures = [{"arn": name, "reason": "MISSING"} for name in asked if name not in FARGATE_PROVIDERS]
    return {"capacityProviders": found, "failures": failures}


def _apply(request: Request, cluster: Cluster) -> None:
    params = request.params
    if settings := params.get("settings"):
        changed = {each["name"]: each for each in [*cluster.settings, *settings]}
        cluster.settings = list(changed.values())
    if (providers := params.get("capacityProviders")) is not None:
        cluster.capacity_providers = list(providers)
    if (strategy := params.get("defaultCapacityProviderStrategy")) is not None:
        cluster.default_strategy = list(strategy)
    cluster.configuration = params.get("configuration") or cluster.configuration
    cluster.service_connect_defaults = params.get("serviceConnectDefaults") or cluster.service_connect_defaults


def _rendered(request: Request, cluster: Cluster) -> Document:
    tags = {"tags": render_tags(cluster.tags)} if request.includes_tags() or request.params.get("tags") else {}
    return {**render_cluster(request.region, cluster), **tags}


OPERATIONS: Mapping[str, Operation] = {
    "CreateCluster": create_cluster,
    "DeleteCluster": delete_cluster,
    "DescribeCapacityProviders": describe_capacity_providers,
    "DescribeClusters": describe_clusters,
    "ListClusters": list_clusters,
    "PutClusterCapacityProviders": put_cluster_capacity_providers,
    "UpdateCluster": update_cluster,
    "UpdateClusterSettings": update_cluster,
}
