"""What answers a question where no record has all of its words: less and less of them, the rarest first.

A search loads this only then.
"""

from memlog.query import stop_words, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.query.hit import Hits
    from memlog.query.search import Asked

COUNTED = 2_000  # hits of a word; what has more is as common as any
# A word that is more times as common as the rarest says little beside it, unless few records have it.
TIMES = 5
FEW = 50


def relax(asked: "Asked", question: words.Question, hits: "Hits") -> None:
    """Fill up the hits: with `most`, all that says something; then with `any` of that, the rarest first.

    A question in plain words is filled up; another one, or one by time, only where there is no hit.
    """
    said = stop_words.said(question.terms)
    plain = len(said) < len(question.terms)
    if hits and (asked.newest or not plain):
        return
    hits.said = _named(said)
    asked.needles = words.texts(said)
    if plain:
        asked.fill(words.every_one(said, question), "most", hits)
    if len(said) < 2:
        return
    counts = [asked.count(words.every_one([group], question), COUNTED) for group in said]
    least = min(filter(None, counts), default=0)
    for most in (least, max(TIMES * least, FEW)):
        if len(hits) >= asked.limit or (hits and asked.newest):
            break
        # what no record has, an event may
        rare = [group for group, count in zip(said, counts, strict=True) if count <= most]
        if most == least:
            hits.rarest = _named([g for g, n in zip(said, counts, strict=True) if 0 < n == least])
        asked.fill(words.any_of(said, question, must=rare), "any", hits)


def _named(groups: "list[list[words.Term]]") -> list[str]:
    """What was typed of these terms, without the signs that end a sentence."""
    return [text.strip("?!.,;:") or text for text in words.texts(groups)]
