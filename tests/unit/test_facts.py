"""What the extractor finds in a record, in every agent's words and in ten languages, and what it leaves."""

from typing import Any

import pytest

from memlog.query import comeback
from memlog.query.after import Kept
from memlog.query.facts import extract, shell_files, tally, tested
from memlog.query.facts.fact import Fact, Said
from memlog.query.facts.listing import FactRow

DIGEST = "d" * 64


def said(text: str, kind: str = "message", role: str | None = "user", **more: Any) -> Said:
    fields = {"tool": None, "error": False, "agent": "claude-code", **more}
    agent, tool, error = fields.pop("agent"), fields.pop("tool"), fields.pop("error")
    return Said(fields.pop("id", 7), "s", agent, 0, 5, kind, role, tool, text, error, DIGEST, **fields)


def facts(*records: Said) -> list[Fact]:
    return list(extract.of_records(records))


def call(tool: str, agent: str = "claude-code", **given: Any) -> Said:
    text = "\n".join(f"{k}: {v}" for k, v in given.items())
    return said(text, "tool_use", "assistant", tool=tool, agent=agent, given=given, call="c1")


def answer(text: str, tool: str = "Bash", **more: Any) -> Said:
    return said(text, "tool_result", "tool", tool=tool, call="c1", id=8, **more)


def of_kind(kind: str, *records: Said) -> list[tuple[str, str | None]]:
    return [(f.value, f.detail) for f in facts(*records) if f.kind == kind]


@pytest.mark.parametrize(
    "record, files, commands",
    [
        (call("Read", file_path="/w/a.py", offset=3), [("/w/a.py", "read")], []),
        (call("Edit", file_path="/w/a.py", old_string="x"), [("/w/a.py", "edit")], []),
        (call("Write", file_path="/w/ä.md", content="file_path: /no"), [("/w/ä.md", "write")], []),
        (call("NotebookEdit", notebook_path="/w/n.ipynb"), [("/w/n.ipynb", "edit")], []),
        (call("Grep", pattern="path: x", path="/w/src"), [("/w/src", "search")], []),
        (call("Bash", command="cat a.txt\ndescription: no key", description="d"), [("a.txt", "read")],
         ["cat a.txt\ndescription: no key"]),
        (call("exec_command", "codex", cmd="sed -n '1,9p' src/x.ts", workdir="/w"), [("src/x.ts", "read")],
         ["sed -n '1,9p' src/x.ts"]),
        (said("*** Begin Patch\n*** Update File: a.go\n@@\n*** Add File: b.go\n+x\n*** End Patch", "tool_use", "assistant",
              tool="apply_patch", agent="codex"), [("a.go", "edit"), ("b.go", "write")], []),
        (call("shell", "codex", command=["bash", "-lc", "ls src"]), [("src", "list")], ["ls src"]),
        (call("edit", "copilot-cli", path="/w/h.json", old_str="a"), [("/w/h.json", "edit")], []),
        (call("read_file", "gemini-cli", file_path="docs/c.md"), [("docs/c.md", "read")], []),
        (call("run_shell_command", "gemini-cli", description="d", command="git add docs/c.md"), [("docs/c.md", "read")],
         ["git add docs/c.md"]),
        (said("command: ls -la /w && head -50 /w/R.md\ndescription: d", "tool_use", "assistant", tool="bash",
              agent="opencode", call="c1"), [("/w", "list"), ("/w/R.md", "read")], ["ls -la /w && head -50 /w/R.md"]),
        (said('open "src/f.py" 14\npath: src/f.py\nline_number: 14', "tool_use", "assistant", tool="open",
              agent="swe-agent", call="c1"), [("src/f.py", "read")], ['open "src/f.py" 14']),
    ],
)  # fmt: skip
def test_files_and_commands_are_found_in_every_agents_words(
    record: Said, files: list[tuple[str, str]], commands: list[str]
) -> None:
    assert of_kind("file", record) == files
    assert [value for value, _ in of_kind("command", record)] == commands


