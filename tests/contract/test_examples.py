"""Every example a help text, docs/ and the README give is run on the sample session, or says why not."""

import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest

from archives import NOW_NS, conversation, fill, ring_frames
from memlog.archive.backup import backup as make_backup
from memlog.cli import jobs, man, root, sample
from memlog.paths import Home
from memlog.settings import Settings
from memlog.witness import client, control
from terminals import on_a_terminal

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
GENERATED = {"cli.md"}  # its examples are the help texts'
BAD_NEWS = {"status", "doctor"}  # of a machine without hooks and witness: exit 1
# Commands of help texts that go on until somebody ends them, or reach out of the home; who runs them instead.
ELSEWHERE = {
    "memlog up": "tests/cli/test_up.py",
    "memlog serve --open": "tests/cli/test_serve.py",
    "memlog witness run": "tests/cli/test_witness.py",
}
SHELL = re.compile(r"[|<>;&$`]|^(?!memlog )")


class Block(NamedTuple):
    """A fenced block of a page: its language, its lines, and why it is not run ("": it is)."""

    page: str
    line: int
    language: str
    lines: list[str]
    reason: str

    @property
    def is_shell(self) -> bool:
        return self.language in ("sh", "bash", "console")

    def commands(self) -> list[str]:
        """Its commands, with lines that go on joined; of a console block what follows a prompt."""
        text = "\n".join(self.lines).replace("\\\n", " ")
        lines = [line.strip() for line in text.splitlines()]
        if self.language == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        return [line for line in lines if line and not line.startswith("#")]


def blocks(path: Path) -> Iterator[Block]:
    inside: list[str] | None = None
    language, begun, reason, before = "", 0, "", ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            if inside is None:
                inside, language, begun = [], line[3:].strip(), number
                said = re.fullmatch(r"<!-- not run: (.+) -->", before)
                reason = said[1] if said else ""
            else:
                yield Block(path.name, begun, language, inside, reason)
                inside = None
        elif inside is not None:
            inside.append(line)
        elif line.strip():
            before = line.strip()
        if inside is None and line.startswith("```"):
            before = ""


BLOCKS = [block for path in PAGES if path.name not in GENERATED for block in blocks(path)]
RUN = [block for block in BLOCKS if block.is_shell and not block.reason]


def helped() -> dict[str, list[str]]:
    """Command → the examples of its help text."""
    found = {}
    for context in man._contexts(man._find(())):
        text = inspect.cleandoc(context.command.help or "")
        begin = re.search(r"^Examples?:", text, re.MULTILINE)
        lines = text[begin.end() :].strip().splitlines() if begin else []
        found[context.command_path] = [line.strip() for line in lines if line.strip()]
    return found


HELPED = helped()


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that holds the sample session and one before it, never written to again."""
    home = tmp_path_factory.mktemp("sample") / "home"
    fill(Home(str(home)), conversation(["which harbour has the highest tide?", "Avonmouth."]))
    asked = {"agent": "claude-code", "paths": [sample.PATH], "again": False}
    client.run(Home(str(home)), Settings(home=str(home), ring="shm"), "import", asked, jobs.JOBS)
    return home


@pytest.fixture
def there(archived: Path, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a reader tries things: the home with the sample, and the files the examples name."""
    shutil.copytree(archived, home.root)
    place = tmp_path / "here"
    user = Path(os.environ["HOME"])
    for folder in (place, user / ".claude/projects/-w", user / "backup/projects"):
        folder.mkdir(parents=True)
        if folder != place:
            shutil.copy(sample.PATH, folder / f"{sample.session()}.jsonl")
    (place / "notes.jsonl").write_text('{"id": "1", "session": "notes", "role": "user", "text": "a note"}\n')
    frames = ring_frames(conversation(["an image of a ring", "holds records"], ts_ns=NOW_NS))
    (place / "ring.img").write_bytes(b"".join(f.header.pack() + f.blob for f in frames if f.header))
    make_backup(home, str(user / "memlog-backup"), made="2026-03-05T14:30:00Z")
    monkeypatch.chdir(place)
    scripts = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("NO_PAGER", "1")
    yield place
    control.stop(home)  # `witness restart` leaves one


