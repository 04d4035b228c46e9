"""What the answer of a tool says: how a command ended, errors, test results, commits and branches."""

import re
from collections.abc import Iterator

from memlog.query.facts import shell
from memlog.query.facts.calls import SHELLS, Found
from memlog.query.facts.endings import HIDDEN, hidden
from memlog.query.facts.fact import Said

# How hosts say the exit code, each in its own words, near the beginning or the end of an answer.
_EXIT = re.compile(
    r"^Exit code:? (-?\d+)|^Process exited with code (-?\d+)|exit code (-?\d+)>?$|^Exit Code: (-?\d+)"
    r"|PROCESS-DONE:(-?\d+)", re.M,
)  # fmt: skip
_EDGE = 600  # characters at either end that are asked for it
_REFUSED = "The user doesn't want to "
_TOLD = "the user said:\n"

# Programs that print what files hold: an error in it is somebody's text, not what happened.
_READERS = frozenset((
    "cat", "head", "tail", "sed", "awk", "nl", "less", "more", "bat", "grep", "rg", "ag", "egrep", "find", "fd",
    "ls", "tree", "jq", "yq", "diff", "gh", "curl", "wget", "echo", "printf", "wc", "strings", "for",
))  # fmt: skip
_GIT_READERS = frozenset(
    ("show", "diff", "log", "blame", "grep", "cat-file", "ls-files", "ls-tree", "reflog")
)

_TEST = re.compile(
    r"^[ \t]*--- (?:PASS|FAIL|SKIP): \S.*$"  # go, the tests and the packages
    r"|^ok[ \t]+\S*[./]\S*[ \t]+(?:\(cached\)|[\d.]+s).*$|^FAIL\t\S.*$|^FAIL[ \t]*$"
    r"|^(?:=+ )?(?:\d+ (?:passed|failed|errors?|skipped|xfailed|xpassed|deselected|warnings?),? ?)+in [\d.]+ ?s.*$"
    r"|^(?:PASSED|FAILED|ERROR) \S+::\S.*$|^\S+::\S+ (?:PASSED|FAILED|ERROR|SKIPPED)\b.*$"
    r"|^[ \t]*(?:Tests|Test Suites|Test Files):?[ \t]+.*\b\d+ (?:passed|failed).*$"  # jest, vitest
    r"|^test result: (?:ok|FAILED)\..*$|^test \S+ \.\.\. (?:ok|FAILED|ignored)$"  # cargo
    r"|^DONE \d+ tests?.*$|^[ \t]*\d+ (?:passing|failing|pass|fail)\b(?: \(.*\))?$"
    r"|^(?:not )?ok \d+ - .*$|^Ran \d+ tests? (?:in|across) .*$|^Tests run: \d+, Failures: \d+.*$"
    r"|^OK \(\d+ tests?.*\)$|^\d+% tests passed.*$|^[ \t]*[✓✗✘×] \S.*\(?\d+ ?ms\)?$",
    re.M,
)
# Of runners met less often, looked for where a word of theirs stands.
_TEST_MORE = re.compile(
    r"^(?:PASS|FAIL) \S+\.(?:test|spec)\.\w+.*$|^(?:PASS|FAIL) \[ *[\d.]+s\] .*$|^[ \t]*Summary \[ *[\d.]+s\] .*\btests? run: .*$"  # jest, nextest
    r"|^\((?:pass|fail|skip)\) \S.*$|^[ \t]*[❯×] \S+ \(\d+ tests?\b.*\).*$|^# (?:pass|fail) \d+$|^(?:ok|FAILED) \| \d+ passed.*$"  # bun, vitest, node, deno
    r"|^\d+ examples?, \d+ failures?.*$|^\d+ (?:tests?|runs?|properties), (?:\d+ \w+, )*\d+ failures?.*$|^\d+ tests completed, \d+ failed.*$"  # rspec, mix, minitest, gradle
    r"|^(?:Passed|Failed)! +- Failed: +\d+, Passed: .*$|^Tests: \d+, Assertions: \d+.*$|^FAILED \((?:failures|errors)=\d+.*\)$"  # dotnet, phpunit, unittest
    r"|^ *\d+/\d+ Test +#\d+: .*\b(?:Passed|\*\*\*Failed|\*\*\*Exception)\b.*$|^[ \t]*\d+ (?:passed|failed|flaky) \([\d.]+m?s\)$",  # ctest, playwright
    re.M,
)
_MORE_WORDS = ("(pass)", "(fail)", "(skip)", "examples,", "example,", " Test ", "# pass", "# fail", "! - ", "!  - ", "Assertions:", "tests run:",
    "test run:", "passed |", "FAILED (", "failure", " tests completed", "❯", "×", ".test.", ".spec.", "PASS [", "FAIL [", "passed (", "failed (", "flaky (")  # fmt: skip
