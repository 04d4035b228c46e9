"""What paths, users, hosts and addresses look like in texts, also as JSON and other systems write them."""

import re
from ipaddress import ip_address

EMAIL = r"[\w.%+-]{1,64}(?:@|%40)(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}"
_STOPS = r"\s/\\\"'`<>|:;,()\[\]{}*?\x00-\x1f，。、；：！？（）「」『』【】《》“”‘’"
_PART = rf"(?:[^{_STOPS}]|\\ )+"
_SLASH = r"\\{0,7}/"  # in JSON a slash may be escaped, and that again
BACK = r"\\{1,8}"
NAME = rf"[^{_STOPS}%]{{2,64}}"
HOMES = (
    "home|Users|Benutzer|Utilisateurs|Usuarios|Usuários|Utenti|Gebruikers|Användare|Użytkownicy|Пользователи|用户"
    "|ユーザー"
)
_SPACED = rf"[^{_STOPS}]+(?:\\? [^{_STOPS}]+){{1,4}}"
# Looked at behind the letter, which few places have; also as \\?\C:
_DRIVE = r"[A-Za-z]:(?=[\\/])(?:(?<![\w\\]..)|(?<=\?\\..)|(?<=\?\\\\..)|(?<=\?\\{4}..))"
# Percent-encoded once or several times.
_ENCODED = r"%(?:25){0,3}"
_PERCENT = (
    rf"(?:{_ENCODED}(?:2[Ff]|5[Cc])){{1,4}}"
    rf"(?:[\w.~$+-]|{_ENCODED}(?!2[Ff5]|5[Cc])[0-9A-Fa-f]{{2}}){{1,255}}"
)
# Of a folder that the environment names.
_VARIABLE = r"(?:%\w{3,32}(?:\(x86\))?%|\$env:\w{3,32}|\$\{?(?:HOME|USERPROFILE)\}?)"
# Absolute, of a home, of a drive, of a share, of a variable; a folder's name as Claude Code writes it;
# percent-encoded; relative where a folder precedes a name with an ending.
_PATH = (
    rf"(?:(?<![\w/.:>~\\-])(?:~(?:[A-Za-z_][\w.-]{{1,31}}(?=/))?)?(?:{_SLASH}{_PART})+/?"
    rf"|(?<=\w:)~?(?:/{_PART})+/?"
    rf"|(?<![\w/.:\\-])//[\w.$-]{{2,}}(?:/{_PART})+"
    rf"|{_DRIVE}(?:(?:{BACK}|/){_PART})+"
    rf"|(?<![\w\\])\\{{2,8}}(?:\?{BACK}UNC|[\w.$-]{{3,}})(?:{BACK}{_PART})+"
    rf"|(?=[%$])(?<![\w$%]){_VARIABLE}(?:(?:{BACK}|/){_PART})+"
    r"|(?<![\w-])-(?:home|Users)-[\w.-]+"
    rf"|(?:(?<![A-Za-z0-9])[A-Za-z](?:{_ENCODED}3[Aa]|:){_PERCENT}|{_PERCENT}(?={_ENCODED}(?:2[Ff]|5[Cc])))(?:{_PERCENT})*"
    rf"|(?<![\w/.:@+\\-])(?:[\w.@+-]+/)+[\w.@+-]*\.[A-Za-z]\w{{0,7}}\b)"
)
_IN_IP4 = r"(?:(?:25[0-5]|2[0-4]\d|[01]?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|[01]?\d?\d)"
_IP4 = rf"(?<![\w.]){_IN_IP4}(?![\w.]*\d)"
_IP6 = rf"(?<![\w:])(?:[0-9A-Fa-f]{{0,4}}:){{2,7}}(?:{_IN_IP4}|[0-9A-Fa-f]{{0,4}})(?:%\w{{1,16}})?(?![\w:])"
IP = rf"(?:{_IP4}|{_IP6})"
_LOCAL = r"(?:file|smb|cifs|afp|nfs|vscode(?:-\w+)?|cursor|idea)://[^\s\"'`<>)\]]+"
_LOGIN = r"(?<=://)[^\s/@:\"'<>]{1,64}(?::[^\s/@\"'<>]{0,256})?@"
_URL = r"[A-Za-z][A-Za-z0-9+.-]{0,31}://"
AT_HOST = re.compile(r"(?<![\w.+-])[a-z_][a-z0-9_-]{1,31}@[A-Za-z0-9-]{2,63}(?=[:\s]|$)")