@pytest.mark.parametrize(
    "command, files",
    [
        ("grep -rn 'a b' src tests/x.py | head -3", ["src", "tests/x.py"]),
        ("rg -n foo -g '*.ts' packages", ["packages"]),
        ("cd /w && git diff main...HEAD -- a/b.go | head -100", ["a/b.go"]),
        ("echo hi > out.txt 2>&1 && wc -l < in.txt", ["out.txt", "in.txt"]),
        ("cat <<'EOF' > new.py\nimport os; open('x')\nEOF\nrm old.py", ["new.py", "old.py"]),
        ('git commit -m "$(cat <<EOF\nfix a.py\nEOF\n)" && tail -f log/x.log', ["log/x.log"]),
        ("find src -name '*.py' -newer ref", ["src", "ref"]),
        ("sed -i 's/a/b/' \"my file.txt\" other.txt", ["my file.txt", "other.txt"]),
        ("FOO=1 sudo cat /etc/hosts /dev/null", ["/etc/hosts"]),
        ("python -c 'open(\"x.txt\")' && go test ./...", []),
    ],
)
def test_a_shell_command_names_the_files_its_programs_touch(command: str, files: list[str]) -> None:
    found = list(shell_files.files(command))
    assert [use.path for use in found] == files
    assert all(command[use.start : use.end] == use.path for use in found)


@pytest.mark.parametrize(
    "text, kind",
    [
        ("Always run the linter before you commit.", "instruction"),
        ("never touch the migrations folder", "instruction"),
        ("use pnpm instead of npm", "instruction"),
        ("can you add a test for the empty file?", "instruction"),
        ("no, the limit is per user", "correction"),
        ("that's wrong, it was removed last week", "correction"),
        ("请使用 pnpm 而不是 npm", "instruction"),
        ("不要修改迁移文件", "instruction"),
        ("不对，应该是每个用户的限制", "correction"),
        ("必ずコミット前にテストを実行してください", "instruction"),
        ("npm ではなく pnpm を使って", "instruction"),
        ("違います、制限はユーザーごとです", "correction"),
        ("Всегда запускай тесты перед коммитом", "instruction"),
        ("не трогай папку с миграциями", "instruction"),
        ("Нет, лимит считается на пользователя", "correction"),
        ("Führe immer zuerst die Tests aus", "instruction"),
        ("bitte ändere die Migrationen nicht", "instruction"),
        ("Nein, das Limit gilt pro Benutzer", "correction"),
        ("Sempre rode os testes antes do commit", "instruction"),
        ("não altere a pasta de migrações", "instruction"),
        ("Na verdade, o limite é por usuário", "correction"),
        ("Ajoute toujours un test avant de commiter", "instruction"),
        ("ne modifie pas le dossier des migrations", "instruction"),
        ("Non, la limite est par utilisateur", "correction"),
        ("Ejecuta siempre las pruebas antes de subir", "instruction"),
        ("no toques la carpeta de migraciones", "instruction"),
        ("No, el límite es por usuario", "correction"),
        ("커밋하기 전에 항상 테스트를 돌려 주세요", "instruction"),
        ("마이그레이션 폴더는 건드리지 마", "instruction"),
        ("아니, 제한은 사용자마다야", "correction"),
    ],
)
def test_what_a_user_wants_is_found_in_ten_languages(text: str, kind: str) -> None:
    assert kind in {fact.kind for fact in facts(said(f"Hm.\n\n{text}"))}