_TEST_WORDS = ("PASS", "FAIL", "ok ", "passed", "failed", "passing", "failing", "pass\n", "fail\n", "DONE ", "Ran ",
               "Tests", "tests", "examples", "Passed", "(pass)", "(fail)", "# pass", "# fail", "OK (", "ERROR ", "skipped", "✓", "✗", "✘", "×")  # fmt: skip
_BAD = re.compile(
    r"FAIL|Failed|\(fail\)|# fail [1-9]|\b[1-9]\d* failures?\b|\bfail(?:ed|ing)?\b|\b[1-9]\d* (?:failed|failing|errors?|fail)\b|\bERROR\b|^not ok|[✗✘×]|Failures: [1-9]"
)
_GOOD_COUNT = re.compile(r"\b0 (?:failed|failing|fail|errors?)\b")
# Words an error line has: lines without one are not looked at.
_HOT = re.compile(
    r"[Ee]rror|ERR|[Ff]atal|FATAL|[Pp]anic|[Ee]xception|:\d+: |not found|[Nn]o such|[Dd]enied|no matches found"
    r"|[Cc]ould not|[Cc]annot|CONFLICT|[Tt]imed? ?out|[Uu]nable to|not allowed|are ignored by|exit status|✖"
    r"|\*\*\* \[|\*\*\* No|HTTP[/ (]|^Killed$|core dumped|not permitted|due to an|\[rejected\]|code [1-9]|: [45]\d\d$|\bE[A-Z]{5,12}: |[Uu]ncaught"
    r"|[Ss]egmentation|assertion|refused|FAILED| failed|[Ff]ailed to|Fehler|[Ee]rro\b|шибка|错误|エラー|失败|失敗"
)
# The same of systems that speak another language.
_FAILS_ABROAD = (
    r"fehlgeschlagen|nicht gefunden|konnten? nicht \w+ werden|[Zz]ugriff verweigert|[Kk]eine Berechtigung|falhou"
    r"|[Nn]ão (?:foi possível|encontrad[oa]|pôde|existe)|[Pp]ermissão negada|[Нн]е удалось|не найден\w*|[Нн]ет такого файла"
    r"|[Оо]тказано в доступе|[Нн]евозможно|无法|未找到|找不到|没有那个文件|失败|拒绝|权限不足|できません|見つかりません|失敗|拒否|権限がありません"
)
_ASCII_ABROAD = ("fehlgeschlagen", "gefunden", "konnte", "verweigert", "Berechtigung", "falhou")
_HOT_ABROAD = re.compile(f"{_HOT.pattern}|{_FAILS_ABROAD}")
_ERROR_ABROAD = re.compile(rf"(?:[^.!?。]{{0,120}}: ?)?[^.!?。:]{{0,80}}(?:{_FAILS_ABROAD})")
_ERROR = re.compile(
    r"(?:[^\s:()]+\.\w{1,6}|\(eval\)):\d+:(?:\d+:)? .*\S"  # compilers, linters, scripts
    r"|[^\s:()]+\.\w{1,6}\(\d+,\d+\): error .*\S"
    r"|(?:[\w./@-]{1,40}: ){0,2}(?:(?:syntax|type|fatal|internal|runtime|compile|build|npm) )?"
    r"(?:[Ee]rror|ERROR|[Ff]atal|FATAL|[Pp]anic|PANIC)(?: ?\[\w+\]|\(\w+\))?: .*\S"
    r"|ERROR \S.*|npm ERR! \S.*|error\[E\d+\]: .*|(?:\w+\.)*\w*(?:Error|Exception): .*\S|CONFLICT \(.*"
    r"|[Cc]ould not \w+ .*\S|exit status [1-9]\d*|✖ .*|.*\bSegmentation fault.*|thread '.*' panicked at .*"
    r"|\S*: command not found.*"
    r"|.*(?:: [Nn]o such file or directory|: (?:[Oo]peration not permitted|[Ii]s a directory|[Nn]ot a directory|[Nn]o space left on device|[Rr]ead-only file system"
    r"|[Aa]ddress already in use|[Bb]roken pipe|[Tt]ext file busy|[Dd]evice or resource busy|[Ff]ile exists|[Tt]oo many open files|[Aa]rgument list too long|[Ee]xec format error)|: [Pp]ermission denied|: command not found|: not found|: no matches found"
    r"|\bConnection refused|\bdue to an? (?:\w+ )?(?:error|failure)|\b[Cc]ould not be (?:reached|found|opened|read|resolved|loaded|parsed|written|created|located|started))\b.*"
    r"|(?:Warning: )?[Ff]ailed to \w+ .*\S|[A-Z]\w+(?: [\w/-]+){0,3} failed(?: (?:\(|with|after|at|in|to)\b.*|\s\(.*|: .*|[.!]?)"
    r"|(?:\w+ ){0,2}(?:\w*[Ff]ehler|[Ee]rro|[Оо]шибка|[\u3040-\u30ff\u4e00-\u9fff]{0,8}(?:错误|エラー|失败|失敗))(?: \w+)?[:：] ?\S.*"
    r"|.*: [\w ]{0,30}not found|.*\breported an error: .*"
    r"|remote: (?:Permission|error|fatal|ERROR|Repository).*|\[[A-Z ]*ERROR\] .*\S|Timeout waiting .*|.*\btimed out\b.*|The following paths are ignored by .*|[Uu]nable to .*\S"
    r"|g?make(?:\[\d+\])?: \*\*\* .*|(?:npm|pnpm|yarn|error) (?:error|ERR!?|Command failed) .*\S|! \[(?:remote )?rejected\] .*"
    r"|E   \w+(?:\.\w+)*(?:Error|Exception|Exit|Warning)\b.*|(?:[\w.]+\.)?[A-Z]\w*Error$|(?:Uncaught|Unhandled) .*(?:Error|Exception|rejection)\b.*"
    r"|(?:Exception in thread|Caused by:|FATAL ERROR:|Unhandled exception) ?.*\S|Killed$|.*\(core dumped\).*|E[A-Z]{5,12}: \S.*"
    r"|HTTP(?:/[\d.]+)? [45]\d\d\b.*|.*\(HTTP [45]\d\d\).*|.*\bstatus(?: code)?:? [45]\d\d\b.*|.*returned error: [45]\d\d.*"
    r"|(?!Process exited|Exit code)[\w ]{0,30}\bexit(?:ed)? (?:with )?(?:code|status) [1-9]\d*\.?|Cannot (?:find|read|resolve|open|connect|access)\b.*|undefined: \w+"
    r"|(?:docker|ssh|ld|kubectl|helm|terraform|psql|mysql): (?:.*\b(?:[Ee]rror|not found|[Cc]ould not|[Cc]annot|denied)\b.*)|(?:time=\S+ )?level=(?:error|fatal) .*"
    r"|\w+: cannot \w+ .*\S|(?:go|bash|sh|zsh|rg|grep|ls|cp|mv|rm|sed|git): \S.*"
)
_ASSERTED = re.compile(
    r"[Ee]xpected|[Ss]hould|[Ii]ncorrect|wrong|\bgot\b|\bwant\b|[Ee]rror|[Ff]ail|[Uu]nexpected|[Mm]issing|must\b|overwritten"
)
_IN_TEST = re.compile(r"[^\s:]+_test\.go:\d+: ")
_NOISE = re.compile(r"^(?:[\u2800-\u28ff┃ ]+|\[[\w:./-]+\] ?|Rebasing \(\d+/\d+\)\r?)+")
_COLOUR = re.compile(r"\x1b\[[\d;]*[A-Za-z]|\x1b\][^\x07\\]*(?:\x07|\\)")
_NOT_AN_ERROR = re.compile(
    r"^(?:hint|warning(?!: failed to)|note|info|debug)\b|\b0 errors?\b|--- (?:PASS|FAIL|SKIP): |^\w+\(|^ok\s|^FAIL\s",
    re.I,
)
_COMMIT = re.compile(r"^\[(\S+)(?: \(root-commit\))? ([0-9a-f]{7,40})\] (.*)$", re.M)
_BRANCH = re.compile(
    r"^Switched to (?:a new )?branch '([^']+)'|^On branch (\S+)$"
    r"|^(?: [*+!=-]? ?|   )(?:[0-9a-f]{7,40}\.\.\.?[0-9a-f]{7,40}|\[new branch\]) +(\S+) +-> +\S+", re.M,
)  # fmt: skip
_LONGEST_LINE = 2_000
_MOST_LINES = 200  # errors and tests of one answer; what is more says the same again


