"""Words no record has as they were typed: `lodz` as `łódź`; `3.11.2` with letters at an end, `python3.11.2`.

A search loads it only where no record has all of its words.
"""

from itertools import product

from memlog.archive.prepare import foreign, is_version, match_phrase
from memlog.query import vocabulary, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from memlog.archive.connection import Connection

MOST_WORDS = 8
_FEW = 3  # numbers of a version from which those behind the first may be looked for
# To know all words that begin with a number takes half a second at a million records. In archives so large
# only what is usual stands before and behind a version.
LARGE = 50_000
_BEFORE = (
    "python", "py", "cpython", "pypy", "go", "node", "nodejs", "npm", "deno", "bun", "ruby", "php", "perl",
    "lua", "java", "jdk", "openjdk", "jre", "kotlin", "scala", "rust", "rustc", "cargo", "gcc", "clang",
    "llvm", "swift", "dotnet", "net", "r", "ver", "version", "rel", "release", "rc", "tag", "lib", "linux",
    "postgres", "postgresql", "pg", "mysql", "sqlite", "redis", "cuda", "django", "react", "vue", "rails",
)  # fmt: skip
_BEHIND = ("rc", "a", "b", "alpha", "beta", "dev", "post", "pre", "p", "r", "m", "c", "rev", "snapshot")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

SIZE_SQL = "SELECT coalesce(sum(n), 0) FROM day"  # days are few


class Loose(words.Term):
    """A version with letters before its first number or behind its last one."""

    @property
    def match(self) -> str:
        bare = _bare(self.text)
        ways = [match_phrase(bare, True), match_phrase(f"v{bare}", True)]
        if bare.count(".") >= _FEW - 1:
            ways.append(match_phrase(bare.partition(".")[2], True))
        return f"({' OR '.join(ways)})"


class Usual(words.Term):
    """The same, of an archive so large that only the usual letters are looked for."""

    __slots__ = ("ways",)

    def __init__(self, con: "Connection", text: str) -> None:
        super().__init__(text)
        bare = _bare(text)
        first, _, rest = bare.partition(".")
        rest_before, _, last = bare.rpartition(".")
        behind = [f"{said}{n}" for said, n in product(_BEHIND, ("", *range(10)))]
        ends = _there(con, (f"{last}{one}" for one in dict.fromkeys([*behind, *_LETTERS])))
        begins = _there(con, (f"{one}{first}" for one in dict.fromkeys([*_BEFORE, *_LETTERS])))
        self.ways = [f"{one}.{rest}" for one in begins] + [
            f"{way}.{one}" for way in (rest_before, f"v{rest_before}") for one in ends
        ]

    @property
    def match(self) -> str:
        return f"({' OR '.join(map(match_phrase, self.ways or [self.text]))})"


def _bare(text: str) -> str:
    bare = text.strip("?!.,;:'\"()")
    return bare[1:] if bare[:1] in ("v", "V") else bare


def _there(con: "Connection", said: "Iterable[str]") -> list[str]:
    found = {match_phrase(one): one for one in said}
    return [found[match] for match in vocabulary.spoken(con, found)]


def respell(con: "Connection", question: words.Question) -> bool:
    """Give such words of a question the spellings that records have; whether there was any.

    A version is looked for in the texts: what is found must be looked through for it.
    """
    changed = False
    for group in question.terms[:MOST_WORDS]:
        for term in list(group):
            if len(group) == 1 and is_version(term.text) and not (term.quoted or term.prefix):
                large = con.execute(SIZE_SQL).fetchone()[0] > LARGE
                group[0], changed = Usual(con, term.text) if large else Loose(term.text), True
                continue
            if term.quoted or term.prefix or vocabulary.is_spoken(con, term.match):
                continue
            spelled = [words.Term(one) for one in foreign(term.text.strip("?!.,;:'\"()"))]
            there = set(vocabulary.spoken(con, [one.match for one in spelled]))
            known = [one for one in spelled if one.match in there]
            if known:
                at = group.index(term)
                group[at : at + 1] = known
                changed = True
    return changed
