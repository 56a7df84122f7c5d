"""References to images: read and written by the grammar of the OCI distribution project (`distribution/reference`).

Skeleton; the grammar, `parse_image` and the properties follow.
"""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Image:
    """A reference to an image."""

    name: str
    """``[domain/]path`` as it was written."""
    tag: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@{self.digest}" if self.digest else "")

    @property
    def repository(self) -> str:
        """Domain and path in full, by which two references are of the same repository: ``docker.io/library/nginx``."""
        raise NotImplementedError

    def with_tag(self, tag: str) -> Self:
        """The image of that tag in the same repository."""
        return replace(self, tag=tag, digest=None)

    def with_digest(self, digest: str) -> Self:
        """The image of that digest in the same repository."""
        return replace(self, tag=None, digest=digest)


def parse_image(text: str) -> Image:
    """Read a reference.

    Raises:
        UsageError: it is none.
    """
    raise NotImplementedError