SHAPES = re.compile(
    f"(?P<login>{_LOGIN})|(?P<email>{EMAIL})|(?P<at>{AT_HOST.pattern})|(?P<ip>{IP})"
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
# Of a drive, a share, a variable: whatever stands between the quotes.
_ROOTED = (
    rf"(?:(?:{BACK}\?{BACK})?[A-Za-z]:(?:{BACK}|/)|\\{{2,8}}(?:\?{BACK}UNC|[\w.$-]{{3,64}}){BACK}"
    rf"|//[\w.$-]{{2,64}}/|{_VARIABLE}(?:{BACK}|/))"
)
_TO_QUOTE = "|".join(rf"(?<={q}){_ROOTED}[^{q}\n<>|]{{1,400}}?(?=\\{{0,7}}{q})" for q in "\"'`")
SPACED = re.compile(
    rf"(?<=[\"'`])(?:{_TO_QUOTE})"
    rf"|{_DRIVE}(?:{BACK}(?:{_SPACED}(?={BACK})|{_PART}))+"
    rf"|(?<=[\"'`“]){_QUOTED}(?:/{_WORDS}*)+(?=\\{{0,7}}[\"'`”])"
    rf"|(?P<named>(?:^|(?<=: ))(?:{_KEYED}): )(?P<is>(?:~?/|[A-Za-z]:[\\/])[^\n:]+)$"
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
    *(f"{q}{r}" for q in "\"'`“" for r in ("~", "/", "\\\\", "%", "$")),
    *(f"{drive}:/" for drive in "CDEFcdef"),
)
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
    # of services, groups and machines
    "postgres", "postgresql", "mysql", "mariadb", "redis", "mongo", "mongodb", "elastic", "rabbitmq", "kafka",
    "nginx", "apache", "www-data", "daemon", "nobody", "system", "systemd", "sshd", "syslog", "backup",
    "mail", "staff", "wheel", "sudo", "adm", "docker", "jenkins", "vagrant", "ec2-user", "centos", "fedora",
    "sys", "bin", "man", "games", "news", "list", "proxy", "dialout", "cdrom", "plugdev",
    "lxd", "audio", "video",
    "dip", "netdev", "messagebus", "administrator", "service", "server", "client", "database", "cache", "web",
    "api", "backend", "frontend", "nogroup", "tty", "disk", "kvm", "render", "input",
    "assistant", "human", "string", "undefined", "example", "foo", "bar", "username", "password", "login",
    "anonymous", "self", "broadcasthost", "ip6-localhost", "ip6-loopback", "ip6-allnodes", "ip6-allrouters",
))  # fmt: skip
_ZEROS = re.compile(r"\b0+(?=\d)")
# fe80::1, but not ab::cd
_OF_A_LINK = re.compile(r"(?:fe[89ab][0-9a-f]|f[cd][0-9a-f]{2}|2[0-9a-f]{3})::[0-9a-f]*\d", re.I)
OPEN = ("/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/bin/sh", "/bin/bash", "/usr/bin/env")


def is_somebodys(said: str) -> bool:
    """Whether it is an address of a machine, not of every machine, nor a time or a name like a::b."""
    if ":" not in said:
        said = _ZEROS.sub("", said)
    elif sum(map(bool, said.split(":"))) < 3 and "." not in said and not _OF_A_LINK.match(said):
        return False
    try:
        found = ip_address(said)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified)