def run(command: str) -> tuple[int, str]:
    """Exit code and what was said; in this process where it is a plain command of ours."""
    command = re.split(r"\s+#\s", command)[0].strip()
    bare = re.sub(r"'[^']*'|\"[^\"$`]*\"", "", command)
    if not SHELL.search(bare):
        return root.main([os.path.expanduser(word) for word in shlex.split(command)[1:]]), ""
    done = subprocess.run(["bash", "-ec", command], capture_output=True, text=True, timeout=50)
    return done.returncode, done.stdout + done.stderr


def allowed(command: str) -> set[int]:
    words = command.split()
    bad = words[1:2] and (words[1] in BAD_NEWS or words[1:3] == ["witness", "status"] or "--check" in words)
    return {0, 1} if bad else {0}


@pytest.mark.parametrize("command", [c for lines in HELPED.values() for c in lines if c not in ELSEWHERE])
def test_the_example_of_a_help_text_runs(
    there: Path, command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code, said = run(command)
    assert code in allowed(command), (command, said, capfd.readouterr())


@pytest.mark.parametrize("block", RUN, ids=lambda block: f"{block.page}:{block.line}")
def test_the_commands_of_a_block_run(there: Path, block: Block, capfd: pytest.CaptureFixture[str]) -> None:
    assert block.commands()
    for command in block.commands():
        code, said = run(command)
        assert code in allowed(command), (command, said, capfd.readouterr())


PYTHON = {
    block.page: [b for b in BLOCKS if b.page == block.page and b.language == "python"] for block in BLOCKS
}


@pytest.mark.parametrize("page", [page for page, found in PYTHON.items() if found])
def test_the_python_of_a_page_runs_from_its_top_to_its_end(there: Path, page: str) -> None:
    names: dict[str, Any] = {"__name__": "example"}
    for block in PYTHON[page]:
        exec(compile("\n".join(block.lines), f"{page}:{block.line}", "exec"), names)


def test_every_command_has_an_example_of_itself() -> None:
    for command, lines in HELPED.items():
        assert lines, f"{command} has no example"
        assert all(re.search(rf"(^|\| ){command} ?", line) for line in lines), (command, lines)


def test_what_is_not_run_says_why_and_what_runs_it() -> None:
    known = {line for lines in HELPED.values() for line in lines}
    assert set(ELSEWHERE) <= known
    assert all((ROOT / path).exists() for path in ELSEWHERE.values())
    for block in BLOCKS:
        if block.reason:
            assert len(block.reason) > 15, block
            for path in re.findall(r"tests/\S+\.py", block.reason):
                assert (ROOT / path).exists(), block


def test_a_block_of_commands_says_that_it_is_one() -> None:
    words = ("memlog ", "memlog-hook ", "make ", "pip ", "git ", "sudo ", "systemctl ", "sqlite3 ", "$ ")
    for block in BLOCKS:
        if not block.is_shell:
            assert not [line for line in block.lines if line.startswith(words)], f"{block.page}:{block.line}"
    assert len(RUN) > 12


def shape(text: str) -> list[str]:
    """A screen without what differs from day to day: figures, and spaces at ends of lines."""
    return [re.sub(r"\d", "0", line).rstrip() for line in text.strip().splitlines()]


CONSOLES = [block for block in RUN if block.language == "console"]


@pytest.mark.parametrize("block", CONSOLES, ids=lambda block: f"{block.page}:{block.line}")
def test_what_a_page_shows_is_what_a_person_sees(there: Path, block: Block) -> None:
    """Each command of a console block, and the lines below it as a terminal of 100 columns shows them."""
    shown = "\n".join(block.lines)
    for part in filter(None, re.split(r"^\$ ", shown, flags=re.MULTILINE)):
        command, _, expected = part.partition("\n")
        sent = on_a_terminal(*shlex.split(command)[1:], columns=100, NO_COLOR="1")
        assert shape(sent) == shape(expected), command


def test_a_broken_example_would_be_noticed(there: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The twins of the tests above."""
    assert run("memlog query sessions --limti 3")[0] == 2
    assert run("memlog query session nobody | cat >&2; exit 4")[0] == 4
    assert isinstance(root.memlog, click.Group)
    found = list(blocks(ROOT / "README.md"))
    assert found[0]._replace(language="console", lines=["$ memlog x", "out"]).commands() == ["memlog x"]
