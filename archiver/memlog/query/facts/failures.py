"""Error messages in what a program printed, a line each, in the words of compilers, runtimes, shells and servers."""

import re
from collections.abc import Collection, Iterator

from memlog.query.facts import beside, mishaps
from memlog.query.facts.calls import Found
from memlog.query.facts.lines import any_word, hot_lines

COLOUR = re.compile(r"\x1b\[[\d;]*[A-Za-z]|\x1b\][^\x07\\]*(?:\x07|\\)")
LONGEST_LINE = 2_000
_MOST_LINES = 200  # of one answer; what is more says the same again
_ANY = re.compile(r"\S")
_TALKERS = frozenset(
    ("make", "gmake", "docker", "cargo", "git", "sudo", "env", "time")
)  # say other things, too
_NEXT = 2  # characters between lines that follow one another, or have an empty one between them
_SHORT = 6  # lines of an answer that says little else
_QUOTED_FROM = 1_200  # characters; behind them, what a reader prints is a file's

# Words an error line has, in lower case: lines without one, a place or a name of the system's are not looked at.
_HOT_WORDS = (
    "erro", '"level":50', '"level":60', "err!", "err_", "fatal", "critical", "panic", "exception", "not found", "no such", "denied", "no matches found",
    "could not", "cannot", "can not", "can't", "conflict", "timed out", "timeout", "unable to", "not allowed",
    "are ignored by", "exit status", "✖", "*** ", "http", "killed", "aborted", "core dumped", "dumped core",
    "not permitted", "due to an", "[rejected]", "code 1", "code 2", "code 3", "code 4", "code 5", "code 6", "code 7",
    "code 8", "code 9", "code: ", "status 4", "status 5", "uncaught", "unhandled", "segmentation", "assert", "refused", "failed",
    "failure", "fehler", "шибка", "错误", "エラー", "失败", "失敗", "undefined", "is required", "build stopped", "unknown",
    "unrecognized", "invalid", "illegal", "not recognized", "unterminated", "unmatched", "elifecycle", "not valid",
    "expecting value", "already exists", "directory", "busy", "left on device", "broken pipe", "file system", "too long",
    "too many open", "format error", "file exists", "could", "unexpected", "statuscode", "caused by", "does not", "denied", "unbound",
)  # fmt: skip
_HOT = any_word(*_HOT_WORDS)
_PLACE = re.compile(r":\d+: ")
_CODE = re.compile(r"E[A-Z]{5,12}: ")
_BARE = re.compile(r"\nE: ")
# The same of systems that speak another language.
_FAILS_ABROAD = (
    r"fehlgeschlagen|nicht gefunden|konnten? nicht \w+ werden|[Zz]ugriff verweigert|[Kk]eine Berechtigung|falhou"
    r"|[Nn]ão (?:foi possível|encontrad[oa]|pôde|existe)|[Pp]ermissão negada|[Нн]е удалось|не найден\w*|[Нн]ет такого файла"
    r"|[Оо]тказано в доступе|[Нн]евозможно|无法|未找到|找不到|没有那个文件|失败|拒绝|权限不足|できません|見つかりません|失敗|拒否|権限がありません"
)
_ABROAD_WORDS = (
    "fehlgeschlagen", "nicht gefunden", "konnte", "verweigert", "berechtigung", "falhou", "não ", "permissão", "не ", "нет ",
    "отказано", "невозможно", "无法", "未找到", "找不到", "没有", "失败", "拒绝", "权限", "できません", "見つかりません", "失敗",
    "拒否", "ありません",
)  # fmt: skip
_HOT_ABROAD = any_word(*_HOT_WORDS, *_ABROAD_WORDS)
# Of a program's answer more lines are looked at.
_WIDE_WORDS = (
    "error", "erro", "fail", "not ", "n't", "unable", "invalid", "missing", "unsupported", "unexpected", "unre",
    "undeclared", "unauthor", "forbidden", "no such", "no matching", "no available", "no valid", "no solution", "no virtual", "no module",
    "no default", "no space", "no route", "no tty", "no project", "no tests", "no inputs", "no internet", "no permission", "no config", "no longer", "permission", "connection", "timeout", "timed", "out of", "too many", "bad ",
    "malformed", "corrupt", "abort", "terminated", "halted", "must ", "400", "401", "402", "403", "404", "405", "409", "41", "422", "429", "500", "502", "503", "504", "signal", "! ", "exceed", "mismatch",
    "wrong", "conflict", "required", "e: ", "would be", "would reformat", "unhealthy", "attempt", "expired", "crash", "psql", "interrupt", "e0", "duplicate", "incompat",
    "expect(r", "expect(j", "expect(l", "expect(p", "reformat", "no files", "unsatisf", " file would", "integer expression", "operator", "division by", "bad minute", "md0", "━━━━", "hunk", "completed 4", "completed 5", "unused dep", "unlisted", "unused f", "unused exp", "no package", "raised", "sanitizer", "what()", "terminate c", "severe", "did ", "exited, ", ": exit ", "offense", " issues", "expected ", "signal ", "redeclared", "× ", "✗ ", "❌", "✘ ", "⨯ ", "style issues", "━━━", '"level":5', '"level":6', "already", "(error)", "parse error", "pdo", "failure", "🔴", "💥",
)  # fmt: skip
_HOT_WIDE = any_word(*_HOT_WORDS, *_WIDE_WORDS)
_WIDE_ABROAD = (
    "nicht", "kein", "ungültig", "unbekannt", "schlug fehl", "abgebrochen", "no se ", "falh", "falló", "fallid", "fallaron", "inexist", "encontrad", "negad",
    "inválid", "introuv", "impossib", "échec", "échou", "refus", "n'existe", "non trovat", "non riuscit", "non valid", "non esiste", "non è", "non disponibile", "gagal", "tidak", "bulunamad", "hata",
)  # fmt: skip
_HOT_WIDE_ABROAD = any_word(*_HOT_WORDS, *_ABROAD_WORDS, *_WIDE_WORDS, *_WIDE_ABROAD)
_ABROAD_ASCII = (
    "nicht", "kein", "konnte", "verweigert", "fehl", "erro ", "errore", "error al ", "error en ", "falh", "negad", "inexist", "introuv", "impossib", "refus",
    "no se ", "no existe", "no es ", "non ", "denegad", "encontrad", "fallid", "gagal", "no puede", "n'a pas", "n'est pas", "ne peut", "trovat", "ungueltig", "tidak", "bulunamad", "hata",
)  # fmt: skip
_HOTTEST = {
    (True, True): _HOT_WIDE_ABROAD, (True, False): _HOT_WIDE, (False, True): _HOT_ABROAD, (False, False): _HOT,
}  # fmt: skip
_HOT_WORDLESS = re.compile(r"[^\x00-\u024f\u2000-\u2bff]")
_ERROR_ABROAD = re.compile(rf"(?:[^.!?。]{{0,120}}: ?)?[^.!?。:]{{0,80}}(?:{_FAILS_ABROAD})(?!.*的问题)")