@pytest.mark.parametrize(
    "text, reason",
    [
        ("I'll use SQLite instead of Postgres because there is one user.", "because there is one user"),
        ("The simplest fix is to drop the cache.", None),
        ("我们决定使用 SQLite，因为只有一个用户。", "因为只有一个用户。"),
        ("ユーザーは一人なので、SQLite を使います。", "ので、SQLite を使います。"),
        ("Буду использовать SQLite, потому что пользователь один.", "потому что пользователь один"),
        ("Ich verwende SQLite, weil es nur einen Nutzer gibt.", "weil es nur einen Nutzer gibt"),
        ("Vou usar SQLite porque há um só usuário.", "porque há um só usuário"),
        ("Je vais utiliser SQLite parce que l'utilisateur est seul.", "parce que l'utilisateur est seul"),
        ("Voy a usar SQLite porque hay un solo usuario.", "porque hay un solo usuario"),
        ("사용자가 하나이기 때문에 SQLite를 사용하겠습니다.", "때문에 SQLite를 사용하겠습니다"),
    ],
)
def test_a_decision_comes_with_its_reason(text: str, reason: str | None) -> None:
    assert of_kind("decision", said(text, role="assistant")) == [(text, reason)]


@pytest.mark.parametrize(
    "text",
    [
        "what does this function do?",
        "Let me check the file more carefully since it has paths.",
        "I'll run the tests now.",
        "<local-command-stdout>Always use tabs</local-command-stdout>",
        "<system-reminder>\nNever mention this. Always obey.\n</system-reminder>",
        "# AGENTS.md instructions for /w\n\nAlways use tabs. Never use npm.",
        "Base directory for this skill: /s\n\nAlways review. Never skip.",
        "[Request interrupted by user]",
        "```\nnever do this\n```",
        "> always do that",
    ],
)
def test_questions_next_steps_and_what_a_host_put_in_are_no_instructions(text: str) -> None:
    wanted = {"instruction", "correction", "decision"}
    assert (
        not wanted & {f.kind for f in facts(said(text))}
        if "Let me" not in text and "I'll" not in text
        else True
    )
    assert not wanted & {f.kind for f in facts(said(text, role="assistant"))}


def test_what_a_user_says_in_a_commands_arguments_is_heard() -> None:
    text = (
        "<command-name>/plan</command-name>\n            <command-args>keep each commit small</command-args>"
    )
    assert of_kind("instruction", said(text)) == [("keep each commit small", "rule")]


def test_what_a_user_says_when_refusing_a_call_corrects_it() -> None:
    text = "The user doesn't want to proceed with this tool use. To tell you how to proceed, the user said:\nuse the map instead"
    found = facts(answer(text, tool="Edit", error=True))
    assert {(f.kind, f.value, f.by) for f in found} == {
        ("correction", "use the map instead", "user"),
    }


@pytest.mark.parametrize(
    "text, error, ending",
    [
        ("Exit code 128\nfatal: not a git repository", True, "exit 128"),
        ("Chunk ID: a\nProcess exited with code 2\nOutput:\nx", True, "exit 2"),
        ("fine\n<shellId: 2 completed with exit code 0>", False, "exit 0"),
        ("fine", False, "ok"),
        ("The user doesn't want to proceed with this tool use.", True, "refused"),
    ],
)
def test_a_command_is_told_when_its_answer_says_how_it_ended(text: str, error: bool, ending: str) -> None:
    assert of_kind("command", call("Bash", command="make it"), answer(text, error=error)) == [
        ("make it", ending)
    ]


def test_errors_and_test_results_are_lines_and_quoted_ones_are_not() -> None:
    text = (
        "--- FAIL: TestOne (0.1s)\n    one_test.go:9: got 1, want 2\n    one_test.go:5: started\n"
        "ok  \tw/two\t0.2s\nFAIL\tw/one\t0.3s\nmain.go:3:5: undefined: x\n== 3 passed, 1 failed in 0.1s ==\n"
    )
    ran = facts(call("Bash", command="go test ./..."), answer(text, error=True))
    assert [f.value for f in ran if f.kind == "error"] == [
        "one_test.go:9: got 1, want 2",
        "main.go:3:5: undefined: x",
    ]
    assert [(f.value.split("\t")[0], f.detail) for f in ran if f.kind == "test"] == [
        ("--- FAIL: TestOne (0.1s)", "failed"), ("ok  ", "passed"), ("FAIL", "failed"),
        ("== 3 passed, 1 failed in 0.1s ==", "failed"),
    ]  # fmt: skip
    quoted = facts(call("Bash", command="cat old.log"), answer(text))
    assert not [f for f in quoted if f.kind in ("error", "test")]
    assert not facts(answer(text, tool="Read"))


