"""Where a text says who somebody is, and which machine: names to hide wherever else they stand."""

import re
from collections.abc import Iterator

from memlog.export.shapes import ANYBODYS, AT_HOST, BACK, EMAIL, ENDINGS, HOMES, IP, NAME, VERSION

_SEP = rf"(?:{BACK}/?|/|%(?:25){{0,3}}(?:2[Ff]|5[Cc]))"
_CALLED = r"[^\W\d_][\w.'’-]{0,30}(?: [^\W\d_][\w.'’-]{0,30}){0,3}"
_FULL = r"[^\W\d_a-z][\w.'’-]{0,30}(?: [^\W\d_][\w.'’-]{0,30}){0,3}"
_LINE = r"(?:^|(?<=\\n))[ \t]{0,8}"  # also of a text within JSON
_LOGIN = r"[A-Za-z_][\w.+-]{1,31}"
_JSON = r"\\{0,7}\"\s{0,4}:\s{0,4}\\{0,7}\""
# Of these a program takes the name out of a variable of its own.
_CODE = (
    r"(?!\w*(?:user|name|host|environ|self)\b"
    r"|(?:self|args|config|cfg|settings|options|opts|params|os|process|env|req|request|this|ctx)\b)"
)


def _compiled(*found: tuple[tuple[str, ...], str]) -> "tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]":
    return tuple((marks, re.compile(pattern, re.M)) for marks, pattern in found)