_COMPILERS = (
    r"(?:[^\s:()]+\.\w{1,6}|\(eval\)):\d+:(?:\d+:)? .*\S",  # and linters and scripts
    r"[^\s:()]+\.\w{1,6}\(\d+,\d+\): error .*\S|[^\s:()]+\.\w{1,6}:\d+:\d+ - error .*\S|\d+:\d+ +error  .*\S|\S+: line \d+, col \d+, Error - .*|\S*[^\s:]:\d+(?::\d+)? (?:error )?[A-Z]{1,8}\d{2,5}\b.*|.*\^-*\^? SC\d+ \(error\): .*|\d+:\d+ +[✖×] +\S.*",
    r"error\[E\d+\]: .*|error:? [A-Z]{1,6}\d+: .*|(?:\S*[/ ])?ld(?:\.\w+)?: .*|.*: undefined (?:reference to|symbol)\b.*|undefined: \w+|[Uu]ndefined symbols? .*",
    r"\[ERROR\] \S.*|FAILURE: \S.*|(?:\[INFO\] )?BUILD FAIL(?:ED|URE)\b.*|Build FAILED\.?|Failed to compile\.?|ninja: build stopped: .*|CMake Error\b.*",
    r"g?make(?:\[\d+\])?: \*\*\* .*|[✘×] \[ERROR\] .*|✖ .*|(?:Found |Summary: )?(?:\d+ \w+(?:,| and) )*[1-9]\d* (?:errors?|problems?)\b(?:[,.] .*|\.|$)|[1-9]\d* issues? found\b.*|[\w-]+ found [1-9]\d* errors?\b.*|Found (?:\d+ warnings? and )?[1-9]\d* errors?\b.*|error during build:.*|Module not found: .*",
)
_RUNTIMES = (
    r"(?:\w+::)*(?:\w+\.)*\w*(?:Error|Exception)(?: \[\w+\])?: .*\S|(?:[\w.]+\.)?[A-Z]\w*Error$|thread '.*' (?:\(\d+\) )?panicked at .*|ImportError while (?:importing|loading) .*|\d+ validation errors? for \w+.*|.{0,120}\{\"level\":(?:50|60|\"(?:error|fatal)\"),.*|\w*(?:Error|Exception)Group: .*|E  +Failed: .*|E  +fixture .* not found|E  +(?:(?:\w+\.)*\w*(?:Error|Exception|Exit|Warning)\b|assert ).*",
    r"expect\((?:received|jest\.fn\(\)|locator|page|promise|value|string|array|object|function|element)?\)(?:\.\w+)*\.to\w+\(.*|\[signal SIG\w+.*|.{0,80}\bUncaught \w*(?:Error|Exception)\b.*|.{0,80}\bAssertion [`'\"‘].*['’\"`] failed\.?|terminate called .*|what\(\): .*|SUMMARY: \w+Sanitizer: .*|\d+\. +\w*(?:Error|Exception) +\S.*|UnhandledPromiseRejectionWarning: .*|(?:Uncaught|Unhandled) .*(?:Error|Exception|rejection)\b.*|(?:Exception in thread|Caused by:|FATAL ERROR:|Unhandled exception) ?.*\S|.*\(\w+(?:::\w+)*Error\)|rake aborted!",
    r".*\bSegmentation fault.*|Killed|Aborted(?: \(.*\))?|.*\(core dumped\).*|.*\bdumped core|E[A-Z]{5,12}: \S.*|Expecting value: .*|(?:PHP )?(?:Fatal|Parse|Type|Syntax|[Cc]ompile|[Rr]untime|[Bb]uild) error(?: near line \d+)?: .*",
    r"\[?\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-][\d:]+)?\]?:? (?:[A-Z]{3,4} )?(?:\[?[\w.:-]+\]? )?(?:- )?(?:\S+ - )?\[?(?:ERROR|FATAL|CRITICAL|error|fatal)\b.*",
)
_SHELLS = (
    r"\S*: command not found.*|\S+: line \d+: \S.*|\S*: (?:line \d+|\d+): .*(?:not found|error|No such|denied|unbound).*|.*(?:: [Nn]o such file or directory|: (?:[Oo]peration not permitted|[Ii]s a directory|[Nn]ot a directory|[Nn]o space left on device"
    r"|[Rr]ead-only file system|[Aa]ddress already in use|[Bb]roken pipe|[Tt]ext file busy|[Dd]evice or resource busy|[Ff]ile exists|[Tt]oo many open files|[Aa]rgument list too long|[Ee]xec format error)|: [Pp]ermission denied|: command not found|: not found|: no matches found"
    r"|\bConnection refused|\bwas refused\b|\bdue to an? (?:\w+ )?(?:error|failure)|\b[Cc]ould not be (?:reached|found|opened|read|resolved|loaded|parsed|written|created|located|started))\b.*",
    r"(?:go|bash|sh|zsh|rg|grep|ls|cp|mv|rm|sed|git|sudo|find|tar|awk|curl|wget|jq|make|ssh|scp|tr|sort): +\S.*|.*\bis not recognized as .*",
    r"(?:[\w.-]+: +)?(?:[Uu]nknown|[Uu]nrecognized|[Ii]nvalid|[Ii]llegal|[Uu]nexpected) (?:option|command|flag|argument|subcommand|arguments|revision|value|configuration|character|host)s?\b.*",
    r"(?!Process exited|Exit code)[\w ,-]{0,40}\bexit(?:ed|ing)? (?:with )?(?:code|status):? [1-9]\d*\.?|\S+: exit [1-9]\d* \(.*|.{0,60}\bMain process exited, code=(?!exited, status=0).*|exit status [1-9]\d*|\w+: +cannot \w+ .*\S",
)
_TOOLS = (
    r"npm ERR! \S.*|(?:npm|pnpm|yarn|error) (?:error|ERR!?|Command failed) .*\S|ERR_[A-Z_]+ .*|(?:\S+: )?ELIFECYCLE .*|error [A-Z]\S+ .*|(?:yarn|pnpm) run: error .*",
    r"[\w-]+ ERR! (?!System\b|cwd\b|node -v|stack at\b|command\b|\S+ v\d).*\S|ERROR SUMMARY: [1-9].*|Completed [45]\d\d\b.*|\[\w*Error: .*|Un(?:used|listed|resolved) \w+ \(\d+\)|(?:\w+: )?\[(?:emerg|alert|crit)\] .*|Assertion with \S+ failed|Code style issues .*|\d+ files? would \w+.*|Because .*\b(?:unsatisfiable|version solving failed|incompatible)\b.*|Hunk #\d+ FAILED .*|\d+ out of \d+ hunks? FAILED.*|[A-Z]+(?: [A-Z]+)* FAILED(?: [A-Z]+)*|[\w/. -]+ test failed|(?:[\w-]+ - )?[\w./-]+ (?:script|hook|command|step|task|job|build|test|check|process) failed(?: \(.*\)| with .*)?[.!]?|CONFLICT \(.*|! \[(?:remote )?rejected\] .*|remote: (?:Permission|[Ee]rror|fatal|ERROR|Repository|Invalid|Support).*|The following paths are ignored by .*|.*\bverification failed\.?",
    r"[Ee]rror (?:response )?from (?:daemon|server)\b.*|(?:docker|ssh|ld|kubectl|helm|terraform|psql|mysql): (?:.*\b(?:[Ee]rror|not found|[Cc]ould not|[Cc]annot|denied)\b.*)|E: \S.*|dpkg: error .*",
    r"(?:time=\S+ )?level=(?:error|fatal) .*|ERROR +\S.*|\{\"error\": ?[\"{].*|sudo: .*",
)
_SERVERS = (
    r"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) /\S* [45]\d\d\b.*|.*[\"\']statusCode[\"\']: ?[45]\d\d\b.*|.*\balready exists[.:]?$|.*\b(?:got an unexpected keyword argument|missing \d+ required positional)\b.*|HTTP(?:/[\d.]+)? [45]\d\d\b.*|.*HTTP/[\d.]+\\?\" [45]\d\d\b.*|.*\(HTTP [45]\d\d\).*|.*\bstatus(?: code)?:? [45]\d\d\b.*|.*returned error: [45]\d\d.*|[45]\d\d (?:Client|Server) Error\b.*",
)
# A log's line by its severity, whatever stands before it: a time, a process, a name.
_LOGGED = r"(?=[\[(\d<]|[A-Z][a-z]{2} \d)[^\"']{0,90}?[\s\[(|<:](?:ERROR|CRITICAL|FATAL|SEVERE|PANIC|EMERG(?:ENCY)?|ALERT)(?:[\]):/|>]|\s).{0,40}\S.*"
_ANYONE = (
    _LOGGED,
    r"(?:[\w./@\[\]:-]{1,40}: ){0,2}(?:(?:syntax|type|fatal|internal|runtime|compile|build|npm) )?"
    r"(?:[Ee]rror|ERROR|[Ff]atal|FATAL|[Pp]anic|PANIC)(?: ?\[\w+\]| ?\([^)]*\)| \d+ \(\w+\))?: +.*\S",
    r"(?:\w+: )?[Cc]ould not \w+ .*\S|(?:\[[\w:-]+\]:? )?(?:Warning: )?(?:\w+ )?[Ff]ailed to \w+\b.*|[A-Z]\w+(?: [\w/-]+){0,3} failed(?: (?:\(|with|after|at|in|to)\b.*|\s\(.*|: .*|[.!]?|; .*)",
    r"(?:\w+ ){0,2}(?:\w*[Ff]ehler|[Ee]rro|[Оо]шибка|[\u3040-\u30ff\u4e00-\u9fff]{0,8}(?:错误|エラー|失败|失敗))(?: \w+)?[:：] ?\S.*",
    r".*: [\w ]{0,30}not found|.*\breported an error: .*|\[[A-Za-z ]*(?:ERROR|error)\] ?.*\S|Timeout waiting .*|.*\b[Tt]imed out\b.*|[Uu]nable to .*\S",
    r"Cannot (?:find|read|resolve|open|connect|access)\b.*|Error (?!handling|messages?|reporting)\w+ing \S.*|.*\b(?:[Ee]rror): (?:[a-z]\S+ ){2,}.*\S",
)
_ERROR = re.compile("|".join((*_COMPILERS, *_RUNTIMES, *_SHELLS, *_TOOLS, *_SERVERS, *_ANYONE)))
_IN_TEST = re.compile(r"[^\s:]+_test\.go:\d+: ")
_ASSERTED = re.compile(
    r"[Ee]xpected|[Ss]hould|[Ii]ncorrect|wrong|\bgot\b|\bwant\b|[Ee]rror|[Ff]ail|[Uu]nexpected|[Mm]issing|must\b|overwritten"
)
_NOISE = re.compile(
    r"^(?:#\d+ (?:\d+\.\d+ )?|\d+\.\d{3} (?=[A-Za-z])|\d{1,2}:\d\d:\d\d(?:[.,]\d+)?(?: [AP]M)? +(?:- )?|\(node:\d+\) |==\d+==\s*|\[!\] |\[[A-Z]\w{2} [A-Z]\w{2} +\d+ [\d:.]+ \d{4}\] (?:\[\S+ )*|[\w.-]+-\d+ +\| |\|(?= {1,3}[^|]*$)|[╰├]─▶|└ |[ .\d%:-]+(?=curl: \()|[\u2500-\u257f\u2800-\u28ff ▶]+|##\[error\]|\[(?!ERROR|error|INFO|\d{4}-)[\w:./-]+\]:? ?|Rebasing \(\d+/\d+\)\r?)+"
)
_FRAMED = re.compile(r"\s*(?:\[|[\u2500-\u257f])")  # what `mishaps` reads itself
_NOT_AN_ERROR = re.compile(
    r"^(?!\[INFO\] BUILD FAILURE|\[warn\] Code style)\[?(?:hint|warning(?!.{0,160}\b(?:failed to|could not|unable to|raised exception|(?:is|was|were|are) not found|No available formula))|note|info|debug|w(?=: )|\d{4}-\d\d-\d\d[T ]\S+ +\[?WARN(?:ING)?(?!.{0,160}\b(?:failed|could not|unable to|raised|cannot)))\b(?!.*(?:HTTP/[\d.]+\\?\" [45]\d\d|[\"\']statusCode[\"\']: ?[45]\d\d))|\b0 errors?\b|--- (?:PASS|FAIL|SKIP): |^(?!what\(\)|expect\((?:received|jest|locator|page|promise)\b)\w+\(|^ok\s|^(?-i:FAIL|FAILED|PASS)\s|^\[ERROR\] Tests run"
    r"|^(?:[^\s:]+:\d+(?::\d+)?:? (?:- )?|\d+:\d+ +)(?:context|note|info|hint|warning|warn|remark)\b"
    r"|^ERROR(?: \S+::|: \w+ \([\w.]+\))|^The command exited with code \d+\.?$|^Error: (?:=+ |\? |[.FEsx]{6,}|(?:Compiling|Checking|Building|Running) |Exit code:? -?\d+$|> \S+@\d|\(node:\d+\) |std(?:err|out) \| |### |[\u2500-\u257f\u23af]{3})",
    re.I,
)
# What goes with an error and says nothing of it: advice, where a log is, a line of the code, a pointer into it.
_BESIDE = re.compile(
    r"(?:\+ )?(?:Exception Group )?Traceback \(most recent|may have crashed in this|This error originated in [\"']|Stopping at filesystem boundary|>  +\S|(?:\w+ )*A complete log of this run|[`└╰][─-]+ (?!▶)|\S+: line \d+: warning:"
    r"|\[error\](?: {2,}|\s+[\^~]|\s*Total time|\s*$)|(?:\[ERROR\]|npm ERR!|npm error)(?:\s+(?:To see the full|Re-run Maven|For more information|\[Help \d|-> \[Help|Please refer to|After correcting|mvn <|Fix the upstream|this command with|/\S+$|Usage:|Options:|Run \"|-{1,2}\w|\[-)|$)"
    r"|https?://\S+(?: --.*)?$|.*\^-*\^? SC\d+ \((?:info|warning|style)\)|Some errors have detailed|For more information about"
)
_FILE_LINE = re.compile(r"[^\s:()]+\.\w{1,6}:\d+: ")
# A place without a column is an error's only where the words say so: logs have places, too.
_PLACED = re.compile(
    r"[^\s:()]+\.\w{1,6}:\d+: (?:.*\b(?:[Ee]rror|undefined|cannot|expected|unused|missing|invalid|not)\b)"
)
# What a traceback ends with is its error, whatever it is called.
_TRACED = re.compile(
    r"^([ \t]*)Traceback \(most recent call last\):\n(?:\1[ \t]+.*\n)+\1([\w.]+(?:: .*)?)$", re.M
)


