"""The wheel holds what the package reads at run time, and runs where the checkout is not."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from conftest import Run
from memlog import contracts

ROOT = Path(__file__).parents[2]
SOURCES = {
    ROOT / "archiver/memlog": "memlog",
    ROOT / "datasette_plugins/datasette_memlog": "datasette_memlog",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=50)
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    wanted = {
        f"{name}/{path.relative_to(folder)}"
        for folder, name in SOURCES.items()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    wanted |= {
        f"memlog/schema/{path.relative_to(ROOT / 'schema')}"
        for path in (ROOT / "schema").rglob("*.*")
        if "__pycache__" not in path.parts
    }
    held = set(zipfile.ZipFile(wheel).namelist())
    assert wanted - held == set()
    for name in (
        "memlog/archive/dictionary-1.zdict",
        "memlog/sample/session.jsonl",
        "memlog/schema/memlog.h",
    ):
        assert name in held


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {n.split("/")[0] for n in names if not re.search(r"^[^/]+\.(dist-info|data)/", n)} == set(
        SOURCES.values()
    )
    assert {n.split(".data/")[1] for n in names if ".data/" in n} == {
        "scripts/memlog", "scripts/memlog-hook", "data/share/man/man1/memlog.1",
    }  # fmt: skip
    assert [n for n in names if n.endswith((".pyc", ".db", ".whl")) or "/tests/" in n] == []
    assert sum(n.endswith(".dist-info/licenses/LICENSE") for n in names) == 1


@pytest.mark.slow
def test_an_installed_wheel_runs_without_the_checkout(wheel: Path, tmp_path: Path, run_memlog: Run) -> None:
    target = tmp_path / "installed"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True, timeout=50)
    env = {"PYTHONPATH": str(target)}
    done = subprocess.run(
        [sys.executable, "-c", "import memlog.contracts as c; print(c.schema_dir())"],
        env={**env, "PATH": ""}, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == str(target / "memlog/schema")
    assert "1" in run_memlog("version", env=env, cwd=tmp_path, check=0).stdout
    said = subprocess.run(
        [target / "bin/memlog", "version"],
        env=env | {"HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
    )
    assert said.returncode == 0, said.stderr
    lines = tmp_path / "lines.jsonl"
    lines.write_text(
        '{"id":"a","session":"s","ts":"2026-01-01T00:00:00Z","role":"user","text":"the late tide"}\n'
    )
    run_memlog("import", "jsonl", str(lines), env=env, cwd=tmp_path, check=0)  # migrations and dictionary
    assert "late tide" in run_memlog("query", "search", "tide", env=env, cwd=tmp_path, check=0).stdout


def test_the_checkout_and_the_wheel_find_the_same_schema(wheel: Path) -> None:
    held = zipfile.ZipFile(wheel)
    for path in Path(contracts.schema_dir()).rglob("*.sql"):
        name = f"memlog/schema/{path.relative_to(contracts.schema_dir())}"
        assert held.read(name) == path.read_bytes()
