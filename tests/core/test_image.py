import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wakeproxy.core.image import EcrRepository, Image, find_ecr, parse_digest, parse_image, parse_tag
from wakeproxy.errors import UsageError

HEX = "0123456789abcdef"
SHA = "sha256:" + HEX * 4

WORDS = st.text("abz019", min_size=1, max_size=4)
COMPONENTS = st.builds(
    lambda first, rest: first + "".join(rest),
    WORDS,
    st.lists(st.builds(str.__add__, st.sampled_from([".", "_", "__", "-", "---"]), WORDS), max_size=3),
)
PATHS = st.lists(COMPONENTS, min_size=1, max_size=4).map("/".join)
LABELS = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,5}[a-zA-Z0-9])?", fullmatch=True)
HOSTS = st.one_of(
    st.lists(LABELS, min_size=2, max_size=4).map(".".join),
    st.just("localhost"),
    st.sampled_from(["[::1]", "[2001:DB8::7]", "127.0.0.1"]),
)
DOMAINS = st.one_of(HOSTS, st.builds("{}:{}".format, st.one_of(HOSTS, LABELS), st.integers(0, 99999)))
TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True)
DIGESTS = st.one_of(
    st.text(HEX, min_size=64, max_size=64).map("sha256:{}".format),
    st.text(HEX, min_size=128, max_size=128).map("sha512:{}".format),
    st.text(HEX + "ABCDEF", min_size=32, max_size=80).map("md5+x.Y_z-b64:{}".format),
)
NAMES = st.one_of(PATHS, st.builds("{}/{}".format, DOMAINS, PATHS)).filter(
    lambda name: not re.fullmatch("[0-9a-f]{64}", name)
)
IMAGES = st.builds(Image, NAMES, st.none() | TAGS, st.none() | DIGESTS)


@given(IMAGES)
@example(Image("host:5000/img", "t", SHA))
def test_an_image_of_the_grammar_is_read_back_as_it_was_written(image: Image) -> None:
    assert parse_image(str(image)) == image


def is_reference_by_hand(text: str) -> bool:
    """Judge as the grammar's rules read one by one, without a regular expression for the whole."""
    rest, at, digest = text.partition("@")
    if at and not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}", digest):
        return False
    if at and digest.startswith("sha256:") and not re.fullmatch("[0-9a-f]{64}", digest[7:]):
        return False
    *front, last = rest.split("/")
    last, colon, tag = last.partition(":")
    if colon and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", tag):
        return False
    components = [*front, last]
    is_whole = all(is_component_by_hand(one) for one in components)
    is_hosted = len(components) > 1 and is_domain_by_hand(front[0]) and all(map(is_component_by_hand, components[1:]))
    return (is_whole or is_hosted) and not re.fullmatch("[0-9a-f]{64}", text)


def is_component_by_hand(text: str) -> bool:
    words = re.split(r"__|[._]|-+", text)
    return all(word and set(word) <= set("abcdefghijklmnopqrstuvwxyz0123456789") for word in words)


def is_domain_by_hand(text: str) -> bool:
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, "0"
    if not re.fullmatch("[0-9]+", port):
        return False
    if host.startswith("["):
        return host.endswith("]") and len(host) > 2 and set(host[1:-1]) <= set(HEX + "ABCDEF:")
    labels = host.split(".")
    return all(re.fullmatch("[a-zA-Z0-9-]+", one) and one[0] != "-" != one[-1] for one in labels)


@given(
    st.one_of(
        st.text("aZ0./:@-_[] ", max_size=12),
        st.builds("{}{}{}".format, NAMES, st.sampled_from([":", "@", "/", "--"]), TAGS),
    )
)
@example("a__b")
@example("a___b")
@example("a..b/c")
@example("[::1]:5/a")
@example("nginx\n")
@example(f"a@{SHA}0")
def test_exactly_what_the_grammar_has_is_an_image(text: str) -> None:
    try:
        parse_image(text)
    except UsageError:
        assert not is_reference_by_hand(text)
    else:
        assert is_reference_by_hand(text)


@pytest.mark.parametrize(
    ("text", "repository"),
    [
        ("nginx", "docker.io/library/nginx"),
        ("nginx:1.27", "docker.io/library/nginx"),
        ("library/nginx", "docker.io/library/nginx"),
        ("docker.io/nginx", "docker.io/library/nginx"),
        ("index.docker.io/nginx", "docker.io/library/nginx"),
        ("index.docker.io/library/nginx", "docker.io/library/nginx"),
        ("Docker.IO/nginx", "docker.io/library/nginx"),
        ("acct/repo", "docker.io/acct/repo"),
        ("my_image", "docker.io/library/my_image"),
        ("localhost/nginx", "localhost/nginx"),
        ("host:5000/img", "host:5000/img"),
        ("host:5000", "docker.io/library/host"),
        ("HOST:5000/a/b", "host:5000/a/b"),
        ("Foo/bar", "foo/bar"),
        ("[::1]/a", "[::1]/a"),
        ("[2001:DB8::1]:5000/a", "[2001:db8::1]:5000/a"),
        ("127.0.0.1/a", "127.0.0.1/a"),
        ("ghcr.io/a/b/c", "ghcr.io/a/b/c"),
        ("host_a.b/c", "docker.io/host_a.b/c"),
        ("a" * 64 + ":1", "docker.io/library/" + "a" * 64),
    ],
)
def test_the_repository_of_an_image_is_named_in_full_as_docker_would(text: str, repository: str) -> None:
    image = parse_image(text)

    assert image.repository == repository
    assert f"{image.domain}/{image.path}" == repository