# What must be in a text before its pattern is tried, which is dear; every group of it is a name.
_USERS = _compiled(
    (
        tuple(HOMES.split("|")),
        rf"(?:(?<!\w)|(?<=2[Ff])|(?<=5[Cc]))(?:{HOMES}){_SEP}({NAME}(?:\\? [A-Z]{NAME})?(?={_SEP})|{NAME})",
    ),
    (("-by:", "-By:"), rf"\b[A-Z][a-z]{{1,20}}(?:-[a-z]{{1,20}})?-[bB]y: ({_CALLED})"),
    (("uthor:", "ommitter:", "agger:"), rf"{_LINE}(?:Author|Committer|Tagger):[ \t]{{1,8}}({_FULL})"),
    (("@author",), rf"@author[ \t]{{1,8}}({_FULL})"),
    (("email",), rf"\"name{_JSON}([^\"\\]{{2,60}})\\{{0,7}}\"\s{{0,4}},\s{{0,4}}\\{{0,7}}\"email\\{{0,7}}\""),
    (('"login', '"user'), rf"\"(?:login|user(?:_?name|Name|_?id|Id)?){_JSON}({_LOGIN})\\{{0,7}}\""),
    (("user.name",), rf"\buser\.name[ =]+(?!(?:and|or|is|are|from|in|to|not)\b|user\.)[\"']?({_CALLED})"),
    (("name = ",), rf"{_LINE}name = [\"']?{_CODE}({_CALLED})[\"']?(?:\n|\\n)\s{{0,8}}email = "),
    (("USER", "LOGNAME", "_NAME="), r"\b(?:SUDO_USER|USER|LOGNAME|USERNAME)=[\"']?([\w.-]{2,64})"),
    (("USER=",), rf"(?<=[A-Z_])USER=[\"']?({_LOGIN})"),
    (("user=", "username="), rf"(?<![\w.])user(?:name)?=[\"']?{_CODE}([A-Za-z][\w-]{{1,31}})(?![\w.(\[-])"),
    (("_NAME=",), rf"\bGIT_(?:AUTHOR|COMMITTER)_NAME=[\"']?({_CALLED})"),
    (("~",), r"(?<![\w~/.:%)\]-])~([a-z_][\w.-]{1,31})/"),
    (
        ("~",),
        r"\b(?:cd|ls|ll|pushd|du|tree|cat|find|rsync|chown|cp|mv)[ \t]+(?:-\w+[ \t]+)*"
        r"~([a-z_][\w.-]{1,31})(?![\w/])",
    ),
    (("author:\t",), r"\bauthor:\t([\w.-]{2,60})"),
    (("ssh ",), rf"\bssh [^\n|;&]{{0,80}}?(?<=\s)-l ?({_LOGIN})"),
    (
        ("--a", "--reviewer"),
        r"--(?:add-)?(?:author|assignee|reviewer)[ =](?:@?"
        rf"({_LOGIN})(?=[\s\"'|;&)\\]|$)|\\{{0,7}}[\"']({_CALLED})\\{{0,7}}[\"' ])",
    ),
    (
        (" +", " -"),
        rf"\(({_CALLED}) +\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{{4}} +\d{{1,6}}\) ",
    ),  # git blame
    (("chown ",), rf"\bchown[ \t]+(?:-\w+[ \t]+)*({_LOGIN})(?::({_LOGIN}))?[ \t]+[^\s\w]"),
    (("sudo ",), rf"\bsudo[ \t]+(?:-[a-zA-Z]+[ \t]+)*(?:-u[ \t]*|--user[= ])({_LOGIN})(?![\w-])"),
    ((" -U",), rf"\b(?:psql|pg_\w+|createdb|dropdb)\b[^\n|;&]{{0,80}}? -U ?({_LOGIN})"),
    (("uid=", "gid="), rf"(?<=[=,])\d{{1,10}}\(({_LOGIN})\)"),
    # a letter behind it that may be an escape is taken for one
    (("\\",), r"(?<![\w\\/:.-])[A-Z][A-Z0-9-]{1,14}\\{1,2}(?![ntrbfuvx])([a-z][\w.-]{2,31})(?![\w\\])"),
    (
        ("rw", "r--", "r-x"),
        rf"{_LINE}[bcdlps-][rwxsStT-]{{9}}[.+@]? +\d{{1,9}} +({_LOGIN}) +({_LOGIN}) +\d",
    ),
    (("PID",), rf"{_LINE}({_LOGIN}) +\d{{1,8}} +\d{{1,8}}(?:\.\d)? "),
    ((" pts/", " tty", " console"), rf"{_LINE}({_LOGIN}) +(?:pts/\d|tty|console)\S{{0,8}} +\S"),
    (("HostName", "Hostname", "IdentityFile"), rf"{_LINE}User[ \t=]{{1,8}}({_LOGIN})[ \t]*$"),
)
_HOST = r"[A-Za-z0-9][\w-]{1,62}(?:\.[\w-]{1,63}){0,5}"
_HOSTS = _compiled(
    (("HOST", "COMPUTERNAME=", "USERDOMAIN="), rf"(?:HOST(?:NAME)?|COMPUTERNAME|USERDOMAIN)=[\"']?({_HOST})"),
    (("host=", "hostname="), rf"(?<![\w.])host(?:name)?=[\"']?{_CODE}({_HOST})(?![\w.(\[])"),
    (('"host',), rf"\"host(?:_?name|Name)?{_JSON}({_HOST})\\{{0,7}}\""),
    (
        (" -h", " --host"),
        rf"\b(?:psql|pg_\w+|mysql\w*|redis-cli|mongo\w*)\b[^\n|;&]{{0,80}}? (?:-h ?|--host[= ])({_HOST})",
    ),
    (("HostName", "Hostname"), rf"{_LINE}(?:Host|Host[Nn]ame)[ \t=]{{1,8}}({_HOST})[ \t]*(?:$|\\n)"),
)
# To whom and where somebody goes, also by a whole name or an address.
_GOES = re.compile(r"\b(?:ssh|scp|sftp|rsync|sshfs|mosh|ssh-copy-id)[ \t]+[^\n|;&]{1,400}")
_TARGET = re.compile(rf"(?<![\w.+/:@-])({_LOGIN})@(?:\[?{IP}|({_HOST}))")
# What a machine shares, or what is copied from it: `nfs-srv:/export`, `scp box:/tmp/log .`; no URL, no drive.
_EXPORTED = re.compile(r":(?=~?/(?!/))")
_AT_END = re.compile(rf"(?<![\w./:@$%{{}}-])({_HOST})\Z")
_COPIES = re.compile(r"\b(?:scp|rsync|sshfs|mount|umount|showmount)\b[^\n|;&]*\Z")
_SERVED = re.compile(r"\S*[ \t]+(?:on[ \t]+)?/\S*[ \t]+(?:type[ \t]+)?(?:nfs|fuse|ceph|gluster)")
_TOLD_APART = re.compile(r"[a-z]\w*-\w|[a-z]\d|\w\.\w", re.I)  # more than a word before a colon
_MOUNTED = re.compile(r"(?:-v|--volume|--mount|-p|source)[ =\"']*\Z")  # a volume of a container
_LISTED = re.compile(rf"{_LINE}{IP}((?:[ \t]{{1,40}}{_HOST}){{1,5}})[ \t]*(?:$|\\n|#)", re.M)  # /etc/hosts
# An address in brackets, and the name before it; of the text before, no more than a name is looked at.
_ADDRESSED = re.compile(rf"(?<=[ \t])(<|&lt;|\\u003c|[(\[]){EMAIL}(?:>|&gt;|\\u003e|[)\]])")
_BEFORE = re.compile(rf"[\"']([^\"'\\<>\n]{{2,60}})\\{{0,7}}[\"'][ \t]+\Z|({_CALLED})[ \t]+\Z")
_LONGEST = 140
_LINKING = frozenset((
    "von", "van", "de", "der", "den", "zu", "zum", "del", "della", "da", "di", "dos", "la", "le", "bin", "al",
    "el", "ten",
))  # fmt: skip


