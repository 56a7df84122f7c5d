"""``wakeproxy bundle``: the zips of the Lambdas."""

import platform
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from wakeproxy.bundling.config import list_config
from wakeproxy.bundling.contents import list_contents
from wakeproxy.bundling.proving import prove_bundle
from wakeproxy.bundling.zips import LONGEST, Bundled, write_bundle
from wakeproxy.cli.options import as_json
from wakeproxy.cli.output import print_json, print_table, say

_HANDLERS = ("wake", "sleep")


@click.command("bundle")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("dist/lambdas"),
    show_default=True,
    help="The folder that the zips are written to.",
)
@click.option(
    "-c", "--config", type=click.Path(path_type=Path), help="A config file to put into both, with the themes it names."
)
@as_json
def command(out: Path, config: Path | None, *, as_json: bool) -> int:
    """Write wake.zip and sleep.zip, compiled for this Python, the same bytes each time.

    They hold pure Python, and so run on arm64 and x86_64 alike.
    """
    given = {} if config is None else dict(list_config(config))
    bundles = [_write(handler, given, out) for handler in _HANDLERS]
    for handler, bundled in zip(_HANDLERS, bundles, strict=True):
        prove_bundle(bundled.path, handler)
    runtime = "python" + ".".join(platform.python_version_tuple()[:2])
    if as_json:
        print_json({"runtime": runtime, "bundles": [_describe(one) for one in bundles]})
    else:
        print_table(
            ("ZIP", "SIZE", "UNPACKED", "FILES", "SHA-256"),
            [(str(one.path), _show(one.size), _show(one.unpacked), str(one.files), one.sha256) for one in bundles],
        )
        say(f"Their handlers are wake.handler and sleep.handler; the runtime is {runtime}, on arm64 or x86_64.")
    return _judge(bundles)


def _write(handler: str, given: Mapping[str, Path], out: Path) -> Bundled:
    contents = list_contents(handler)
    return write_bundle(replace(contents, files={**contents.files, **given}), out / f"{handler}.zip")


def _judge(bundles: Iterable[Bundled]) -> int:
    large = [one for one in bundles if one.is_too_large]
    for one in large:
        heavy = ", ".join(one.distributions)
        say(f"{one.path} is larger than {_show(LONGEST)}, for which visitors wait; it holds {heavy}.")
    return 1 if large else 0


def _describe(bundled: Bundled) -> dict[str, Any]:
    return {
        "path": str(bundled.path),
        "bytes": bundled.size,
        "unpacked_bytes": bundled.unpacked,
        "files": bundled.files,
        "sha256": bundled.sha256,
        "distributions": dict(bundled.distributions),
    }


def _show(size: int) -> str:
    return f"{size / 1024 / 1024:.2f} MB"
