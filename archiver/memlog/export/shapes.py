"""What paths, users, hosts and addresses look like in texts, also as JSON and other systems write them."""

import re
from ipaddress import ip_address

_EMAIL = r"[\w.%+-]{1,64}(?:@|%40)(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}"
_STOPS = r"\s/\\\"'`<>|:;,()\[\]{}*?\x00-\x1f，。、；：！？（）「」『』【】《》“”‘’"
_PART = rf"(?:[^{_STOPS}]|\\ )+"
_SLASH = r"\\{0,7}/"  # in JSON a slash may be escaped, and that again
_BACK = r"\\{1,8}"
_NAME = rf"[^{_STOPS}%]{{2,64}}"
_HOMES = (
    "home|Users|Benutzer|Utilisateurs|Usuarios|Usuários|Utenti|Gebruikers|Användare|Użytkownicy|Пользователи|用户"
    "|ユーザー"
)
_SPACED = rf"[^{_STOPS}]+(?:\\? [^{_STOPS}]+){{1,4}}"
# Absolute, of a home, of a drive, of a share; a folder's name as Claude Code writes it; percent-encoded;
# relative where a folder precedes a name with an ending.
_PATH = (
    rf"(?:(?<![\w/.:>~\\-])(?:~(?:[A-Za-z_][\w.-]{{1,31}}(?=/))?)?(?:{_SLASH}{_PART})+/?"
    rf"|(?<=\w:)~?(?:/{_PART})+/?"
    rf"|(?<![\w/.:\\-])//[\w.-]{{2,}}(?:/{_PART})+"
    rf"|(?<![\w\\])[A-Za-z]:(?:(?:{_BACK}|/){_PART})+"
    rf"|(?<![\w\\])\\{{2,8}}[\w.-]{{3,}}(?:{_BACK}{_PART})+"
    r"|(?<![\w-])-(?:home|Users)-[\w.-]+"
    r"|(?:%2[Ff][\w.~-]+(?:%20[\w.~-]+)*){2,}"
    rf"|(?<![\w/.:@\\-])(?:\.{{1,2}}/)*(?:[\w.@+-]+/)+[\w.@+-]*\.[A-Za-z]\w{{0,7}}\b)"
)
_IP4 = r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.]*\d)"
_IP6 = r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])"
_LOCAL = r"(?:file|smb|cifs|afp|nfs|vscode(?:-\w+)?|cursor|idea)://[^\s\"'`<>)\]]+"
_LOGIN = r"(?<=://)[^\s/@:\"'<>]{1,64}(?::[^\s/@\"'<>]{0,256})?@"
_URL = r"[A-Za-z][A-Za-z0-9+.-]*://"
AT_HOST = re.compile(r"(?<![\w.+-])[a-z_][a-z0-9_-]{1,31}@[A-Za-z0-9-]{2,63}(?=[:\s]|$)")