def users(text: str) -> Iterator[str]:
    """Whose home it is, who signed, who is logged in, who has an address."""
    for marks, pattern in _USERS:
        if any(map(text.__contains__, marks)):
            for found in pattern.finditer(text):
                yield from filter(None, found.groups())
    if "@" in text or "%40" in text:
        yield from _with_address(text)


def hosts(text: str) -> Iterator[str]:
    """Machines that a text names as such."""
    for marks, pattern in _HOSTS:
        if any(map(text.__contains__, marks)):
            for found in pattern.finditer(text):
                if not found[1].replace(".", "").isdigit():
                    yield found[1]
    if "localhost" in text:
        for found in _LISTED.finditer(text):
            yield from found[1].split()
    if ":/" in text or ":~/" in text:
        yield from _exporting(text)


def _exporting(text: str) -> Iterator[str]:
    for found in _EXPORTED.finditer(text):
        line = text[max(0, found.start() - _LONGEST) : found.start()].rpartition("\n")[2]
        name = _AT_END.search(line)
        if name is None or name[1].rpartition(".")[2].lower() in ENDINGS or name[1].isdigit():
            continue
        before = line[: name.start()]
        if (
            _COPIES.search(before)
            or _SERVED.match(text, found.end())
            or _TOLD_APART.search(name[1])
            and not _MOUNTED.search(before)
        ):
            yield name[1]


def logins(text: str) -> Iterator[tuple[str, str]]:
    """Users and the hosts they are at; of an address no host."""
    if "@" in text:
        for found in AT_HOST.finditer(text):
            user, _, host = found[0].partition("@")
            if not VERSION.match(host):
                yield user, host
        for line in _GOES.finditer(text):
            for found in _TARGET.finditer(line[0]):
                # what everybody calls so is at a host everybody knows: git@github.com
                if found[1] not in ANYBODYS:
                    yield found[1], found[2] or ""


def _with_address(text: str) -> Iterator[str]:
    for found in _ADDRESSED.finditer(text):
        before = _BEFORE.search(text[max(0, found.start() - _LONGEST) : found.start()])
        if before is None:
            continue
        name = before[1] or _end_of(before[2], found[1] in "([")
        if name:
            yield name


def _end_of(words: str, capital: bool) -> str:
    """The name that words end in; `capital`: only one written as a name, for prose has brackets, too."""
    taken: list[str] = []
    for word in reversed(words.split()):
        if word[0].islower() and not (taken and word in _LINKING):
            break
        taken.insert(0, word)
    if not taken and not capital and words.split()[-1] not in ANYBODYS:
        taken = words.split()[-1:]
    return " ".join(taken)
