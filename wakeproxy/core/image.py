r"""References to images: read and written by the grammar of the OCI distribution project (`distribution/reference`).

::

    reference     = name [":" tag] ["@" digest]
    name          = [domain "/"] path
    domain        = host [":" port]                  port = 1*DIGIT
    host          = label *("." label) | "[" IPv6 address "]"
    label         = letters and digits of either case, hyphens within
    path          = component *("/" component)
    component     = word *(separator word)           word = 1*(a-z | 0-9)
    separator     = "." | "_" | "__" | 1*"-"
    tag           = [A-Za-z0-9_] 0*127[A-Za-z0-9_.-]
    digest        = algorithm ":" 32*HEX             algorithm = letter-led words joined by one of "+._-"

A first component is a domain, as Docker reads it, when it is ``localhost`` or has a dot, a colon or an upper-case
letter; what has none is of Docker Hub.
"""

import re
from dataclasses import dataclass, replace
from typing import Final, Self

from wakeproxy.errors import UsageError

DOCKER_HUB: Final = "docker.io"
_FORMER_DOCKER_HUB: Final = "index.docker.io"
_LONGEST_PATH: Final = 255

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_NAME = rf"(?:{_DOMAIN}/)?{_COMPONENT}(?:/{_COMPONENT})*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_ALGORITHM = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*"
_DIGEST = rf"{_ALGORITHM}:[0-9a-fA-F]{{32,}}"

_IS_DOMAIN = re.compile(_DOMAIN)
_IS_TAG = re.compile(_TAG)
_IS_DIGEST = re.compile(_DIGEST)
_IS_REFERENCE = re.compile(rf"(?P<name>{_NAME})(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?")
_IS_IDENTIFIER = re.compile(r"[0-9a-f]{64}")
_REGISTERED = {"sha256": 64, "sha384": 96, "sha512": 128}
"""Algorithms that the OCI image specification registers, and how many lower-case hexadecimal digits theirs have."""

_ECR = re.compile(
    r"(?P<account>[0-9]{12})\.(?:"
    r"dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?:amazonaws\.(?:com|com\.cn|eu)"
    r"|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)"
    r"|dkr-ecr(?:-fips)?\.(?P<dual_stack_region>[a-z0-9-]+)\.on\.(?:aws|amazonwebservices\.(?:com\.cn|eu))"
    r")"
)
"""Hosts of private registries of ECR, of one address family or two, in every partition of AWS."""


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
    def domain(self) -> str:
        """The registry's host in lower case, with its port if one was written; ``docker.io`` where none was."""
        return _split(self.name)[0]

    @property
    def path(self) -> str:
        """The repository within its registry in full: ``library/nginx`` for ``nginx``."""
        return _split(self.name)[1]

    @property
    def repository(self) -> str:
        """Domain and path in full, by which two references are of the same repository: ``docker.io/library/nginx``."""
        return "/".join(_split(self.name))

    def with_tag(self, tag: str) -> Self:
        """Refer to a tag of the same repository, and to no digest any more.

        Raises:
            UsageError: it is no tag.
        """
        return replace(self, tag=parse_tag(tag), digest=None)

    def with_digest(self, digest: str) -> Self:
        """Refer to a digest of the same repository, and to no tag any more.

        Raises:
            UsageError: it is no digest.
        """
        return replace(self, tag=None, digest=parse_digest(digest))


@dataclass(frozen=True, slots=True)
class EcrRepository:
    """A repository of ECR."""

    account: str
    region: str
    name: str


def parse_image(text: str) -> Image:
    """Read a reference.

    Raises:
        UsageError: it is none.
    """
    found = _IS_REFERENCE.fullmatch(text)
    if found is None or _IS_IDENTIFIER.fullmatch(text):
        raise UsageError(f"{text!r} does not name an image: {_explain(text)}.")
    image = Image(found["name"], found["tag"], found["digest"])
    if len(image.path) > _LONGEST_PATH:
        raise UsageError(f"{text!r} does not name an image: use at most {_LONGEST_PATH} characters after the host.")
    if image.digest is not None:
        parse_digest(image.digest)
    return image


def parse_tag(text: str) -> str:
    """Read a tag.

    Raises:
        UsageError: it is none.
    """
    if not _IS_TAG.fullmatch(text):
        raise UsageError(
            f"{text!r} cannot be a tag: use letters, digits, '_', '.' and '-', "
            "beginning with a letter, digit or '_', at most 128 characters."
        )
    return text


def parse_digest(text: str) -> str:
    """Read a digest.

    Raises:
        UsageError: it is none.
    """
    algorithm, _, digits = text.partition(":")
    length = _REGISTERED.get(algorithm)
    if length is not None and not re.fullmatch(rf"[0-9a-f]{{{length}}}", digits):
        raise UsageError(
            f"{text!r} cannot be a digest: write {algorithm}: and exactly {length} of the digits 0-9 and a-f."
        )
    if not _IS_DIGEST.fullmatch(text):
        raise UsageError(f"{text!r} cannot be a digest: write one like sha256: and 64 of the digits 0-9 and a-f.")
    return text


def find_ecr(image: Image) -> EcrRepository | None:
    """Find the repository of ECR that an image lies in; ``None`` for another registry, and for ECR's public one."""
    found = _ECR.fullmatch(image.domain)
    if found is None:
        return None
    return EcrRepository(found["account"], found["region"] or found["dual_stack_region"], image.path)


def _split(name: str) -> tuple[str, str]:
    """Tell domain and path as Docker completes them."""
    first, slash, rest = name.partition("/")
    domain, path = (first.lower(), rest) if slash and _is_domain(first) else (DOCKER_HUB, name)
    if domain == _FORMER_DOCKER_HUB:
        domain = DOCKER_HUB
    if domain == DOCKER_HUB and "/" not in path:
        path = f"library/{path}"
    return domain, path


def _is_domain(first: str) -> bool:
    is_meant = first == "localhost" or "." in first or ":" in first or first != first.lower()
    return is_meant and _IS_DOMAIN.fullmatch(first) is not None


def _explain(text: str) -> str:
    """Say what to write instead of what is no reference."""
    if not text:
        return "write one like nginx:1.27 or host/repository:tag"
    if _IS_IDENTIFIER.fullmatch(text):
        return f"that is an image's ID; write its repository and digest, like repository@sha256:{text}"
    if "://" in text:
        return "leave out the scheme and write host/repository:tag"
    if _IS_REFERENCE.fullmatch(text.lower()):
        return "repositories are named in lower case; only hosts and tags may have upper-case letters"
    return "write [host[:port]/]repository[:tag][@digest], the repository of a-z, 0-9 and single separators"
