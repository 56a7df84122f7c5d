"""Reads faults written by people: a YAML or JSON document, each error with its place and the nearest known key.

faults:
  - {kind: throttle, operation: UpdateService, times: 3}
  - {kind: pull_error, target: apps/shop, message: "pull access denied", times: null}
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

import yaml

from wakeproxy.sandbox.errors import SandboxError
from wakeproxy.sandbox.faults.fault import FAULT_FIELDS, Fault

_TYPES: Mapping[str, tuple[type, ...]] = {
    "kind": (str,),
    "operation": (str,),
    "target": (str,),
    "times": (int, type(None)),
    "after": (int,),
    "lasts": (int, float, type(None)),
    "seconds": (int, float),
    "code": (str,),
    "message": (str,),
    "status": (int,),
    "exit_code": (int,),
}


def load_faults(path: Path) -> tuple[Fault, ...]:
    """Read a file of faults.

    Raises:
        SandboxError: with every error found, one a line.

    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SandboxError(f"Cannot read the faults in {path}: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise SandboxError(f"{path} is neither YAML nor JSON: {error}") from error
    return parse_faults(document, place=str(path))


def parse_faults(document: object, *, place: str) -> tuple[Fault, ...]:
    """Turn `{"faults": [...]}`, a list of faults, or one fault into `Fault` values; errors begin with `place`."""
    errors: list[str] = []
    faults: list[Fault] = []
    for index, entry in enumerate(_entries(document, place)):
        where = f"{place}: faults[{index}]"
        found = _complaints(entry)
        if not found and isinstance(entry, Mapping):
            try:
                faults.append(Fault(**entry))
            except SandboxError as error:
                found = [str(error)]
        errors.extend(f"{where}: {complaint}" for complaint in found)
    if errors:
        raise SandboxError("\n".join(errors))
    return tuple(faults)


def _entries(document: object, place: str) -> list[object]:
    if isinstance(document, Mapping) and "faults" in document:
        extra = [key for key in document if key != "faults"]
        if extra:
            raise SandboxError(f"{place}: unknown key {extra[0]!r}; the only key beside the list is 'faults'.")
        document = document["faults"]
    if isinstance(document, Mapping):
        return [document]
    if isinstance(document, list):
        return document
    raise SandboxError(f"{place}: expected a list of faults under the key 'faults'.")


def _complaints(entry: object) -> list[str]:
    if not isinstance(entry, Mapping):
        return [f"expected keys and values, found {entry!r}."]
    found = [] if "kind" in entry else ["the key 'kind' is missing."]
    for key, value in entry.items():
        if key not in _TYPES:
            near = get_close_matches(str(key), FAULT_FIELDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(FAULT_FIELDS)}."
            found.append(f"unknown key {key!r}; {hint}")
        elif isinstance(value, bool) or not isinstance(value, _TYPES[key]):
            names = " or ".join("null" if kind is type(None) else kind.__name__ for kind in _TYPES[key])
            found.append(f"'{key}' is {value!r}; expected {names}.")
    return found
