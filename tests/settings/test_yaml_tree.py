"""YAML as a language: what is understood, and how its mistakes are told."""

from collections.abc import Callable

import pytest

from wakeproxy.errors import ConfigError
from wakeproxy.settings.findings import Findings, Place
from wakeproxy.settings.tree import Items, Looks, Map, Node, Scalar
from wakeproxy.settings.yaml_tree import look_at, read_yaml

Find = Callable[..., tuple[str, ...]]


def _read(text: str) -> Node | None:
    findings = Findings()
    node = read_yaml(text, Place("file", 1), findings)
    findings.raise_any()
    return node


def _refuse(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        _read(text)
    return caught.value.findings


def _texts(node: Node | None) -> object:
    """Strip a tree of all but its texts."""
    match node:
        case Scalar():
            return node.text
        case Items():
            return [_texts(item) for item in node.nodes]
        case Map():
            return {name: _texts(entry.node) for name, entry in node.entries.items()}
        case None:
            return None


def test_scalars_keep_the_text_that_was_written() -> None:
    text = "{a: 0100, b: 1:30, c: no, d: 2024-01-01, e: 1_000, f: null, g: '08080'}"
    expected = {"a": "0100", "b": "1:30", "c": "no", "d": "2024-01-01", "e": "1_000", "f": "null", "g": "08080"}
    assert _texts(_read(text)) == expected


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("8080", Looks.NUMBER),
        ("1:30", Looks.NUMBER),
        ("1.5", Looks.NUMBER),
        ("off", Looks.SWITCH),
        ("2024-01-01", Looks.DATE),
        ("", Looks.NOTHING),
        ("~", Looks.NOTHING),
        ("null", Looks.NOTHING),
        ("15m", Looks.TEXT),
        ("<<", Looks.TEXT),
        ("=", Looks.TEXT),
    ],
)
def test_what_a_plain_scalar_looks_like(text: str, looks: Looks) -> None:
    assert look_at(text) is looks


def test_a_quoted_scalar_is_text() -> None:
    node = _read("'null'")
    assert isinstance(node, Scalar)
    assert node.looks is Looks.TEXT


def test_places_count_lines_of_keys_and_values() -> None:
    node = _read("a:\n  b:\n    - x\n    - y\n")
    assert isinstance(node, Map)
    inner = node.entries["a"].node
    assert isinstance(inner, Map)
    items = inner.entries["b"].node
    assert isinstance(items, Items)
    assert [inner.entries["b"].place.line, *(item.place.line for item in items.nodes)] == [2, 3, 4]


def test_text_of_a_variable_has_no_lines() -> None:
    node = read_yaml("[a,\n b]", Place("VARIABLE"), Findings())
    assert isinstance(node, Items)
    assert {str(item.place) for item in node.nodes} == {"VARIABLE"}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_document_holds_nothing(text: str) -> None:
    assert _texts(_read(text)) in (None, "")


def test_aliases_and_merge_keys_are_understood() -> None:
    text = "{a: &a {x: 1, y: 2}, b: {<<: *a, y: 3}, c: {<<: [{z: 1}, *a, {z: 2}]}, d: *a}"
    assert _texts(_read(text)) == {
        "a": {"x": "1", "y": "2"},
        "b": {"x": "1", "y": "3"},
        "c": {"x": "1", "y": "2", "z": "1"},
        "d": {"x": "1", "y": "2"},
    }


def test_a_quoted_merge_sign_is_a_key_like_any_other() -> None:
    assert _texts(_read("{'<<': {a: 1}}")) == {"<<": {"a": "1"}}


def test_only_maps_can_be_merged() -> None:
    assert _refuse("a: {<<: [x, {b: 1}]}") == ("file:1: a.<<: can merge maps only, not text.",)


def test_every_duplicate_is_told_with_both_lines() -> None:
    found = _refuse("a: 1\nb: {x: 1,\n  x: 2}\na: 3\n")
    assert found == (
        "file:3: b.x: is written twice; the first is at file:2.",
        "file:4: a: is written twice; the first is at file:1.",
    )


def test_repeated_aliases_cost_no_memory() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 200)]
    node = _read("\n".join(lines))  # written out this would be 2 ** 200 scalars
    assert isinstance(node, Map)
    assert len(node.entries) == 200


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: b\nhosts: [*.example.com]", 2, 'like "*.example.com"'),
        ("a:\n\tb: 1", 2, "not with tabs"),
        ("a: 1\na: b: c", 2, "needs quotes"),
        ("a: @x", 1, "needs quotes"),
        ("b: 1\na: [1\n", 2, "this is no YAML"),
        ("a: *b", 1, "names no anchor"),
        ("a: &a [*a]", 1, "names no anchor"),
        ("a: 1\n---\nb: 2", 2, "second document"),
        ("[a]: 1", 1, "must be a word"),
        ("[" * 100, 1, "nested too deeply"),
        ("- " * 10_000, 1, "nested too deeply"),
        ("a: !Ref x", 1, '"!Ref" mean nothing'),
        ("a: !!python/object/apply:os.system [x]", 1, "mean nothing"),
        ("%YAML 3.0\n--- a", 1, "incompatible"),
    ],
)
def test_broken_yaml_is_told_with_its_line_and_a_remedy(find: Find, text: str, line: int, words: str) -> None:
    found = find(text)
    assert any(finding.startswith(f"wakeproxy.yaml:{line}: ") and words in finding for finding in found), found


@pytest.mark.parametrize("text", ["a: \x00", "a: \x07"])
def test_letters_that_yaml_forbids_are_told(find: Find, text: str) -> None:
    (finding,) = find(text)
    assert finding.startswith("wakeproxy.yaml:1: this is no YAML: ")
