"""Digests of images in ECR."""

import json
from typing import Any

import pytest

from tests.aws.conftest import count_calls
from wakeproxy.aws.access import Others
from wakeproxy.aws.images import EcrImages
from wakeproxy.core.image import parse_image
from wakeproxy.errors import AccessDeniedError, UnknownImageError
from wakeproxy.sandbox import Fault, Sandbox

REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/shop"
MANIFEST = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}


@pytest.fixture
def images(others: Others) -> EcrImages:
    return EcrImages(others)


async def push(others: Others, *tags: str, region: str | None = None) -> str:
    """Push an image of its own for each tag; the last one's digest."""
    ecr = await others.get("ecr", region=region)
    await ecr.create_repository(repositoryName="team/shop")
    digest = ""
    for tag in tags:
        manifest = json.dumps({**MANIFEST, "config": {"digest": f"sha256:{tag}"}})
        told: Any = await ecr.put_image(repositoryName="team/shop", imageManifest=manifest, imageTag=tag)
        digest = told["image"]["imageId"]["imageDigest"]
    return digest


async def test_a_tag_is_looked_up_in_one_call(sandbox: Sandbox, others: Others, images: EcrImages) -> None:
    digest = await push(others, "1.0", "1.1")
    sandbox.clear_calls()

    assert await images.find_digest(parse_image(f"{REPOSITORY}:1.1")) == digest
    assert count_calls(sandbox) == {"DescribeImages": 1}
    assert sandbox.calls[0].params["registryId"] == "123456789012"


async def test_without_a_tag_it_is_the_latest(others: Others, images: EcrImages) -> None:
    digest = await push(others, "latest")

    assert await images.find_digest(parse_image(REPOSITORY)) == digest


async def test_a_digest_is_looked_up_whatever_tag_stands_before_it(others: Others, images: EcrImages) -> None:
    digest = await push(others, "1.0")

    assert await images.find_digest(parse_image(f"{REPOSITORY}:gone@{digest}")) == digest


async def test_a_repository_of_another_region_is_asked_there(others: Others, images: EcrImages) -> None:
    digest = await push(others, "1.0", region="us-east-1")

    elsewhere = REPOSITORY.replace("eu-central-1", "us-east-1")
    assert await images.find_digest(parse_image(f"{elsewhere}:1.0")) == digest
    with pytest.raises(UnknownImageError):
        await images.find_digest(parse_image(f"{REPOSITORY}:1.0"))


@pytest.mark.parametrize("name", ["nginx:1.27", "public.ecr.aws/nginx/nginx:1", "ghcr.io/team/shop@sha256:" + "0" * 64])
async def test_other_registries_are_not_asked(sandbox: Sandbox, images: EcrImages, name: str) -> None:
    assert await images.find_digest(parse_image(name)) is None
    assert sandbox.calls == ()


async def test_what_is_not_there_is_named_with_what_to_do(others: Others, images: EcrImages) -> None:
    with pytest.raises(UnknownImageError, match=r"no repository 1234.*team/shop; create it") as caught:
        await images.find_digest(parse_image(f"{REPOSITORY}:1.0"))
    assert caught.value.exit_status == 4

    await push(others, "1.0")
    with pytest.raises(UnknownImageError, match=r"team/shop has no tag 1\.1; push"):
        await images.find_digest(parse_image(f"{REPOSITORY}:1.1"))
    with pytest.raises(UnknownImageError, match="team/shop has no digest sha256:0000"):
        await images.find_digest(parse_image(f"{REPOSITORY}@sha256:{'0' * 64}"))


async def test_a_refusal_is_no_missing_image(sandbox: Sandbox, images: EcrImages) -> None:
    sandbox.faults.add(Fault(kind="error", operation="DescribeImages", code="AccessDeniedException"))

    with pytest.raises(AccessDeniedError, match=r"look up image 1234.*team/shop:1"):
        await images.find_digest(parse_image(f"{REPOSITORY}:1"))


async def test_throttling_is_survived(sandbox: Sandbox, others: Others, images: EcrImages) -> None:
    digest = await push(others, "1.0")
    sandbox.faults.add(Fault(kind="throttle", operation="DescribeImages"))

    assert await images.find_digest(parse_image(f"{REPOSITORY}:1.0")) == digest
