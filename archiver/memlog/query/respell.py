"""Words no record has as they were typed, with the letters another alphabet of Latin has: `lodz` is `łódź`.

A search loads it only where no record has all of its words.
"""

from memlog.archive.prepare import foreign
from memlog.query import vocabulary, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.archive.connection import Connection

MOST_WORDS = 8


def respell(con: "Connection", question: words.Question) -> bool:
    """Give such words of a question the spellings that records have; whether there was any."""
    changed = False
    for group in question.terms[:MOST_WORDS]:
        for term in list(group):
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
