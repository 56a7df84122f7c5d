"""Faults written by people."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from wakeproxy.sandbox import Fault, SandboxError, load_faults

GOOD = """
faults:
  - {kind: throttle, operation: UpdateService, times: 3}
  - kind: pull_error
    target: apps/shop
    message: pull access denied
    times: null
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], tuple[Fault, ...]]:
    def write_and_load(text: str) -> tuple[Fault, ...]:
        path = tmp_path / "faults.yaml"
        path.write_text(text)
        return load_faults(path)

    return write_and_load


def test_yaml_and_json_are_read(load: Callable[[str], tuple[Fault, ...]]) -> None:
    expected = (
        Fault(kind="throttle", operation="UpdateService", times=3),
        Fault(kind="pull_error", target="apps/shop", message="pull access denied", times=None),
    )
    assert load(GOOD) == expected
    assert load(json.dumps([{"kind": "capacity"}])) == (Fault(kind="capacity"),)
    assert load(json.dumps({"kind": "capacity"})) == (Fault(kind="capacity"),)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("faults: 3", ["expected a list of faults under the key 'faults'."]),
        ("{faults: [], falts: 1}", ["unknown key 'falts'; the only key beside the list is 'faults'."]),
        ("[1]", ["faults[0]: expected keys and values, found 1."]),
        ("[{knd: throttle}]", ["faults[0]: the key 'kind' is missing.", "unknown key 'knd'; did you mean 'kind'?"]),
        ("[{kind: throttle, times: two}]", ["faults[0]: 'times' is 'two'; expected int or null."]),
        ("[{kind: throttle, after: true}]", ["faults[0]: 'after' is True; expected int."]),
        ("[{kind: throttle}, {kind: lagg}]", ["faults[1]: There is no fault of the kind 'lagg'; did you mean 'lag'?"]),
        ("[{kind: x, zzz: 1}, {kind: y}]", ["faults[0]: unknown key 'zzz'; known keys: kind,", "faults[1]: There is"]),
        ("{", ["is neither YAML nor JSON"]),
    ],
)
def test_every_error_is_reported_with_its_place(
    load: Callable[[str], tuple[Fault, ...]], text: str, sentences: list[str]
) -> None:
    with pytest.raises(SandboxError) as caught:
        load(text)
    assert "faults.yaml" in str(caught.value)
    for sentence in sentences:
        assert sentence in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"Cannot read the faults in .*: No such file or directory"):
        load_faults(tmp_path / "none.yaml")
