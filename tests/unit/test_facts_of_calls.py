"""Our own shell commands and tools' calls: every file and command they name is found, and nothing else.

`commands.txt`: `$` a command, `>` its next lines, `=` its files, two blanks apart. `calls.jsonl`: a call a line.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memlog.capture.leaves import render
from memlog.query.facts import extract, shell_files
from memlog.query.facts.fact import Said

LABELS = Path(__file__).parents[1] / "data" / "labels"


def commands() -> Iterator[tuple[str, list[str]]]:
    command = ""
    for line in (LABELS / "commands.txt").read_text().splitlines():
        if line[0] == "=":
            yield command, [file for file in line[1:].strip().split("  ") if file]
        else:
            command = line[2:] if line[0] == "$" else f"{command}\n{line[2:]}"


def told(call: dict[str, Any], *, given: bool = True) -> dict[str, list[str]]:
    text = render(call["input"])
    said = Said(
        1, "s", "other", 0, 5, "tool_use", "assistant", call["tool"], text, False, "",
        call["input"] if given else None, "c",
    )  # fmt: skip
    found = list(extract.of_records([said]))
    return {kind: [fact.value for fact in found if fact.kind == kind] for kind in ("file", "command")}


def test_the_files_of_our_own_commands_are_found_and_nothing_else() -> None:
    lines = list(commands())
    found = {command: [use.path for use in shell_files.files(command)] for command, _ in lines}
    assert [
        (command, found[command]) for command, files in lines if sorted(found[command]) != sorted(files)
    ] == []
    assert len(lines) > 300 and sum(not files for _, files in lines) > 30


def test_the_files_and_commands_of_our_own_calls_are_found_and_nothing_else() -> None:
    calls = [json.loads(line) for line in (LABELS / "calls.jsonl").read_text().splitlines()]
    for call in calls:
        found = told(call)
        assert (call, sorted(found["file"])) == (call, sorted(call["files"]))
        assert (call, found["command"]) == (call, call.get("commands", []))
    assert len(calls) > 100


@pytest.mark.parametrize(
    "tool, text, found",
    [
        ("view_file", 'AbsolutePath: "/w/a.ts"\nEndLine: 9', ["/w/a.ts"]),
        ("edit", "path: a/b.ts\noldText: path: c/d.ts\nnewText: file_path: e.ts", ["a/b.ts"]),
        ("run_command", "CommandLine: cat a.txt\nCwd: D:\\w\nWaitMsBeforeAsync: 8", ["a.txt"]),
        ("WebFetch", "prompt: read it\nurl: https://a.org/b.md", []),
    ],
)
def test_of_a_call_that_is_only_a_text_the_same_is_found(tool: str, text: str, found: list[str]) -> None:
    said = Said(1, "s", "other", 0, 5, "tool_use", "assistant", tool, text, False, "", None, "c")
    assert [fact.value for fact in extract.of_records([said]) if fact.kind == "file"] == found


def test_brackets_in_a_here_document_do_not_end_what_it_stands_in() -> None:
    command = "git commit -m \"$(cat <<'EOF'\n1) it's done :)\nrm a.txt\nEOF\n)\" && cat b.txt"
    assert [use.path for use in shell_files.files(command)] == ["b.txt"]


@pytest.mark.parametrize("piece", ["$(", '"$(', "`", "<(", "<<E\n", "'", "\\", "(", "cat <(", "$(cat <<E\n"])
def test_a_command_of_nothing_but_openings_is_read_to_its_end(piece: str) -> None:
    assert len(list(shell_files.files(piece * 3_000))) < 3_000