SHAPES = re.compile(
    f"(?P<login>{_LOGIN})|(?P<email>{_EMAIL})|(?P<at>{AT_HOST.pattern})|(?P<ip>{_IP4}|{_IP6})"
    f"|(?P<local>{_LOCAL})|(?P<url>{_URL})|(?P<path>{_PATH})"
)
# Where one of them may stand: most words of a text are passed over at their first letter.
TOKEN = re.compile(r"(?<!\S)[^\s/@\\.:%-]*[/@\\.:%-](?:(?<=\\) |\S)*")
# Of these the words hang together: on a drive; between quotes; where a line is one, or says that one follows.
_WORDS = rf"[^{_STOPS}]+(?: [^{_STOPS}]+)"
_ROOT = "/(?:Users|home|Volumes)"
_QUOTED = rf"(?:~|{_ROOT}|/(?:mnt|media|srv|opt|data|tmp|var|private|net|nfs|root|export|scratch|work|share))"
_KEYED = "(?:file_|notebook_|absolute_|dir_)?path|filePath|cwd|workdir"
PATH_KEY = re.compile(_KEYED)
WHOLE = re.compile(r"(?:~[\w.-]*|[A-Za-z]:)?[/\\]")
SPACED = re.compile(
    rf"(?<![\w\\])[A-Za-z]:(?:{_BACK}(?:{_SPACED}(?={_BACK})|{_PART}))+"
    rf"|(?<=[\"'`“]){_QUOTED}(?:/{_WORDS}*)+(?=\\{{0,7}}[\"'`”])"
    rf"|(?P<named>(?:^|(?<=: ))(?:{_KEYED}): )(?P<is>~?/[^\n:]+)$"
    rf"|(?P<key>^(?:\w+: ){{0,2}})"
    rf"(?P<line>{_ROOT}(?:/[^{_STOPS}]+){{0,12}}/{_WORDS}+/{_WORDS}*(?:/{_WORDS}*){{0,12}})$",
    re.M,
)
MAYBE_SPACED = (
    ":\\",
    "/Users/",
    "/home/",
    "/Volumes/",
    "ath: ",
    "cwd: ",
    "workdir: ",
    *(f"{q}{r}" for q in "\"'`“" for r in "~/"),
)
_SEP = rf"(?:{_BACK}/?|/|%2[Ff]|%5[Cc])"
_CALLED = r"[^\W\d_][\w.'’-]{0,30}(?: [^\W\d_][\w.'’-]{0,30}){0,3}"
# What stands before an address in brackets: without it no name before one is looked for, which is dear.
_OPENS = tuple(space + bracket for space in " \t" for bracket in ("<", "&lt;", "\\u003c"))
# Who somebody is, where a text says so: whose home it is, who signed, who is logged in. Each has one group.
USERS = tuple(
    (marks, re.compile(pattern))
    for marks, pattern in (
        (
            tuple(_HOMES.split("|")),
            rf"(?<![\w])(?:{_HOMES}){_SEP}({_NAME}(?:\\? [A-Z]{_NAME})?(?={_SEP})|{_NAME})",
        ),
        (_OPENS, rf"((?:{_CALLED}))[ \t]+(?:<|&lt;|\\u003c)(?:{_EMAIL})(?:>|&gt;|\\u003e)"),
        (("-by:", "-By:"), rf"\b[A-Z][a-z]+(?:-[a-z]+)?-[bB]y: ({_CALLED})"),
        (('"email"',), r'"name"\s*:\s*"([^"\\]{2,60})"\s*,\s*"email"'),
        (('\\"email\\"',), r'\\"name\\"\s*:\s*\\"([^"\\]{2,60})\\"\s*,\s*\\"email\\"'),
        (('"login',), r'\\?"login\\?"\s*:\s*\\?"([\w.-]{2,60})\\?"'),
        (("user.name",), rf"\buser\.name[ =]+(?!(?:and|or|is|are|from|in|to|not)\b|user\.)[\"']?({_CALLED})"),
        (("USER", "LOGNAME", "_NAME="), r"\b(?:SUDO_USER|USER|LOGNAME|USERNAME)=[\"']?([\w.-]{2,64})"),
        (("_NAME=",), rf"\bGIT_(?:AUTHOR|COMMITTER)_NAME=[\"']?({_CALLED})"),
        (("~",), r"(?<![\w~/.:%)\]-])~([a-z_][\w.-]{1,31})/"),
        (
            ("~",),
            r"\b(?:cd|ls|ll|pushd|du|tree|cat|find|rsync|chown|cp|mv)[ \t]+(?:-\w+[ \t]+)*"
            r"~([a-z_][\w.-]{1,31})(?![\w/])",
        ),
        (("author:\t",), r"\bauthor:\t([\w.-]{2,60})"),
    )
)
HOSTS = re.compile(r"\b(?:HOSTNAME|COMPUTERNAME)=[\"']?([\w.-]{2,64})")
NUMBERED = re.compile(r"(.*?\.[A-Za-z]\w{0,7})(-\d+-)(.*)", re.DOTALL)
# What stands behind the @ of a package or an action.
VERSION = re.compile(
    r"(?:v?\d|(?:latest|next|canary|beta|alpha|rc|stable|nightly|main|master|head|workspace|dev|edge|lts)\b)",
    re.I,
)
# A host's name goes with the domain behind it.
DOMAIN = re.compile(r"(<host-\d+>)((?:\.[A-Za-z0-9-]{1,63}){1,5})(?![\w<])")
# What is left of a word a title was cut in: all of it, where it may be an address or a path.
CUT = re.compile(r"(?:[^\s…]*[/@\\%][^\s…]*|[^\s…]{0,64})…$")
INNER = frozenset(("local", "lan", "internal", "intranet", "corp", "home", "localdomain", "fritz"))
MARKED = re.compile(r"[/@\\%0-9]|::|-home-|-Users-")  # what every one of the shapes has
# Endings that stay: of any other nobody knows whether it is one, or half of a name.
ENDINGS = frozenset((
    "c", "cc", "cfg", "conf", "cpp", "cs", "css", "csv", "db", "diff", "go", "gz", "h", "hpp", "html",
    "ini", "ipynb", "java", "jpg", "js", "json", "jsonl", "jsx", "kt", "lock", "log", "lua", "md", "mjs",
    "mod", "patch", "pdf", "php", "pl", "png", "proto", "ps1", "py", "rb", "rs", "rst", "scss", "sh",
    "sql", "sqlite", "sum", "svg", "swift", "tar", "tf", "toml", "ts", "tsx", "txt", "vue", "xml",
    "yaml", "yml", "zig", "zip",
))  # fmt: skip
# Names everybody has say nothing of anybody, and stand in words of their own.
ANYBODYS = frozenset((
    "root", "user", "users", "admin", "runner", "ubuntu", "debian", "agent", "node", "work", "home",
    "public", "shared", "default", "guest", "test", "dev", "git", "www", "localhost", "app", "build",
    "data", "code", "src", "tmp", "var", "usr", "opt", "the", "and", "for", "with", "from", "author",
    "co-authored-by", "path", "email", "host", "claude", "copilot", "codex", "gemini", "dependabot",
    "github-actions", "bot", "noreply", "name", "none", "null", "true", "false",
))  # fmt: skip
OPEN = ("/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/bin/sh", "/bin/bash", "/usr/bin/env")


def is_somebodys(said: str) -> bool:
    """Whether it is an address of a machine, not of every machine, nor a time or a name like a::b."""
    if ":" in said and sum(map(bool, said.split(":"))) < 3:
        return False
    try:
        found = ip_address(said)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified)