def errors(
    text: str,
    *,
    failed: bool = False,
    reads: bool = False,
    printed: bool = False,
    except_at: frozenset[int] = frozenset(),
    results: Collection[int] = (),
    names: Collection[str] = (),
) -> Iterator[Found]:
    """Error messages, a line each.

    failed: the host says so. reads: of what the text quotes none is an error. printed: nothing but a program wrote it.
    results: where lines begin that are a test's result already. names: of programs of a command that failed.
    except_at: where somebody speaks; words of a program's alone make an error of it.
    """
    failing = "--- FAIL" in text or "\nFAIL" in text
    found = 0
    folded = text.lower()
    folded = folded if len(folded) == len(text) else text
    abroad = not text.isascii() or any(word in folded for word in _ABROAD_ASCII)
    marked = beside.told(text) if printed or not reads else frozenset()
    marked |= _named(text, names) if names else frozenset()
    traced = {match.start(2) for match in _TRACED.finditer(text)} if "Traceback (" in text else set()
    hot = _HOTTEST[printed, abroad]
    few = text.count("\n") <= _SHORT
    claimed = not reads and (failed or few)
    loose = claimed and failed and few
    more = (*((_HOT_WORDLESS,) if printed and abroad else ()), *((_ANY,) if loose else ()))
    last = -_MOST_LINES  # where the last line ends that says what failed: what goes on is of it
    for start, end in hot_lines(text, hot, _PLACE, _CODE, _BARE, *more, folded=folded):
        if end - start > LONGEST_LINE or (reads and start > _QUOTED_FROM) or start in marked:
            continue
        if start in results:
            continue
        speaks = start in except_at
        span = _error(
            text[start:end],
            failing,
            abroad and not speaks,
            printed=printed and not speaks,
            claimed=claimed or (printed and start - last <= _NEXT),
            loose=loose,
        )
        if span is not None:
            found += 1
            last = end
            traced.discard(start + span[0])
            yield _found(text, start + span[0], start + span[1])
            if found == _MOST_LINES:
                break
    for at in sorted(traced | (marked - set(results)))[:_MOST_LINES]:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if end - at <= LONGEST_LINE:
            yield _found(text, at, end)


