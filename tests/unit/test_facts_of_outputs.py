"""Lines that compilers, package managers, servers and test runners print: which say what failed, and which are results.

The lines are ours, in the forms those programs use: `+` before one that is to be found, `-` before one that is not. Of
whole answers (`outputs.txt`) `$` names the command, with a `!` where it failed, `=` a test's result, and `?` a line that
could be either.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from memlog.query.facts import extract
from memlog.query.facts.fact import Said

LINES = Path(__file__).parents[1] / "data" / "labels"


def kinds(text: str, command: str = "make", *, error: bool = False) -> list[tuple[str, str]]:
    call = Said(1, "s", "claude-code", 0, 5, "tool_use", "assistant", "Bash", f"command: {command}", False, "",
                {"command": command}, "c")  # fmt: skip
    answer = Said(2, "s", "claude-code", 0, 6, "tool_result", "tool", "Bash", text, error, "", None, "c")
    return [(fact.kind, fact.value) for fact in extract.of_records([call, answer]) if fact.record == 2]


@pytest.mark.parametrize("file, kind", [("errors.txt", "error"), ("results.txt", "test")])
def test_lines_of_programs_are_told_from_what_else_they_print(file: str, kind: str) -> None:
    lines = [(line[0] == "+", line[2:]) for line in (LINES / file).read_text().splitlines()]
    told = {line: kind in [found for found, _ in kinds(line)] for _, line in lines}
    assert [line for wanted, line in lines if told[line] != wanted] == []
    assert sum(wanted for wanted, _ in lines) > 150 and len({*told.values()}) == 2


def answers() -> Iterator[tuple[str, bool, list[tuple[str, str]]]]:
    """Command, whether it failed, and its lines with their marks."""
    for block in ("\n" + (LINES / "outputs.txt").read_text()).split("\n$ ")[1:]:
        command, *lines = block.rstrip("\n").split("\n")
        yield command.removeprefix("! "), command[0] == "!", [(line[:1], line[2:]) for line in lines]


@pytest.mark.parametrize("kind, mark", [("error", "+"), ("test", "=")])
def test_whole_answers_say_what_failed_among_what_else_they_print(kind: str, mark: str) -> None:
    count: Counter[tuple[bool, bool]] = Counter()
    for command, failed, lines in answers():
        found = {
            value
            for one, value in kinds("\n".join(line for _, line in lines), command, error=failed)
            if one == kind
        }
        for given, line in lines:
            if given != "?" and line.strip():
                count[given == mark, any(line.endswith(value) for value in found)] += 1
    right = count[True, True]
    assert right > 60
    assert right / (right + count[False, True]) >= 0.95
    assert right / (right + count[True, False]) >= 0.94


def errors(text: str, command: str = "make", *, error: bool = False) -> list[str]:
    return [value for kind, value in kinds(text, command, error=error) if kind == "error"]


def test_a_sentence_over_an_arrow_into_code_is_an_error_where_it_is_no_warning() -> None:
    drawn = "F401 [*] `os` imported but unused\n --> a.py:1:8\n  |\n1 | import os\n"
    assert errors(drawn) == ["F401 [*] `os` imported but unused"]
    assert errors(drawn.replace("F401", "warning: F401")) == []
    assert errors(drawn.replace(" --> ", " in ")) == []


def test_the_line_below_one_that_announces_it_is_the_error() -> None:
    said = "thread 'main' panicked at src/a.rs:3:9:\nthe queue is full of them\nstack backtrace:\n"
    assert errors(said) == ["thread 'main' panicked at src/a.rs:3:9:", "the queue is full of them"]
    assert errors(said.replace("panicked at", "went to")) == []


def test_an_object_with_a_code_of_failure_says_why_and_one_without_says_nothing() -> None:
    printed = "answer {\n  status: 429,\n  message: 'slow down',\n  retries: 3\n}\n" + "more\n" * 9
    assert errors(printed) == ["status: 429,", "message: 'slow down',"]
    assert errors(printed.replace("429", "200")) == []


def test_what_a_server_answered_that_was_asked_is_an_error_and_a_page_about_errors_is_none() -> None:
    assert errors('{"error":"no such route"}', "curl -s localhost/x") == ['{"error":"no such route"}']
    assert errors('{"error":null}', "curl -s localhost/x") == []
    assert errors('{"error":"no such route"}', "cat answer.json") == []


def test_a_failed_program_says_why_behind_its_name() -> None:
    said = "one more line of progress\n" * 9 + "frob: a copy of it is already up\n"
    assert errors(said, "frob --all", error=True) == ["frob: a copy of it is already up"]
    assert errors(said, "other --all", error=True) == errors(said, "frob --all") == []


def test_a_search_that_found_nothing_has_not_failed() -> None:
    assert errors("0", "grep -c error log.txt", error=True) == []
    assert errors("0", "./count.sh", error=True) == ["0"]


def test_a_tests_result_is_not_counted_as_an_error_too() -> None:
    assert kinds("ERROR test_b.py - ImportError: cannot import name 'x'") == [
        ("test", "ERROR test_b.py - ImportError: cannot import name 'x'")
    ]


def test_a_result_a_host_calls_an_error_is_a_result() -> None:
    assert [kind for kind, _ in kinds("Error: .EFF....  [100%]", "pytest -q", error=True)] == ["test"]
    assert [kind for kind, _ in kinds("Error: .EFF....  [1%", "pytest -q", error=True)] == ["error"]


def test_what_a_reader_says_of_itself_is_an_error_and_what_it_prints_is_none() -> None:
    printed = "error: could not compile\ncat: gone.txt: No such file or directory\nFAIL\n"
    assert kinds(printed, "cat log.txt gone.txt") == [("error", "cat: gone.txt: No such file or directory")]
    assert kinds(printed, "echo ---; cat log.txt") == [("error", "cat: gone.txt: No such file or directory")]


def test_an_announcement_before_a_command_leaves_its_answer_an_answer() -> None:
    told = [("test", "--- FAIL: TestX (0.1s)"), ("error", "./a.go:3:2: undefined: x")]
    answer = "== test ==\n--- FAIL: TestX (0.1s)\n./a.go:3:2: undefined: x\n"
    assert kinds(answer, "echo '== test =='; go test ./...") == told
    assert kinds(answer, "echo '== test =='") == []


def test_a_claim_in_a_long_answer_counts_where_the_command_failed() -> None:
    answer = "\n".join(["one more line of progress"] * 9 + ["the port is not available"])
    assert kinds(answer, error=True) == [("error", "the port is not available")]
    assert kinds(answer) == []


def test_what_was_picked_of_the_agents_questions_is_the_users_instruction() -> None:
    text = 'User has answered your questions: "Which store?"="SQLite", "Cache it?"="no, never". You can now continue.'
    asked = Said(
        1, "s", "claude-code", 0, 5, "tool_result", "tool", "AskUserQuestion", text, False, "", None, "c"
    )
    told = [(fact.kind, fact.value, fact.by) for fact in extract.of_records([asked])]
    assert told == [("instruction", "SQLite", "user"), ("instruction", "no, never", "user")]


@pytest.mark.parametrize(
    "tool, given, found",
    [
        ("run_command", {"CommandLine": "ls src"}, {("command", "ls src"), ("file", "src")}),
        ("execute_bash", {"command": "cat a.txt"}, {("command", "cat a.txt"), ("file", "a.txt")}),
        ("replace_file_content", {"TargetFile": "/w/a.py"}, {("file", "/w/a.py")}),
        ("grep_search", {"Query": "x", "SearchPath": "/w/src"}, {("file", "/w/src")}),
    ],
)
def test_calls_of_other_editors_name_their_files_and_commands(
    tool: str, given: dict[str, str], found: set[tuple[str, str]]
) -> None:
    text = "\n".join(f"{name}: {value}" for name, value in given.items())
    call = Said(1, "s", "other", 0, 5, "tool_use", "assistant", tool, text, False, "", given, "c")
    assert {(fact.kind, fact.value) for fact in extract.of_records([call])} == found


def test_git_diff_names_a_file_and_no_branch() -> None:
    given = {"command": "git diff main src/app/a.py && git diff origin/main..feat/x.py"}
    call = Said(
        1,
        "s",
        "codex",
        0,
        5,
        "tool_use",
        "assistant",
        "shell",
        "command: " + given["command"],
        False,
        "",
        given,
    )
    assert [fact.value for fact in extract.of_records([call]) if fact.kind == "file"] == ["src/app/a.py"]
