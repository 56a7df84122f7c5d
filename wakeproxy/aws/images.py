"""`Images` on ECR, in whatever Region and account an image lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wakeproxy.aws.faults import is_refused, translated
from wakeproxy.aws.persistence import persist
from wakeproxy.core.image import find_ecr
from wakeproxy.errors import FleetError, UnknownImageError

if TYPE_CHECKING:
    from wakeproxy.aws.access import Others
    from wakeproxy.core.image import Image


class EcrImages:
    """Finds digests."""

    def __init__(self, others: Others) -> None:
        self._others = others

    async def find_digest(self, image: Image) -> str | None:
        """Find a digest by one call; of an image with tag and digest it is the digest that counts, as for a pull."""
        found = find_ecr(image)
        if found is None:
            return None
        wanted = {"imageDigest": image.digest} if image.digest else {"imageTag": image.tag or "latest"}

        async def describe() -> Any:
            with translated(f"look up image {image}"):
                client = await self._others.get("ecr", region=found.region)
                return await client.describe_images(
                    registryId=found.account, repositoryName=found.name, imageIds=[wanted]
                )

        try:
            answer = await persist(describe)
        except FleetError as error:
            raise _explain(error, image) from error.__cause__
        digest: str = answer["imageDetails"][0]["imageDigest"]
        return digest


def _explain(error: FleetError, image: Image) -> Exception:
    if is_refused(error, "RepositoryNotFoundException"):
        return UnknownImageError(f"ECR has no repository {image.name}; create it, or check account, region and name.")
    if is_refused(error, "ImageNotFoundException"):
        wanted = f"digest {image.digest}" if image.digest else f"tag {image.tag or 'latest'}"
        return UnknownImageError(f"ECR's repository {image.name} has no {wanted}; push the image first.")
    return error
