"""Does carac start fast, ship what it needs, say one version, and name no machine?"""

from __future__ import annotations

import importlib.metadata
import re
import resource
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import carac
from carac.commands.app import _app_for, app
from needs import ROOT, require

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

#: A person who asks for help waits for none of these.
HEAVY = ("ibis", "sqlglot", "duckdb", "pyarrow", "pandas", "numpy", "pyspark", "psycopg")
STARTS = {
    "import": "import carac",
    "help": "import sys; sys.argv = ['carac', '--help']; from carac.commands.app import main; main()",
}

#: `carac --help` answers within 0.3 s on an idle machine; Python, Typer and Rich take 0.2 s of these.
OWN_SECONDS = 0.1
WITHOUT_CARAC = {"import": "pass", "help": "import typer, typer.rich_utils"}
RUNS = 5

#: Folders of one machine: those of its users, and those where this project was made.
MACHINE_PATH = re.compile(r"(?:^|[^A-Za-z0-9_.])/(?:work|farm|root|Users/[A-Za-z]+|home/[A-Za-z]+)/", re.MULTILINE)


def start(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run code in a Python of its own."""
    command = [sys.executable, *options, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result


def processor_seconds(code: str) -> float:
    """What running the code in a Python of its own costs, in seconds of processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start(code)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_typer_reads_the_options_of_no_command_but_the_one_that_is_asked_for() -> None:
    every = [command.callback.__name__ for command in app.registered_commands if command.callback]
    assert {"grade", "calc", "explain"} <= set(every)
    for name in every:
        alone = _app_for([name])
        assert [command.callback.__name__ for command in alone.registered_commands if command.callback] == [name]
        assert not alone.registered_groups


@pytest.mark.parametrize("asked", [[], ["--help"], ["calcx"], ["evidence"]])
def test_who_names_no_command_of_the_first_level_has_all_of_them(asked: list[str]) -> None:
    assert _app_for(asked) is app


def tracked() -> list[Path]:
    """The files that git holds and that exist."""
    require(shutil.which("git") and (ROOT / ".git").exists(), "this is no clone, so git cannot list the files")
    # a clone may belong to somebody else, as in a container
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def locked(name: str) -> dict[str, str]:
    """The versions of a lock, by package."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))


# ---- starting ----


@pytest.mark.parametrize("kind", STARTS)
def test_starting_imports_nothing_heavy(kind: str) -> None:
    lines = start(STARTS[kind], "-X", "importtime").stderr.splitlines()
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines if line.startswith("import time:")}
    assert "carac" in imported
    assert not imported.intersection(HEAVY)


@pytest.mark.parametrize("kind", STARTS)
def test_starting_is_fast(kind: str) -> None:
    """Seconds on the clock depend on what runs beside this test, so carac's own share is measured: processor time,
    the best of several runs, less the best of as many runs of what carac is started with, taken by turns."""
    pairs = [(processor_seconds(STARTS[kind]), processor_seconds(WITHOUT_CARAC[kind])) for _ in range(RUNS)]
    assert min(with_carac for with_carac, _ in pairs) - min(without for _, without in pairs) < OWN_SECONDS


# ---- one version ----


def test_one_version() -> None:
    version = PROJECT["project"]["version"]
    assert importlib.metadata.version("carac") == version
    assert carac.__version__ == version
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (\S+)$", citation, re.MULTILINE) == [version]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[(\d[^]]*)\]", changelog, re.MULTILINE)[0] == version


# ---- what is shipped ----


def test_the_wheel_ships_every_file_of_the_package(tmp_path: Path) -> None:
    setuptools = Version(importlib.metadata.version("setuptools"))
    require(setuptools >= Version("77"), f"setuptools {setuptools} cannot build carac; make test installs one that can")
    package = [file.relative_to(ROOT) for file in tracked() if file.is_relative_to(ROOT / "src" / "carac")]
    assert Path("src/carac/py.typed") in package
    for name in [*package, Path("pyproject.toml"), Path("README.md"), Path("LICENSE")]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / "src" / "carac" / "__pycache__").mkdir()
    (tmp_path / "src" / "carac" / "__pycache__" / "left_behind.pyc").write_bytes(b"")
    build = "from setuptools import build_meta; build_meta.build_wheel('dist')"
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, check=True, capture_output=True)
    wheel = next((tmp_path / "dist").glob("*.whl"))
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert shipped == {name.relative_to("src").as_posix() for name in package}
    assert any(name.endswith("licenses/LICENSE") for name in zipfile.ZipFile(wheel).namelist())


# ---- the locks ----


@pytest.mark.parametrize("name", ["build", "demo", "test"])
def test_a_lock_is_hashed_and_names_no_place(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if not entry.startswith("#")]
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9.-]+==\S+ (?:; .* )?\\\n +--hash=sha256:[0-9a-f]{64}", entry), entry.splitlines()[0]
    assert "://" not in text
    assert "--index-url" not in text and "--find-links" not in text


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = PROJECT["project"]
    extras = [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    asked = {
        "build": PROJECT["build-system"]["requires"],
        "demo": project["dependencies"],
        "test": [*project["dependencies"], *extras, *PROJECT["dependency-groups"]["dev"]],
    }
    for name, requirements in asked.items():
        versions = locked(name)
        for requirement in map(Requirement, requirements):
            assert requirement.specifier.contains(versions[requirement.name]), f"{requirement} in {name}.txt: make lock"


def test_one_environment_serves_the_demo_and_the_tests() -> None:
    assert locked("demo").items() <= locked("test").items()


# ---- no machine ----


def test_no_file_names_a_machine() -> None:
    found = []
    for file in tracked():
        content = file.read_bytes()
        if b"\0" not in content and MACHINE_PATH.search(content.decode("utf-8", errors="replace")):
            found.append(str(file.relative_to(ROOT)))
    assert found == []
