"""Workflows and images: what no linter asks of them; `tools/check-workflows` asks the linters."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

_ROOT = Path(__file__).parents[2]
_GITHUB = _ROOT / ".github"
_WORKFLOWS = sorted((_GITHUB / "workflows").glob("*.yml"))
_FILES = [*_WORKFLOWS, *sorted((_GITHUB / "actions").glob("*/action.yml"))]
_DOCKERFILES = [_ROOT / "Dockerfile", *sorted((_ROOT / "images").glob("*/Dockerfile"))]

_USE = re.compile(r"^\s*(?:- )?uses: (.+)$", re.MULTILINE)
_PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\./\.github/\S+")
_SAFE = re.compile(r"\$\{\{")
_BASE = re.compile(r"FROM python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}(?: AS \w+)?")
_SHOWN = ("push", "pull_request", "workflow_dispatch", "workflow_call")


def read(path: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(path.read_text())
    return document


def events(path: Path) -> set[str]:
    # YAML 1.1 reads the key `on` as true.
    return set(read(path)[True])


def jobs() -> list[Any]:
    found = [(path, name, job) for path in _WORKFLOWS for name, job in read(path)["jobs"].items()]
    return [pytest.param(job, id=f"{path.name}:{name}") for path, name, job in found]


def steps(path: Path) -> list[dict[str, Any]]:
    document = read(path)
    if "runs" in document:
        found: list[dict[str, Any]] = document["runs"]["steps"]
        return found
    return [step for job in document["jobs"].values() for step in job.get("steps", [])]


def instructions(path: Path) -> list[str]:
    """A Dockerfile's instructions, one a line."""
    joined = re.sub(r"\\\n\s*", " ", path.read_text())
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def test_there_are_the_workflows_that_the_documentation_tells_of() -> None:
    told = (_ROOT / "docs/continuous-delivery.md").read_text()

    assert {path.stem for path in _WORKFLOWS} == {"cd", "ci", "ops", "terraform-ci"}
    assert [path.name for path in _WORKFLOWS if f"`{path.stem}`" not in told] == []


def test_every_variable_of_the_repository_is_documented() -> None:
    told = (_ROOT / "docs/continuous-delivery.md").read_text()
    used = {name for path in _FILES for name in re.findall(r"\bvars\.([A-Z_]+)", path.read_text())}

    assert used
    assert {name for name in used if f"| `{name}` |" not in told} == set()


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.relative_to(_GITHUB).as_posix())
def test_every_action_is_pinned_by_a_whole_hash_and_names_its_version(path: Path) -> None:
    used = _USE.findall(path.read_text())

    assert used
    assert [one for one in used if not _PINNED.fullmatch(one)] == []


def test_one_action_has_one_pin_everywhere() -> None:
    pins = {one for path in _FILES for one in _USE.findall(path.read_text()) if "@" in one}

    assert len({one.partition("@")[0] for one in pins}) == len(pins)


@pytest.mark.parametrize("path", _WORKFLOWS, ids=lambda path: path.name)
def test_nothing_runs_with_rights_for_somebody_elses_code(path: Path) -> None:
    assert events(path) <= set(_SHOWN)
    assert read(path)["permissions"] == {}


@pytest.mark.parametrize("job", jobs())
def test_every_job_says_what_it_may_do_and_for_how_long(job: dict[str, Any]) -> None:
    allowed = {("contents", "read"), ("id-token", "write")}

    assert job["permissions"]
    assert set(job["permissions"].items()) <= allowed
    assert "uses" in job or 0 < job["timeout-minutes"] <= 60


def test_who_may_act_in_aws_waits_for_the_environment() -> None:
    every = [job for path in _WORKFLOWS for job in read(path)["jobs"].values()]
    acting = [job for job in every if "id-token" in job["permissions"] and "uses" not in job]

    assert acting
    assert {job.get("environment") for job in acting} == {"production"}


