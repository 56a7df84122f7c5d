"""The wheel: what people install carries everything that a checkout has."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

_ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_the_package_and_its_templates(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)], cwd=_ROOT, check=True
    )
    [wheel] = tmp_path.glob("*.whl")
    inside = set(ZipFile(wheel).namelist())

    packaged = {str(path.relative_to(_ROOT)) for path in (_ROOT / "wakeproxy").rglob("*.py")}
    templates = {f"wakeproxy/{path.relative_to(_ROOT)}" for path in (_ROOT / "templates").rglob("*") if path.is_file()}
    lambdas = {f"wakeproxy/{path.relative_to(_ROOT)}" for path in (_ROOT / "lambdas").glob("*.py")}
    assert templates
    assert lambdas
    assert packaged | templates | lambdas <= inside
    assert "wakeproxy/sandbox/processes/shim.c" in inside
