"""The zips hold what their handlers need and nothing else, and are the same bytes each time."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tests.serverless.arrivals import http_event
from wakeproxy.bundling.config import list_config
from wakeproxy.bundling.contents import Contents, list_contents
from wakeproxy.bundling.proving import prove_bundle
from wakeproxy.bundling.zips import LONGEST, Bundled, write_bundle
from wakeproxy.cli.app import main
from wakeproxy.errors import ConfigError, UsageError

TRY_OUT = """
import json, sys
sys.path = [sys.argv[1], *(path for path in sys.path if "site-packages" not in path)]
import wake
class Context:
    aws_request_id = "1"
    def get_remaining_time_in_millis(self): return 30000
print(json.dumps(wake.handler(json.load(sys.stdin), Context())))
print(wake.__cached__)
"""


@pytest.fixture(scope="module")
def contents() -> Contents:
    return list_contents("wake")


@pytest.fixture(scope="module")
def bundled(contents: Contents, tmp_path_factory: pytest.TempPathFactory) -> Bundled:
    return write_bundle(contents, tmp_path_factory.mktemp("zips") / "new" / "wake.zip")


def test_a_zip_holds_only_pure_python_and_data(bundled: Bundled) -> None:
    names = zipfile.ZipFile(bundled.path).namelist()

    assert {PurePosixPath(name).suffix for name in names} & {".so", ".pyi", ".c"} == set()
    assert {"wake.py", "dataclasses.marshal"} <= set(names)
    assert "wakeproxy/templates/base.html.j2" in names
    assert any(name.startswith("tzdata/zoneinfo/Europe/") for name in names)
    assert not [name for name in names if name.startswith(("wakeproxy/sandbox/", "wakeproxy/cli/", "moto/"))]
    assert len(names) == bundled.files


def test_every_source_stands_beside_its_compiled_self_which_is_not_checked_again(bundled: Bundled) -> None:
    with zipfile.ZipFile(bundled.path) as zipped:
        names = set(zipped.namelist())
        compiled = zipped.read(f"__pycache__/wake.{sys.implementation.cache_tag}.pyc")

    for name in (name for name in names if name.startswith("wakeproxy/") and name.endswith(".py")):
        path = PurePosixPath(name)
        assert f"{path.parent}/__pycache__/{path.stem}.{sys.implementation.cache_tag}.pyc" in names
    assert int.from_bytes(compiled[4:8], "little") == 0b01  # PEP 552: by hash, unchecked
    assert b"/var/task/wake.py" in compiled


def test_the_same_sources_make_the_same_bytes(contents: Contents, tmp_path: Path) -> None:
    ours = {name: place for name, place in contents.files.items() if not name.startswith("tzdata")}
    some = Contents(ours, {})

    one, other = (write_bundle(some, tmp_path / f"{number}.zip") for number in (1, 2))

    assert one.path.read_bytes() == other.path.read_bytes()
    assert one.sha256 == other.sha256


def test_no_zip_is_so_large_that_visitors_wait_for_it(bundled: Bundled) -> None:
    assert bundled.size <= LONGEST


def test_a_zip_works_by_itself(bundled: Bundled, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundled.path) as zipped:
        zipped.extractall(tmp_path)

    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", TRY_OUT, str(tmp_path)],
        input=json.dumps(http_event()),
        capture_output=True,
        text=True,
        check=True,
    )

    result, cached = ran.stdout.splitlines()
    assert json.loads(result)["statusCode"] == 500  # there is no config
    assert cached.startswith(str(tmp_path / "__pycache__"))
    assert "aws.region: is missing" in ran.stderr


def test_a_zip_that_does_not_work_by_itself_is_told_of(tmp_path: Path) -> None:
    needy = tmp_path / "needy.py"
    needy.write_text("import pytest\n")
    bundled = write_bundle(Contents({"needy.py": needy}, {}), tmp_path / "needy.zip")

    with pytest.raises(UsageError, match=r"needy\.zip does not work by itself: .*No module named 'pytest'"):
        prove_bundle(bundled.path, "needy")


def test_a_config_brings_the_themes_it_names(tmp_path: Path) -> None:
    config = tmp_path / "apps" / "wakeproxy.yaml"
    theme = tmp_path / "apps" / "themes" / "ours"
    theme.mkdir(parents=True)
    (theme / "brand.css").write_text("main { color: red }")
    config.write_text("services: {shop: {theme: themes/ours}}\n")

    assert dict(list_config(config)) == {
        "wakeproxy.yaml": config,
        "themes/ours/brand.css": (theme / "brand.css").resolve(),
    }


def test_a_config_that_is_wrong_is_not_packed(tmp_path: Path) -> None:
    config = tmp_path / "here" / "wakeproxy.yaml"
    config.parent.mkdir()
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "brand.css").write_text("")

    config.write_text("services: {shop: {theme: ../ours}}\n")
    with pytest.raises(ConfigError, match="does not lie below"):
        list(list_config(config))
    config.write_text("services: {shop: {them: calm}}\n")
    with pytest.raises(ConfigError, match="did you mean"):
        list(list_config(config))


def test_a_handler_that_cannot_be_imported_is_told_of() -> None:
    with pytest.raises(UsageError, match=r"handler nap cannot be imported here: .*No module named 'nap'"):
        list_contents("nap")


def test_the_command_tells_sizes_and_what_is_too_large(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = tmp_path / "nothing.py"
    nothing.write_text("handler = None\n")
    small = Contents({"wake.py": nothing, "sleep.py": nothing}, {"that": "1"})
    monkeypatch.setattr("wakeproxy.cli.bundle.list_contents", lambda _: small)

    with pytest.raises(SystemExit) as left:
        main(["bundle", "--out", str(tmp_path), "--json"])
    told = json.loads(capsys.readouterr().out)

    assert left.value.code == 0
    assert told["runtime"] == f"python3.{sys.version_info.minor}"
    assert [Path(one["path"]).name for one in told["bundles"]] == ["wake.zip", "sleep.zip"]
    for one in told["bundles"]:
        assert one["bytes"] == Path(one["path"]).stat().st_size

    config = tmp_path / "mine.yaml"
    config.write_text("ledger: dynamodb://table\nservices: {shop: {}}\n")
    with pytest.raises(SystemExit):
        main(["bundle", "--out", str(tmp_path), "-c", str(config)])
    with zipfile.ZipFile(tmp_path / "sleep.zip") as zipped:
        assert zipped.read("wakeproxy.yaml") == config.read_bytes()

    monkeypatch.setattr("wakeproxy.bundling.zips.LONGEST", 10)
    with pytest.raises(SystemExit) as left:
        main(["bundle", "--out", str(tmp_path)])
    assert left.value.code == 1
    assert "larger than" in capsys.readouterr().err
    assert LONGEST == 5 * 1024 * 1024