def _named(text: str, names: Collection[str]) -> frozenset[int]:
    """Where lines begin in which a program that failed says why, as programs do: behind its name."""
    known = "|".join(re.escape(name) for name in names if name not in _TALKERS)
    if not known:
        return frozenset()
    line = re.compile(rf"^(?:\S*/)?(?:{known}): +(?!\w+ing\b|warning|note|info|usage|v?\d)\S.*$", re.M)
    return frozenset(match.start() for match in line.finditer(text) if mishaps.loosely(match.group()))


def _found(text: str, start: int, end: int) -> Found:
    return Found("error", COLOUR.sub("", text[start:end]).strip(), None, start, end)


def _error(
    line: str,
    failing: bool,
    abroad: bool,
    *,
    printed: bool = False,
    claimed: bool = False,
    loose: bool = False,
) -> tuple[int, int] | None:
    """Where in a line its message stands; None where it is none."""
    coloured = "\x1b" in line
    plain = COLOUR.sub("", line) if coloured else line
    noise = _NOISE.match(plain)
    at = noise.end() if noise else 0
    body = plain[at:].strip()
    if not body or _NOT_AN_ERROR.search(body):
        return None
    if _IN_TEST.match(body):
        if not (failing and _ASSERTED.search(body)):
            return None
    elif (
        not (_ERROR.match(body) or (abroad and _ERROR_ABROAD.match(body)))
        or (_FILE_LINE.match(body) and not _PLACED.match(body))
    ) and not (
        printed
        and _goes_wrong(plain.strip() if at == 0 or _FRAMED.match(plain) else body, claimed, loose, abroad)
    ):
        return None
    if _BESIDE.match(body) or (at and _BESIDE.match(plain.strip())):
        return None
    if coloured:
        return 0, len(line.rstrip())
    start = line.index(body, at)
    return start, start + len(body)


def _goes_wrong(body: str, claimed: bool, loose: bool, abroad: bool) -> bool:
    return (
        (loose and mishaps.loosely(body))
        or mishaps.begins(body)
        or (claimed and mishaps.claims(body))
        or (abroad and mishaps.abroad(body))
    )
