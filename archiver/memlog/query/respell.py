"""Words no record has as they were typed: `lodz` as `łódź`; `3.11.2` with letters at an end, `python3.11.2`.

A search loads it only where no record has all of its words.
"""

from memlog.archive.prepare import foreign, is_version, match_phrase
from memlog.query import vocabulary, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.archive.connection import Connection

MOST_WORDS = 8
_FEW = 3  # numbers of a version from which those behind the first may be looked for


class Loose(words.Term):
    """A version with letters before its first number or behind its last one."""

    @property
    def match(self) -> str:
        bare = self.text.strip("?!.,;:'\"()")
        bare = bare[1:] if bare[:1] in ("v", "V") else bare
        ways = [match_phrase(bare, True), match_phrase(f"v{bare}", True)]
        if bare.count(".") >= _FEW - 1:
            ways.append(match_phrase(bare.partition(".")[2], True))
        return f"({' OR '.join(ways)})"


def respell(con: "Connection", question: words.Question) -> bool:
    """Give such words of a question the spellings that records have; whether there was any.

    A version is looked for in the texts: what is found must be looked through for it.
    """
    changed = False
    for group in question.terms[:MOST_WORDS]:
        for term in list(group):
            if len(group) == 1 and is_version(term.text) and not (term.quoted or term.prefix):
                group[0], changed = Loose(term.text), True
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
