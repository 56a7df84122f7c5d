import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wakeproxy.core.names import make_label, parse_service_name
from wakeproxy.errors import UsageError

LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
HOSTILE = (
    "../../x",
    "a;rm -rf /",
    "$(id)",
    "`id`",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "a\"b'c",
    "%0d%0aX:1",
    "-rf",
    "x" * 300,
    "x" * 299 + "y",
    "feature/Ü",
    "feature/U",
    "main",
    "Main",
    "a/b",
    "a-b",
    "A-B",
    "",
    "---",
    "\x00",
    "\ud800",
    "\uff4d\uff41\uff49\uff4e",  # full-width letters, which look like "main"
    "MAIN",
)
# Short texts of few letters, in which case, separators and look-alike hashes meet often.
CLOSE_TEXTS = st.one_of(st.text("aAbB-/_. ü", max_size=4), st.text(max_size=80), st.sampled_from(HOSTILE))
LIMITS = st.integers(9, 63)


@pytest.mark.parametrize("text", ["shop", "Shop_2.prod-eu", "7", "a" * 255])
def test_a_service_is_named_as_ecs_would(text: str) -> None:
    assert parse_service_name(text) == text


@pytest.mark.parametrize(
    "text", ["", "-shop", "_shop", ".shop", "sh op", "sh/op", "shöp", "shop\n", "shop\x00", "a" * 256, "shop٣"]
)
def test_what_ecs_would_refuse_is_no_service_name_and_the_error_says_so(text: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_service_name(text)

    assert repr(text) in str(refusal.value)
    assert "letters, digits" in str(refusal.value)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize("text", ["main", "pr-17", "a", "0", "a" * 63])
def test_a_text_that_is_a_label_already_stays_as_it_is(text: str) -> None:
    assert make_label(text) == text


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("limit", [32, 63])
def test_hostile_text_makes_a_harmless_label(text: str, limit: int) -> None:
    label = make_label(text, limit=limit)

    assert LABEL.fullmatch(label)
    assert len(label) <= limit


def test_no_two_hostile_texts_share_a_label() -> None:
    assert len({make_label(text, limit=32) for text in HOSTILE}) == len(HOSTILE)


@given(CLOSE_TEXTS, LIMITS)
def test_every_label_is_valid_within_its_limit(text: str, limit: int) -> None:
    label = make_label(text, limit=limit)

    assert LABEL.fullmatch(label)
    assert len(label) <= limit


@given(CLOSE_TEXTS, CLOSE_TEXTS, LIMITS)
@example("a/b", "a-b", 32)
@example("main", "Main", 32)
@example("x" * 300, "x" * 301, 32)
def test_different_texts_never_share_a_label(one: str, other: str, limit: int) -> None:
    assert (make_label(one, limit=limit) == make_label(other, limit=limit)) == (one == other)


@given(CLOSE_TEXTS, LIMITS)
def test_nobody_takes_a_label_by_writing_out_its_hash(text: str, limit: int) -> None:
    label = make_label(text, limit=limit)

    assert label == text or make_label(label, limit=limit) != label


def test_a_label_is_the_same_in_every_process_and_release() -> None:
    # Resources are found again by these names: sha256("feature/Ü") begins with these eight digits.
    assert make_label("feature/Ü") == "feature-4848ac66"


def test_a_label_fits_into_dns_unless_told_otherwise() -> None:
    assert len(make_label("a" * 64)) == 63


def test_a_label_keeps_as_much_of_the_text_as_fits() -> None:
    label = make_label("feature/a-long-name-of-a-branch", limit=20)

    assert label.startswith("feature-a-l-")
    assert len(label) == 20
