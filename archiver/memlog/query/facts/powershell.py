"""Files PowerShell's own commands name."""

import re
from collections.abc import Iterator

from memlog.query.facts.shell_words import Use, Word, is_path

# What is done with the file, and how many words that are no option come before it and how many are files.
CMDLETS = {
    "get-content": ("read", 0, 1), "gc": ("read", 0, 1), "set-content": ("write", 0, 1), "add-content": ("write", 0, 1),
    "clear-content": ("write", 0, 1), "out-file": ("write", 0, 1), "remove-item": ("delete", 0, 9), "ri": ("delete", 0, 9),
    "test-path": ("read", 0, 1), "get-item": ("read", 0, 1), "gi": ("read", 0, 1), "get-childitem": ("list", 0, 1),
    "gci": ("list", 0, 1), "copy-item": ("write", 0, 2), "cpi": ("write", 0, 2), "move-item": ("write", 0, 2),
    "mi": ("write", 0, 2), "rename-item": ("write", 0, 2), "new-item": ("write", 0, 1), "ni": ("write", 0, 1),
    "select-string": ("search", 1, 9), "sls": ("search", 1, 9), "import-csv": ("read", 0, 1), "export-csv": ("write", 0, 1),
    "import-clixml": ("read", 0, 1), "export-clixml": ("write", 0, 1), "get-filehash": ("read", 0, 1),
    "resolve-path": ("read", 0, 1), "get-acl": ("read", 0, 1), "set-acl": ("write", 0, 1), "tee-object": ("write", 0, 1),
    "compress-archive": ("write", 0, 2), "expand-archive": ("read", 0, 2), "get-itemproperty": ("read", 0, 1),
    "format-hex": ("read", 0, 1), "unblock-file": ("write", 0, 1), "invoke-webrequest": ("write", 0, 0),
    "iwr": ("write", 0, 0), "invoke-restmethod": ("write", 0, 0), "irm": ("write", 0, 0), "start-process": ("read", 0, 0),
    "convertfrom-json": ("read", 0, 0), "invoke-item": ("read", 0, 1), "ii": ("read", 0, 1), "set-itemproperty": ("write", 0, 1),
    "import-module": ("read", 0, 0), "start-transcript": ("write", 0, 1), "test-json": ("read", 0, 0),
}  # fmt: skip
_FILES = {
    "-path": None, "-literalpath": None, "-filepath": None, "-lp": None, "-psp": None, "-destination": "write",
    "-destinationpath": "write", "-outfile": "write", "-infile": "read", "-redirectstandardoutput": "write",
    "-redirectstandarderror": "write", "-schemafile": "read",
}  # fmt: skip
_DRIVES = re.compile(
    r"\$?(?:env|variable|function|alias|cert|hk\w+|wsman|registry\w*):", re.I
)  # they hold no files
_OTHER = frozenset(("start-process", "import-module"))  # their -Path and -FilePath name a program
_SWITCHES = frozenset((
    "-recurse", "-force", "-raw", "-wait", "-file", "-directory", "-nonewline", "-passthru", "-append", "-asbytestream",
    "-casesensitive", "-simplematch", "-quiet", "-list", "-allmatches", "-hidden", "-readonly", "-noclobber", "-whatif",
    "-confirm", "-verbose", "-notypeinformation", "-update", "-usebasicparsing", "-isvalid", "-followsymlink", "-r", "-fo",
    "-debug", "-notmatch", "-system", "-nti", "-relative", "-container", "-s", "-f", "-rf", "-la", "-l", "-a", "-ad", "-af",
))  # fmt: skip


def files(words: list[Word]) -> Iterator[Use]:
    """Files of a command's words, the command's name among them; what an option is given is none, but for a path."""
    name = words[0].text.lower()
    act, skip, most = CMDLETS[name.removesuffix(".exe")]
    names = "-name" if name in ("get-childitem", "gci") else ""
    n, listed = 1, False
    while n < len(words):
        word, text = words[n], words[n].text
        n += 1
        if text[:1] == "-" and len(text) > 1 and not word.quoted:
            option = text.lower().rstrip(":")
            if option in _FILES and name not in _OTHER:
                if option in ("-path", "-literalpath"):
                    skip, most = 0, max(most - 1, 0) if name != "select-string" else 0
                more = True
                while more and n < len(words):
                    yield from _one(words[n], _FILES[option] or act)
                    more = words[n].text.endswith(",")
                    n += 1
            elif option == "-pattern":
                skip, n = 0, n + 1
            elif option not in _SWITCHES and option != names:
                n += 1
        elif listed or most > 0:
            if skip:
                skip -= 1
                continue
            if not listed:
                most -= 1
            listed = text.endswith(",")
            yield from _one(word, act)


def _one(word: Word, act: str) -> Iterator[Use]:
    """The files of a word; several stand with commas between them."""
    start = word.start
    if word.quoted or "," not in word.text or word.end - word.start != len(word.text):
        if is_path(word) and not _DRIVES.match(word.text):
            yield Use(word.text, act, word.start, word.end)
        return
    for part in word.text.split(","):
        if part and is_path(Word(part, 0, 0, False)):
            yield Use(part, act, start, start + len(part))
        start += len(part) + 1