def ending(said: Said, command: str = "") -> str:
    """How the command a result answers ended: `exit N` where the host says so, else `ok` or `failed`.

    Or that nobody knows: where its end is that of a `tail`, and its output says it failed.
    """
    edges = said.text if len(said.text) <= 2 * _EDGE else said.text[:_EDGE] + "\n" + said.text[-_EDGE:]
    for match in _EXIT.finditer(edges):
        code = next(filter(None, match.groups()))
        return HIDDEN if code == "0" and hidden(command, said.text) else f"exit {code}"
    if said.text.startswith(_REFUSED):
        return "refused"
    if said.error:
        return "failed"
    return HIDDEN if hidden(command, said.text) else "ok"


def facts(said: Said, command: str | None) -> Iterator[Found]:
    """Errors, test results, commits and branches of a result. command: the one it answers, if it is known."""
    if said.text.startswith(_REFUSED):
        return
    ran = (said.tool or "").lower() in SHELLS or command is not None or _is_shell(said)
    told = ran and not (command and reads(command))
    if told:
        yield from outcomes(said.text)
        yield from _commits(said.text)
    if told or said.error:
        found = list(errors(said.text, failed=said.error, reads=not told))
        yield from found or (_first_line(said) if said.error else ())


def said_on_refusal(said: Said) -> tuple[str, int] | None:
    """What the user said when a call was refused, and where it stands."""
    if not said.text.startswith(_REFUSED):
        return None
    at = said.text.find(_TOLD)
    return None if at < 0 else (said.text[at + len(_TOLD) :], at + len(_TOLD))


