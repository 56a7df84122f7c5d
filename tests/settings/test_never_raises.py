"""Whatever is written, the answer is settings or findings; nothing else is ever raised."""

from collections.abc import Callable, Mapping
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wakeproxy.settings.keys import KEYS

Find = Callable[..., tuple[str, ...]]

_WORDS = sorted({step for key in KEYS for step in key.steps} | {"defaults", "shop", "<<", "off"})
_EXAMPLES = sorted({key.example for key in KEYS})
_names = st.sampled_from(_WORDS) | st.text(max_size=8)
_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text() | st.sampled_from(_EXAMPLES)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_names, inner, max_size=6),
    max_leaves=30,
)


def _section(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names) | _names, _values, max_size=6)


_tops = [key.name for key in KEYS if not key.section]
_of_services = [key.steps[2] for key in KEYS if key.steps[0] == "services"]
_documents = st.fixed_dictionaries(
    {},
    optional={
        "services": st.dictionaries(_names, _section(_of_services), max_size=4) | _values,
        "defaults": _section(_of_services),
    }
    | dict.fromkeys(_tops, _values),
)
_variables = st.dictionaries(
    st.lists(st.sampled_from(_WORDS), min_size=1, max_size=4).map(
        lambda steps: "__".join(["WAKEPROXY", *steps]).upper()
    ),
    st.sampled_from(_EXAMPLES) | st.text(alphabet=st.characters(exclude_characters="\x00")),
    max_size=5,
)
_yaml_letters = st.text(alphabet="abs:{}[]-*&!<>|'\"\\#%@,? \n\t0129ä\x85\ufeff", max_size=80)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no defect
@given(document=_documents, environ=_variables)
def test_any_document_is_read_or_refused(find: Find, document: object, environ: Mapping[str, str]) -> None:
    assert all(find(yaml.safe_dump(document, allow_unicode=True), **environ))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no defect
@given(text=_yaml_letters | st.text(alphabet=st.characters(codec="utf-8")))
def test_any_text_is_read_or_refused(find: Find, text: str) -> None:
    assert all(find(text))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no defect
@given(text=_yaml_letters, key=st.sampled_from(KEYS))
def test_any_value_of_any_key_is_read_or_refused(find: Find, text: str, key: Any) -> None:
    name = "__".join(["WAKEPROXY", *("shop" if step == "*" else step for step in key.steps)]).upper()
    found = find("services: {shop: {hosts: [a.example.com]}}", **{name: text})
    assert all("\n" not in finding for finding in found)
