"""Messages kept byte for byte; the first word of a file's name is what a client would be told (200: it passes)."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).with_name("corpus")
REQUESTS: Final = sorted((FOLDER / "requests").glob("*.http"))
ANSWERS: Final = sorted((FOLDER / "answers").glob("*.http"))


def expected(path: Path) -> int:
    return int(path.name.partition("-")[0])


def name(path: Path) -> str:
    return path.stem
