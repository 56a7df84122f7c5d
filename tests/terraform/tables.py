"""Tables of a module's variables and outputs for its README; `python -m tests.terraform.tables` writes them anew.

The files are as `terraform fmt` leaves them, so that a block ends with a brace at the beginning of a line.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.terraform.cli import MODULES

FOLDERS = (MODULES, *sorted(folder for folder in (MODULES / "modules").iterdir() if folder.is_dir()))
_MARK = "<!-- tables -->"
_BLOCK = r'^{kind} "(\w+)" \{{\n(.*?)^\}}$'
_ARGUMENT = re.compile(r"^  (description|type|default) +=\s(.*?)(?=^  \w|\Z)", re.DOTALL | re.MULTILINE)


def render(folder: Path) -> str:
    """Write both tables of a module."""
    inputs = [
        f"| `{name}` | {_describe(told)} | {_type(told['type'])} | {_default(told)} |"
        for name, told in _blocks(folder / "variables.tf", "variable")
    ]
    outputs = [f"| `{name}` | {_describe(told)} |" for name, told in _blocks(folder / "outputs.tf", "output")]
    heads = ("| input | | type | default |", "|---|---|---|---|"), ("| output | |", "|---|---|")
    return "\n".join((*heads[0], *inputs, "", *heads[1], *outputs))


def find(readme: str) -> str:
    """Find the tables in a README."""
    return readme.partition(f"{_MARK}\n")[2].partition(f"\n{_MARK}")[0]


def _blocks(file: Path, kind: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    for name, body in re.findall(_BLOCK.format(kind=kind), file.read_text(), re.DOTALL | re.MULTILINE):
        yield name, {key: value.strip() for key, value in _ARGUMENT.findall(body)}


def _describe(told: Mapping[str, str]) -> str:
    return told["description"].strip('"').replace('\\"', '"').replace("|", "\\|")


def _type(text: str) -> str:
    return f"`{'map(object)' if text.startswith('map(object') else text}`"


def _default(told: Mapping[str, str]) -> str:
    return f"`{told['default']}`" if "default" in told else "required"


def write_all() -> None:
    """Bring every README up to date."""
    for folder in FOLDERS:
        readme = folder / "README.md"
        text = readme.read_text()
        readme.write_text(text.replace(find(text), render(folder)))


if __name__ == "__main__":
    write_all()
