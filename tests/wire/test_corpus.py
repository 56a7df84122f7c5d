"""Known attacks on the reading of messages, and what is close to them: each has its verdict."""

from pathlib import Path

import pytest

from tests.wire import kept
from tests.wire.oracle import agree_on_answer, agree_on_request
from tests.wire.ours import read_our_answer, verdict
from wakeproxy.wire.errors import BadMessageError


@pytest.mark.parametrize("path", kept.REQUESTS, ids=kept.name)
def test_a_request_gets_its_verdict(path: Path) -> None:
    assert verdict(path.read_bytes()) == kept.expected(path)


@pytest.mark.parametrize("path", kept.REQUESTS, ids=kept.name)
def test_a_request_that_passes_is_read_alike_by_all(path: Path) -> None:
    assert agree_on_request(path.read_bytes()) is (kept.expected(path) == 200)


@pytest.mark.parametrize("path", kept.ANSWERS, ids=kept.name)
def test_an_answer_gets_its_verdict(path: Path) -> None:
    if kept.expected(path) == 200:
        read_our_answer(path.read_bytes())
    else:
        with pytest.raises(BadMessageError):
            read_our_answer(path.read_bytes())


@pytest.mark.parametrize("path", kept.ANSWERS, ids=kept.name)
def test_an_answer_that_passes_is_read_alike_by_all(path: Path) -> None:
    assert agree_on_answer(path.read_bytes()) is (kept.expected(path) == 200)


def test_there_is_a_corpus() -> None:
    assert len(kept.REQUESTS) > 80
    assert len(kept.ANSWERS) > 20