def test_a_failure_in_nobodys_format_is_its_first_line() -> None:
    told = answer("<tool_use_error>Something odd</tool_use_error>", tool="Edit", error=True)
    assert of_kind("error", told) == [("Something odd", None)]


def test_commits_branches_plans_links_and_names_are_found() -> None:
    made = facts(
        call("Bash", command="git commit -am x"),
        answer("[fix/a 1a2b3c4] say why\n 1 file changed"),
        call("TodoWrite", todos=[{"content": "write it", "status": "pending"}]),
    )
    assert ("commit", "1a2b3c4", "say why") in {(f.kind, f.value, f.detail) for f in made}
    assert ("branch", "fix/a") in {(f.kind, f.value) for f in made}
    todo = said("todos:\ncontent: write it\nstatus: pending", "tool_use", "assistant", tool="TodoWrite",
                given={"todos": [{"content": "write it", "status": "pending"}]})  # fmt: skip
    assert of_kind("todo", todo) == [("write it", "pending")]
    named = facts(said("See (https://a.org/x_(y)), `pkg.fooBar()` and #12.", role="assistant"))
    assert {(f.kind, f.value) for f in named} == {
        ("url", "https://a.org/x_(y)"), ("identifier", "pkg.fooBar()"), ("identifier", "#12"),
    }  # fmt: skip


def test_a_citation_is_the_bytes_of_the_text() -> None:
    text = "«Größe» 你好。\nBitte ändere die Größe nicht.\nalways run `make`"
    found = facts(said(text))
    assert found
    raw = text.encode()
    for fact in found:
        assert raw[fact.start : fact.end].decode() == fact.value and (fact.record, fact.digest) == (7, DIGEST)


def test_a_summary_keeps_by_name_in_other_words_or_not_at_all() -> None:
    kept = Kept(
        "We edited /w/src/app.py and `store.go`.\nThe user asked to always use pnpm rather than npm. Ran go test ./... twice."
    )

    def how(kind: str, value: str) -> str | None:
        return kept.how(Fact(kind, value, None, "user", 1, 0, 1, "", "s", "a", 0, 0))

    assert how("file", "/w/src/app.py") == "verbatim"
    assert how("file", "/w/lib/store.go") == "name"
    assert how("file", "/w/lib/tore.go") is None  # the end of a longer name
    assert how("command", "cd /w && go test ./... 2>&1 | tail -5") == "name"
    assert how("command", "go vet ./...") is None
    assert how("instruction", "use pnpm always, not npm") == "paraphrased"
    assert how("instruction", "never push to the main branch") is None


def kept_in(summary: str, kind: str, value: str) -> str | None:
    return Kept(summary).how(Fact(kind, value, None, "tool", 1, 0, 1, "", "s", "a", 0, 0))


@pytest.mark.parametrize(
    ("kind", "value", "within", "itself"),
    [
        ("test", "PASS", "pass the path on; both tests passed", "it printed PASS"),
        ("test", "FAIL", 'return fmt.Errorf("failed to open")', "one is still FAIL."),
        ("branch", "main", "they remain in main.go", "rebased on origin/main."),
        ("identifier", "Edit", "edits files in Editor", "denied for `Edit`"),
        ("identifier", "NewFiles", "newFiles and NewFilesOf are gone", "set.NewFiles is new"),
        ("identifier", "bfb70aa9", "of abfb70aa9", "hash bfb70aa91de94955ceda432ff3fc"),
        ("url", "https://x.org/pull/17", "see https://x.org/pull/175", "see https://x.org/pull/17."),
        ("command", "mise run test 2>&1", "then mise run test:ci and mise run test-all", "mise run test: well"),
        ("command", "ls", "tools and labels", "first ls, then"),
        ("file", "/w/.git/hooks/commit-msg", "our prepare-commit-msg", "and commit-msg."),
        ("file", "/w/cli/paths", "paths.AbsPath is used", "all of cli/paths/"),
        ("file", "/w/auth.py", "oauth.py 与 auth.py.bak", "修改了auth.py中的函数"),
        ("instruction", "don't push", "they don't pushback", "he said: Don't push."),
    ],
)  # fmt: skip
def test_a_fact_is_kept_where_it_stands_by_itself_and_not_within_a_longer_name(
    kind: str, value: str, within: str, itself: str
) -> None:
    assert kept_in(within, kind, value) is None
    assert kept_in(itself, kind, value) in ("verbatim", "name")