@pytest.mark.parametrize(
    ("text", "tag", "digest"),
    [
        ("host:5000/img", None, None),
        ("host:5000/img:7", "7", None),
        ("host:5000", "5000", None),
        (f"img@{SHA}", None, SHA),
        (f"img:v1@{SHA}", "v1", SHA),
        ("my_image:_x", "_x", None),
    ],
)
def test_tag_and_digest_are_told_from_the_name(text: str, tag: str | None, digest: str | None) -> None:
    assert (parse_image(text).tag, parse_image(text).digest) == (tag, digest)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "nginx:1.27"),
        (HEX * 4, f"repository@sha256:{HEX * 4}"),
        ("https://host/img:1", "leave out the scheme"),
        ("Nginx", "lower case"),
        ("acct/Repo:V1", "lower case"),
        ("a b", "[host[:port]/]repository[:tag][@digest]"),
        ("img:", "[host[:port]/]repository[:tag][@digest]"),
        (" nginx", "[host[:port]/]repository[:tag][@digest]"),
        ("n\u0131ginx", "[host[:port]/]repository[:tag][@digest]"),
        ("a/" * 130 + "a", "at most 255 characters"),
        (f"a@{SHA[:-1]}", "exactly 64"),
        (f"a@{SHA.upper().replace('SHA', 'sha')}", "exactly 64"),
    ],
)
def test_what_is_no_image_is_refused_with_what_to_write_instead(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_image(text)

    assert hint in str(refusal.value)
    assert str(refusal.value).endswith(".")


def test_a_repository_of_255_characters_is_not_too_long() -> None:
    assert len(parse_image("localhost/" + "a" * 255).path) == 255


@pytest.mark.parametrize("text", ["", ".1", "-1", "a b", "a" * 129, "a\n", "a:b", "\u00e9"])
def test_what_is_no_tag_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be a tag") as refusal:
        parse_tag(text)

    assert repr(text) in str(refusal.value)


@pytest.mark.parametrize("text", ["", "latest", HEX * 4, "sha256:", SHA + "0", "md5:" + "0" * 31, "1x:" + HEX * 4])
def test_what_is_no_digest_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be a digest") as refusal:
        parse_digest(text)

    assert repr(text) in str(refusal.value)


@given(IMAGES, TAGS)
def test_another_tag_leaves_the_repository_and_takes_the_digest_off(image: Image, tag: str) -> None:
    assert image.with_tag(tag) == Image(image.name, tag)


@given(IMAGES, DIGESTS)
def test_another_digest_leaves_the_repository_and_takes_the_tag_off(image: Image, digest: str) -> None:
    assert image.with_digest(digest) == Image(image.name, digest=digest)


def test_an_image_takes_no_tag_or_digest_that_is_none() -> None:
    with pytest.raises(UsageError, match="cannot be a tag"):
        Image("nginx").with_tag("a b")
    with pytest.raises(UsageError, match="cannot be a digest"):
        Image("nginx").with_digest("latest")


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("123456789012.dkr.ecr.eu-central-1.amazonaws.com", "eu-central-1"),
        ("123456789012.DKR.ECR.EU-CENTRAL-1.amazonaws.com", "eu-central-1"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("123456789012.dkr-ecr.us-east-1.on.aws", "us-east-1"),
        ("123456789012.dkr-ecr-fips.us-east-1.on.aws", "us-east-1"),
        ("123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "cn-north-1"),
    ],
)
def test_a_private_repository_of_ecr_is_told_by_its_host(host: str, region: str) -> None:
    assert find_ecr(parse_image(f"{host}/team/shop:1")) == EcrRepository("123456789012", region, "team/shop")


@pytest.mark.parametrize(
    "text",
    [
        "nginx",
        "public.ecr.aws/nginx/nginx:1",
        "ghcr.io/a/b",
        "1234.dkr.ecr.eu-central-1.amazonaws.com/shop",
        "123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example/shop",
        "123456789012.dkr.ecr.eu-central-1.amazonaws.com:5000/shop",
    ],
)
def test_what_lies_elsewhere_is_no_repository_of_ecr(text: str) -> None:
    assert find_ecr(parse_image(text)) is None