def reads(command: str) -> bool:
    """Whether a command prints what files or other people say."""
    words = shell.head(command).split()
    if words[:1] == ["git"]:
        verb = next((word for word in words[1:] if not word.startswith(("-", "/", "~"))), "")
        return verb in _GIT_READERS
    return bool(words) and words[0].rsplit("/", 1)[-1] in _READERS


def outcomes(text: str) -> Iterator[Found]:
    """Test results, a line each."""
    if not any(word in text for word in _TEST_WORDS):
        return
    found = {match.start(): match for match in _TEST.finditer(text)}
    if any(word in text for word in _MORE_WORDS):
        found = {match.start(): match for match in _TEST_MORE.finditer(text)} | found
    for number, (_, match) in enumerate(sorted(found.items())):
        if number == _MOST_LINES:
            return
        start = match.start() + len(match.group()) - len(match.group().lstrip())
        line = text[start : match.end()].rstrip()
        bad = _BAD.search(_GOOD_COUNT.sub("", line))
        yield Found("test", line, "failed" if bad else "passed", start, start + len(line))


def errors(text: str, *, failed: bool = True, reads: bool = False) -> Iterator[Found]:
    """Error messages, a line each. failed: the host says so; reads: of what the text quotes none is an error."""
    failing = "--- FAIL" in text or "\nFAIL" in text
    last = found = 0
    abroad = not text.isascii() or any(word in text for word in _ASCII_ABROAD)
    for match in (_HOT_ABROAD if abroad else _HOT).finditer(text):
        if match.start() < last:
            continue
        start = text.rfind("\n", 0, match.start()) + 1
        end = text.find("\n", match.end())
        end = len(text) if end < 0 else end
        last = end
        if end - start > _LONGEST_LINE or (reads and start > 2 * _EDGE):
            continue
        span = _error(text[start:end], failing, abroad)
        if span is not None and found < _MOST_LINES:
            found += 1
            yield Found("error", _COLOUR.sub("", text[start + span[0] : start + span[1]]).strip(), None,
                        start + span[0], start + span[1])  # fmt: skip