def test_an_error_is_not_kept_by_the_name_of_the_file_it_was_in() -> None:
    error = "CONFLICT (content): Merge conflict in cmd/app/cli/strategy/session.go"
    assert kept_in("Files:\n- `cmd/app/cli/strategy/session.go` - renamed", "error", error) is None
    assert kept_in("Resolved the merge conflicts in session.go.", "error", error) == "paraphrased"
    undefined = "cmd/app/parse_test.go:176:12: undefined: SliceFromLine"
    assert kept_in("`cmd/app/parse_test.go`: tests of `SliceFromLine()`", "error", undefined) is None


def test_short_commands_that_check_the_work_are_routine() -> None:
    assert comeback.is_routine("cd /w && mise run lint 2>&1 | tail -3")
    assert not comeback.is_routine("git commit -m 'a long story about a test of the build that ran'")


@pytest.mark.parametrize(
    "line",
    [
        "src/app.ts(12,5): error TS2322: no", "src/app.ts:12:5 - error TS2322: no", "  12:5  error  'x' is unused  no-unused-vars",
        "main.c:10:5: error: expected ';'", "main.c:(.text+0x1a): undefined reference to `f'", "ninja: build stopped: subcommand failed.",
        "E       AssertionError: assert 1 == 2", "pkg.Odd: of no known name", "foo.rb:3:in `b': no method (NoMethodError)",
        " ERR_PNPM_NO_SCRIPT  Missing script: build", "error Couldn't find a package.json", "E: Unable to locate package x",
        "Error from server (NotFound): pods \"x\" not found", "Error response from daemon: No such container: x",
        "\u2502 Error: Unsupported argument", "[ERROR] /src/A.java:[1,5] cannot find symbol", "BUILD FAILED in 3s", "Failed to compile.",
        "PHP Fatal error:  Uncaught Error: x", "ERROR 1064 (42000): You have an error in your SQL syntax",
        "2024-01-01 12:00:00.123 UTC [81] ERROR:  relation \"x\" does not exist", "2024-01-01 12:00:00,123 - ERROR - it broke",
        "'x' is not recognized as an internal or external command", "unknown option: --x", "jq: error (at <stdin>:1): no", "Killed",
    ],
)  # fmt: skip
def test_errors_of_many_tool_chains_are_told_by_their_lines(line: str) -> None:
    before = (
        'Traceback (most recent call last):\n  File "a.py", line 1\n' if line.startswith("pkg") else "fine\n"
    )
    ran = (call("Bash", command="make it"), answer(f"{before}{line}\nfine too\n"))
    assert [value for value, _ in of_kind("error", *ran)] == [line.strip("\u2502 ")]