@pytest.mark.parametrize("path", _WORKFLOWS, ids=lambda path: path.name)
def test_two_runs_never_do_the_same_at_once(path: Path) -> None:
    document = read(path)
    groups = [document.get("concurrency")] if "concurrency" in document else []
    groups += [] if groups else [job.get("concurrency") for job in document["jobs"].values()]

    assert groups
    assert all(one and one["group"] and "cancel-in-progress" in one for one in groups)


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.relative_to(_GITHUB).as_posix())
def test_scripts_get_what_others_write_as_variables_only(path: Path) -> None:
    assert [step["run"] for step in steps(path) if _SAFE.search(step.get("run", ""))] == []


def test_no_checkout_leaves_its_token_behind() -> None:
    checkouts = [one for path in _FILES for one in steps(path) if one.get("uses", "").startswith("actions/checkout@")]

    assert checkouts
    assert [one for one in checkouts if one["with"]["persist-credentials"] is not False] == []


@pytest.mark.parametrize("path", _DOCKERFILES, ids=lambda path: path.parent.name)
def test_an_image_is_built_on_python_pinned_by_digest(path: Path) -> None:
    bases = [line for line in instructions(path) if line.startswith("FROM ")]

    assert bases
    assert [line for line in bases if not _BASE.fullmatch(line)] == []
    assert len({line.split()[1] for line in bases}) == 1


@pytest.mark.parametrize("path", _DOCKERFILES, ids=lambda path: path.parent.name)
def test_an_image_runs_as_nobody_and_knows_when_it_is_well(path: Path) -> None:
    last = path.read_text().rpartition("\nFROM ")[2]

    assert "\nUSER 65532:65532\n" in last
    assert "\nENTRYPOINT [" in last
    [check] = re.findall(r"^HEALTHCHECK .*\\\n\s+CMD (\[.*\])$", last, flags=re.MULTILINE)
    assert yaml.safe_load(check)[0] == "python"


@pytest.mark.parametrize("path", _DOCKERFILES, ids=lambda path: path.parent.name)
def test_what_an_image_copies_is_let_through_to_it(path: Path) -> None:
    let_through = {line[1:] for line in (_ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [shlex.split(line)[1:-1] for line in instructions(path) if line.startswith("COPY ")]
    sources = [one for line in copied if not line[0].startswith("--from") for one in line if one != "."]

    assert sources
    assert [one for one in sources if not (_ROOT / one).exists()] == []
    assert [one for one in sources if not any(one == kept or one.startswith(f"{kept}/") for kept in let_through)] == []


def test_wakeproxys_image_installs_nothing_without_a_hash() -> None:
    installs = re.findall(r"-m pip install ([^&\n]*)", "\n".join(instructions(_ROOT / "Dockerfile")))

    assert [one.strip() for one in installs] == [
        "--require-hashes --requirement requirements/runtime.txt",
        "--require-hashes --requirement requirements/compile.txt",
        "--no-deps --no-index --find-links dist wakeproxy",
    ]


def test_the_demos_image_has_all_that_it_imports(tmp_path: Path) -> None:
    lines = instructions(_ROOT / "images/demo/Dockerfile")
    for line in (line for line in lines if line.startswith("COPY ")):
        _, source, target = shlex.split(line)
        found = _ROOT / source
        if found.is_dir():
            shutil.copytree(found, tmp_path / target, dirs_exist_ok=True)
        else:
            (tmp_path / target).mkdir(parents=True, exist_ok=True)
            shutil.copy(found, tmp_path / target)
    [started] = [yaml.safe_load(line.removeprefix("ENTRYPOINT ")) for line in lines if line.startswith("ENTRYPOINT ")]

    # As a module that is imported, it has all it needs, and starts no server.
    command = [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, '.'); import {started[-1]}"]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)

    assert started[:2] == ["python", "-m"]
    assert done.returncode == 0, done.stderr