def _error(line: str, failing: bool, abroad: bool) -> tuple[int, int] | None:
    """Where in a line its message stands; None where it is none."""
    coloured = "\x1b" in line
    plain = _COLOUR.sub("", line) if coloured else line
    noise = _NOISE.match(plain)
    at = noise.end() if noise else 0
    body = plain[at:].strip()
    if not body or _NOT_AN_ERROR.search(body):
        return None
    if _IN_TEST.match(body):
        if not (failing and _ASSERTED.search(body)):
            return None
    elif not (_ERROR.match(body) or (abroad and _ERROR_ABROAD.match(body))) or (
        _FILE_LINE.match(body) and not _PLACED.match(body)
    ):
        return None
    if coloured:
        return 0, len(line.rstrip())
    start = line.index(body, at)
    return start, start + len(body)


_FILE_LINE = re.compile(r"[^\s:()]+\.\w{1,6}:\d+: ")
# A place without a column is an error's only where the words say so: logs have places, too.
_PLACED = re.compile(
    r"[^\s:()]+\.\w{1,6}:\d+: (?:.*\b(?:[Ee]rror|undefined|cannot|expected|unused|missing|invalid|not)\b)"
)
_HEAD = re.compile(
    r"^(?:Exit code:? -?\d+|Chunk ID: .*|Wall time: .*|Process exited .*|Original token count: .*|Output:|\s*"
    r"|Command: .*|Directory: .*|\[[\w:.-]+\] \$ .*|=== RUN .*)$"
)


def _first_line(said: Said) -> Iterator[Found]:
    """Of a failure in nobody's format, the first line that says something."""
    at = 0
    for line in said.text.split("\n")[:40]:
        body = re.sub(r"</?tool_use_error>", "", line).strip()
        if body and not _HEAD.match(line) and len(line) <= _LONGEST_LINE:
            start = at + line.index(body)
            yield Found("error", _COLOUR.sub("", body), None, start, start + len(body))
            return
        at += len(line) + 1


def _commits(text: str) -> Iterator[Found]:
    for match in _COMMIT.finditer(text):
        yield Found("commit", match.group(2), match.group(3), *match.span(2))
        if match.group(1) != "detached":
            yield Found("branch", match.group(1), None, *match.span(1))
    for match in _BRANCH.finditer(text):
        group = next(n for n in (1, 2, 3) if match.group(n))
        yield Found("branch", match.group(group), None, *match.span(group))


def _is_shell(said: Said) -> bool:
    """A result of a program still running, or of an agent whose every call is a program."""
    return said.agent == "swe-agent" or said.tool in ("write_stdin", "read_bash", "BashOutput", "TaskOutput")