@pytest.mark.parametrize(
    "line, how",
    [
        ("ok  \tw/two\t0.2s", "passed"), ("FAIL", "failed"), ("PASS", "passed"), ("     Tests  1 failed | 5 passed (6)", "failed"),
        (" FAIL  src/a.test.ts > suite > case", "failed"), (" \u2713 src/a.test.ts (5 tests) 12ms", "passed"), ("test a::b ... ok", "passed"),
        ("tests/t.py ..F.                    [100%]", "failed"), ("tests/t.py::test_a PASSED   [ 50%]", "passed"),
        ("FAILED (failures=1)", "failed"), ("test_a (t.T.test_a) ... ok", "passed"), ("5 examples, 1 failure", "failed"),
        ("[INFO] Tests run: 5, Failures: 0, Errors: 0, Skipped: 0", "passed"), ("FooTest > bar() FAILED", "failed"),
        ("Failed!  - Failed:     1, Passed:     4, Total:     5", "failed"), ("[  PASSED  ] 5 tests.", "passed"),
        ("2/5 Test #2: bar ..............***Failed    0.01 sec", "failed"), ("not ok 2 - bar", "failed"), ("\u2139 pass 5", "passed"),
        ("00:01 +4 -1: Some tests failed.", "failed"), ("All 5 tests passed", "passed"), ("5/5 tests passed", "passed"),
    ],
)  # fmt: skip
def test_results_of_many_runners_are_told_by_their_lines(line: str, how: str) -> None:
    ran = (call("Bash", command="make it"), answer(f"begins\n{line}\nends\n"))
    assert of_kind("test", *ran) == [(line.strip(), how)]


def test_ticks_are_results_only_where_a_runner_counts_them() -> None:
    ticks = "  \u2713 built\n  \u2713 generated in 26ms\n"
    assert not of_kind("test", answer(ticks))
    assert len(of_kind("test", answer(ticks + "  2 passing (3ms)\n"))) == 3


@pytest.mark.parametrize(
    ("failed", "passed", "name"),
    [
        ("--- FAIL: TestX (0.59s)", "--- PASS: TestX (0.70s)", "TestX"),
        ("FAIL\tpkg/a\t15.262s", "ok  \tpkg/a\t13.679s\tcoverage: 51.2% of statements", "pkg/a"),
        ("FAILED tests/a.py::test_x - AssertionError: boom", "tests/a.py::test_x PASSED [ 12%]", "tests/a.py::test_x"),
        ("test a::b ... FAILED", "test a::b ... ok", "a::b"),
        ("not ok 3 - adds", "ok 12 - adds", "adds"),
        ("✗ adds 2 numbers (12 ms)", "✓ adds 2 numbers (3 ms)", "adds 2 numbers"),
        ("❯ src/a.test.ts (3 tests | 1 failed) 12ms", "✓ src/a.test.ts (3 tests) 9ms", "src/a.test.ts"),
        ("[  FAILED  ] Foo.Bar (1 ms)", "[       OK ] Foo.Bar (0 ms)", "Foo.Bar"),
        ("13/40 Test  #12: foo ...........***Failed    0.02 sec", "12/40 Test  #12: foo ......   Passed    0.01 sec", "foo"),
    ],
)  # fmt: skip
def test_a_test_goes_by_its_name_whether_it_passed_or_failed(failed: str, passed: str, name: str) -> None:
    assert tested.name(failed) == tested.name(passed) == name
    rows = [
        _tested(failed, "failed", 1),
        _tested("FAIL", "failed", 2),
        _tested("--- FAIL: Other (1.0s)", "failed", 3),
    ]
    assert [one.value for one in tally.failed(tally.told(rows))] == ["--- FAIL: Other (1.0s)", failed]
    well = [*rows, _tested(passed, "passed", 4)]
    assert [one.value for one in tally.failed(tally.told(well))] == ["--- FAIL: Other (1.0s)"]


@pytest.mark.parametrize(
    "line", ["FAIL", "PASS", "3 failed, 2 passed in 0.2s", "FAILED (failures=1)", "Tests:  1 failed, 2 passed, 3 total",
             "test result: FAILED. 3 passed; 1 failed; 0 ignored", "10 examples, 1 failure"],
)  # fmt: skip
def test_a_line_that_counts_names_no_test(line: str) -> None:
    assert tested.name(line) == ""


def _tested(line: str, how: str, n: int) -> FactRow:
    return FactRow("test", line, how, "tool", n, 0, len(line), "", "", "s", 0, "claude-code")
