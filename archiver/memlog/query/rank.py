"""The order of records that have all the words: what they say, how close together, who said it, when.

Ranking costs what it has hits, so it is done in steps: bm25 over the newest CANDIDATES, then the texts
of the best of those. A score is (`text` x `again` + `near`) x `kind` x `recent`.
"""

from memlog.contracts import DAY_NS
from memlog.query.fold import FEW, PAGE, fold
from memlog.query.passage import SPOKEN, passage
from memlog.query.words import texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.query.hit import Hit
    from memlog.query.passage import Passage
    from memlog.query.search import Asked
    from memlog.query.words import Question

    Scored = list[tuple[int, float]]

# bm25 over the newest 2,000 hits is exact for all but very common words and takes 8 ms instead of 224 at
# a million records.
CANDIDATES = 2_000
READ = 80  # of the best by bm25, and of the newest that have the words side by side: the texts are read
SIDE_BY_SIDE = 300
MOST_READ = 400  # texts; what says the same more often than this leaves a page that is not full
_DISTANCE = 8  # words between the first and the last, where they count as side by side
META = "meta"  # bookkeeping lines of hosts: they repeat what other records say, so they come last

NEAR = 4.0
PROMPT = 1.0
KINDS = {"summary": 1.0, "message": 0.97, "thinking": 0.95, "tool_use": 0.92, META: 0.8}
OTHER_KIND = 0.9
RECENT, RECENT_NS = 0.1, 30 * 86_400 * 1_000_000_000  # what is this old gains half of it
CLOSE = 0.2  # words that stand so close are one passage
AGAIN, DOUBLINGS = 0.1, 3  # for each doubling of how often it was said, and how many count


class Weighed:
    """A hit with the passage it was read for, and whether that is what was typed."""

    __slots__ = ("hit", "key", "passage", "verbatim")

    def __init__(self, hit: "Hit", place: "Passage", verbatim: bool) -> None:
        self.hit = hit
        self.passage = place
        self.verbatim = verbatim
        self.key: tuple[bool, bool, float, int, int] = (False, False, 0.0, 0, 0)


def best(asked: "Asked", expression: str, question: "Question | None", typed: str) -> "list[Hit]":
    """The best hits of an FTS5 expression, the best first."""
    if question is not None and question.filters:
        typed = " ".join(texts(question.terms))
    phrase, near = (None, None) if question is None else _side_by_side(question, typed)
    said = asked.needles if question is None else texts(question.terms)
    words = list(dict.fromkeys(word for one in said for word in _pieces(one)))
    strict = question is not None and not _plain(question, typed)
    literal = typed.strip().strip('"') if question is not None and question.flat else None
    found: dict[int, Weighed] = {}
    steps = [(phrase, True), (near, False)]
    for nearby, verbatim in steps:
        if nearby is not None:
            scored = asked.scored(nearby, SIDE_BY_SIDE)
            _read(asked, scored, words, literal, found, said=verbatim, strict=strict and verbatim)
            if len(found) >= asked.limit:
                hits = _ordered(asked, found, literal)
                if len(hits) >= asked.limit:
                    return hits[: asked.limit]
    every = asked.scored(expression, None)
    asked.capped |= len(every) == CANDIDATES and not asked.exhaustive
    hits = []
    step = max(READ, asked.limit)
    for at in range(0, max(len(every), 1), step):
        _read(asked, every[at : at + step], words, literal, found, most=every[0][1] if every else 0.0)
        hits = _ordered(asked, found, literal)
        if len(hits) >= asked.limit or len(found) >= max(MOST_READ, 2 * asked.limit):
            break
    return hits[: asked.limit]


