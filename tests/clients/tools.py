"""Programs that people use: found, or it is said how to install them."""

import asyncio
import os
import shutil
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest

PACKAGES = {
    "curl": "curl",
    "h2load": "nghttp2-client",
    "wrk": "wrk",
    "slowhttptest": "slowhttptest",
    "node": "nodejs",
    "npm": "npm",
}
NODE = Path(__file__).with_name("node")


def find(name: str) -> str:
    """Give a program's path; to have none is a failure where everything is to be tested, and elsewhere a skip."""
    return shutil.which(name) or give_up(
        f"{name} is not installed; run ./tools/ensure-tools, or: apt-get install {PACKAGES[name]}"
    )


def give_up(sentence: str) -> str:
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


async def run(*command: str | Path, said: bytes = b"", within: float = 30.0) -> str:
    """Run a program to its end, which must be a good one; what it printed."""
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=STDOUT)
    try:
        async with asyncio.timeout(within):
            told, _ = await process.communicate(said)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = told.decode(errors="replace")
    assert process.returncode == 0, f"{command[0]}: {process.returncode}\n{text}"
    return text


async def install_ws(folder: Path) -> Path:
    """Install what the lock file names, by its hashes; the script to run stands beside it."""
    npm = find("npm")
    for name in ("package.json", "package-lock.json", "echo.js"):
        shutil.copy(NODE / name, folder / name)
    if not (folder / "node_modules" / "ws").exists():
        command = (npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder)
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT, cwd=folder)
        told, _ = await process.communicate()
        if process.returncode:
            give_up(f"npm could not install ws: {told.decode(errors='replace')[-300:]}")
    return folder / "echo.js"