def _read(
    asked: "Asked", scored: "Scored", words: list[str], literal: str | None, found: "dict[int, Weighed]", *,
    said: bool = False, strict: bool = False, most: float | None = None,
) -> None:  # fmt: skip
    """Weigh records that are not weighed yet. said: with the words as typed; strict: letter by letter."""
    scores = {id_: score for id_, score in scored if id_ not in found}
    if not scores:
        return
    most = min(scores.values()) if most is None else most
    for id_, hit in asked.hits(list(scores), scores).items():
        place = passage(hit.text, words, literal, said=said)
        verbatim = place.closeness >= SPOKEN
        if said and not verbatim:
            if strict:
                continue
            place.closeness, verbatim = SPOKEN, True
        weighed = found[id_] = Weighed(hit, place, verbatim)
        _weigh(asked, weighed, scores[id_] / most if most < 0 else 0.0, len(words) > 1)


def _weigh(asked: "Asked", weighed: Weighed, text: float, several: bool) -> None:
    hit = weighed.hit
    near = NEAR * weighed.passage.closeness if several else 0.0
    kind = PROMPT if hit.role == "user" and hit.kind == "message" else KINDS.get(hit.kind, OTHER_KIND)
    # in whole days: the same question asked twice has the same scores
    age = max(asked.now_ns // DAY_NS - hit.ts_ns // DAY_NS, 0) * DAY_NS
    recent = 1 + RECENT * 0.5 ** (age / RECENT_NS)
    hit.score = (text + near) * kind * recent
    hit.parts_of_score = {"text": text, "near": near, "kind": kind, "recent": recent}
    last = asked.meta_last and hit.kind == META
    weighed.key = (weighed.verbatim, not last, hit.score, hit.ts_ns, hit.id)


def _ordered(asked: "Asked", found: "dict[int, Weighed]", literal: str | None) -> "list[Hit]":
    """Hits, folded, the best first; of the parts of a record the best."""
    every = sorted(found.values(), key=lambda one: one.key, reverse=True)
    parts: set[tuple[int, str, int]] = set()
    kept = []
    for one in every:
        if one.hit.parts > 1:
            if one.hit.identity in parts:
                continue
            parts.add(one.hit.identity)
        kept.append(one)
    if not asked.fold:
        return [one.hit for one in kept]
    several = literal is not None and len(literal.split()) > 1
    most, least = (FEW, 0) if several else (max(PAGE, asked.limit), asked.limit)
    verbatim = [(one.hit, one.passage) for one in kept if one.verbatim]
    close = [(one.hit, one.passage) for one in kept if not one.verbatim and one.passage.closeness >= CLOSE]
    hits = fold(verbatim, most, least) + fold(close, most, least)
    hits += [one.hit for one in kept if not one.verbatim and one.passage.closeness < CLOSE]
    keys = {one.hit.id: one.key for one in kept}
    for hit in hits:
        again = 1 + AGAIN * min(hit.count.bit_length() - 1, DOUBLINGS)
        exact, early, _, ts_ns, id_ = keys[hit.id]
        part = hit.parts_of_score
        part["again"] = again
        hit.score = (part["text"] * again + part["near"]) * part["kind"] * part["recent"]
        keys[hit.id] = (exact, early, hit.score, ts_ns, id_)
    hits.sort(key=lambda hit: keys[hit.id], reverse=True)
    return hits


def _side_by_side(question: "Question", typed: str) -> tuple[str | None, str | None]:
    """FTS5 expressions of the words as they were typed, and of them near each other in any order."""
    from memlog.archive.prepare import match_terms

    if not question.flat or len(typed.split()) < 2:
        return None, None
    phrase = match_terms(typed)
    single = [group[0] for group in question.terms if len(group) == 1 and not group[0].prefix]
    near = None
    if len(single) == len(question.terms) > 1 and not question.exclude:
        near = f"NEAR({' '.join(match_terms(term.text) for term in single)}, {_DISTANCE})"
    return phrase, near


def _plain(question: "Question", typed: str) -> bool:
    """Whether what was typed is words only, so that a record that has them in a row has what was typed."""
    terms = [term for group in question.terms for term in group]
    return (
        not question.exclude
        and not question.filters
        and not any(t.prefix or t.quoted for t in terms)
        and all(len(group) == 1 for group in question.terms)
    )


def _pieces(needle: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in needle.lower()).split()
