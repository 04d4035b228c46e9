"""The order of records that have all the words: what they say, how close together, who said it, when.

Ranking costs what it has hits, so it is done in steps: bm25 over the newest CANDIDATES, then the texts of the
best; of very common words in large archives the shortest texts of these. A score is (`text` x `again` +
`near`) x `kind` x `recent`.
"""

from memlog.archive.body import raw_text_of
from memlog.archive.prepare import match_terms
from memlog.contracts import DAY_NS
from memlog.errors import MemlogError
from memlog.query.fold import FEW, PAGE, fold, places
from memlog.query.passage import INSIDE, SPOKEN, Sought, passage
from memlog.query.words import MAX_TERMS, SENTENCE, texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.query.hit import Hit, Row
    from memlog.query.passage import Passage
    from memlog.query.search import Asked, Some
    from memlog.query.words import Question

CANDIDATES = 2_000  # hits, the newest, that are ranked
# To know how rare words are bm25 reads all places of each, 10 ms a common word at a million records. In
# archives so large, what more records have than are ranked is weighed by what its texts say instead.
LARGE = 50_000
READ = 160  # of the best: the texts are read
SIDE_BY_SIDE, NEARBY = 200, 2_000  # the shortest, of the newest that have the words near each other
MOST_READ = 400  # texts; what says the same more often than this leaves a page that is not full
_DISTANCE = 16  # words between the first and the last, where they count as side by side
_PUNCTUATION = "?!.,;\"'`"  # of sentences, not of code
META = "meta"  # bookkeeping lines of hosts: they repeat what other records say, so they come last

# bm25 of a phrase, told from the texts that have it.
SATURATED, BY_LENGTH, TEXT_BYTES = 1.2, 0.75, 1_000
NEAR = 4.0
PROMPT = 1.0
KINDS = {"summary": 1.0, "message": 0.97, "thinking": 0.95, "tool_use": 0.92, META: 0.8}
OTHER_KIND = 0.9
RECENT, RECENT_NS = 0.1, 30 * 86_400 * 1_000_000_000  # what is this old gains half of it
CLOSE = 0.2  # words that stand so close are one passage
AGAIN, DOUBLINGS = 0.1, 3  # for each doubling of how often it was said, and how many count


class Weighed:
    """A record with the passage it was read for, and whether that is what was typed.

    many: how much its text says it, by how often and in how short a text, as bm25 has it. same: ids of
    those that are folded into it. here: ids of those that only stand near it.
    """

    __slots__ = (
        "base", "here", "id", "identity", "key", "kind", "many", "parts", "parts_of_score", "passage", "role",
        "same", "ts_ns", "verbatim",
    )  # fmt: skip

    def __init__(self, row: "Row", place: "Passage", verbatim: bool, many: float) -> None:
        self.id, self.ts_ns, self.kind, self.role, self.parts = row[:5]
        self.identity: tuple[int, str, int] = row[5:8]
        self.passage = place
        self.verbatim = verbatim
        self.many = many
        self.same: list[int] = []
        self.here: list[int] = []
        self.parts_of_score: dict[str, float] = {}
        # what it is sorted by, as it was weighed and with how often it was said
        self.base = self.key = (0.0, False, 0.0, 0, 0)


class _Ranking:
    """One search while it is ranked."""

    __slots__ = ("asked", "crowded", "exact", "found", "several", "sought", "typed")

    def __init__(self, asked: "Asked", words: list[str], literal: str | None) -> None:
        self.asked = asked
        self.crowded = False
        self.several = len(words) > 1
        self.typed = literal is not None and len(literal.split()) > 1
        self.exact = literal is not None and not all(map(_bare, literal.split()))
        self.sought = Sought(words, literal, self.exact)
        self.found: dict[int, Weighed] = {}

    def read(self, ids: list[int], scores: "dict[int, float] | None", *, said: bool, strict: bool) -> None:
        """Weigh records that are not weighed yet.

        scores: bm25, the best record's being 1; None: to be told from the texts. said: they have the words
        as typed; strict: letter by letter.
        """
        fresh = [id_ for id_ in ids if id_ not in self.found]
        if not fresh:
            return
        for row in self.asked.weighable(fresh):
            raw = _raw_text(row)
            place = passage(raw, self.sought, said=said)
            verbatim = place.closeness >= SPOKEN
            if said and not verbatim:
                if strict:
                    continue
                place.closeness, verbatim = SPOKEN, True
            if scores is None:
                absent = self.sought.ascii and place.closeness < INSIDE
                often = 1 if absent else max(raw.count(self.sought.typed or b" "), 1)
                many = often / (often + SATURATED * (1 - BY_LENGTH + BY_LENGTH * len(raw) / TEXT_BYTES))
            else:
                many = scores[row[0]]
            one = self.found[row[0]] = Weighed(row, place, verbatim, many)
            if scores is not None:
                self._weigh(one)
        if scores is None:
            most = max((one.many for one in self.found.values()), default=1.0)
            for one in self.found.values():
                one.many /= most
                self._weigh(one)

    def _weigh(self, one: Weighed) -> None:
        near = NEAR * one.passage.closeness if self.several else 0.0
        kind = PROMPT if one.role == "user" and one.kind == "message" else KINDS.get(one.kind, OTHER_KIND)
        # in whole days: the same question asked twice has the same scores
        age = max(self.asked.now_ns // DAY_NS - one.ts_ns // DAY_NS, 0) * DAY_NS
        recent = 1 + RECENT * 0.5 ** (age / RECENT_NS)
        one.parts_of_score = {"text": one.many, "near": near, "kind": kind, "recent": recent}
        last = self.asked.meta_last and one.kind == META
        stands = float(one.verbatim) if not self.exact else one.passage.closeness * one.verbatim
        one.base = (stands, not last, (one.many + near) * kind * recent, one.ts_ns, one.id)

    def ordered(self) -> list[Weighed]:
        """Records, folded, the best first; of the parts of a record the best."""
        every = sorted(self.found.values(), key=_base, reverse=True)
        parts, seen = set(self.asked.seen_parts), self.asked.seen
        kept = []
        for one in every:
            if one.id in seen:
                continue
            if one.parts > 1:
                if one.identity in parts:
                    continue
                parts.add(one.identity)
            one.key, one.same, one.here = one.base, [], []
            kept.append(one)
        if not self.asked.fold:
            return kept
        most, least = (FEW, 0) if self.typed else (max(PAGE, self.asked.limit), self.asked.limit)
        verbatim = [one for one in kept if one.verbatim]
        close = [one for one in kept if not one.verbatim and one.passage.closeness >= CLOSE]
        shown = fold(verbatim, most, least)
        if self.asked.question is not None and self.asked.question.exclude:
            most, least = max(PAGE, self.asked.limit), self.asked.limit  # what was typed is not all in these
        shown += fold(close, most, least)
        apart = [one for one in kept if not one.verbatim and one.passage.closeness < CLOSE]
        shown += fold(apart, len(apart))  # the same line, whatever stands between
        for one in shown:
            again = 1 + AGAIN * min((1 + len(one.same)).bit_length() - 1, DOUBLINGS)
            part = one.parts_of_score
            part["again"] = again
            score = (part["text"] * again + part["near"]) * part["kind"] * part["recent"]
            one.key = (*one.key[:2], score, *one.key[3:])
        shown.sort(key=_key, reverse=True)
        return shown

    def page(self, shown: list[Weighed]) -> list[Weighed]:
        """Of more than a page, one for each place."""
        most = self.asked.limit
        return places(shown, most) if self.crowded and len(shown) > most else shown

    def hits(self, shown: list[Weighed]) -> "list[Hit]":
        """What is shown of the first of them."""
        shown = self.page(shown)[: self.asked.limit]
        rows = self.asked.hits([one.id for one in shown], {})
        hits = []
        for one in shown:
            hit = rows.get(one.id)
            if hit is not None:
                hit.score, hit.parts_of_score = one.key[2], one.parts_of_score
                hit.same, hit.here = sorted([*one.same, *one.here], reverse=True), len(one.here)
                hits.append(hit)
        return hits


def best(asked: "Asked", expression: str, question: "Question | None", typed: str) -> "list[Hit]":
    """The best hits of an FTS5 expression, the best first."""
    if question is not None and question.filters:
        typed = " ".join(texts(question.terms))
    phrase, near = (None, None) if question is None else _side_by_side(question, typed)
    signed = question is not None and _signed(question, typed)
    side_by_side = SIDE_BY_SIDE
    if signed:
        phrase, side_by_side = expression, SIDE_BY_SIDE if asked.records() > LARGE else MOST_READ
    said = asked.needles if question is None else texts(question.terms)
    words = list(dict.fromkeys(word for one in said for word in _pieces(one)))
    # of one word among signs (`$ ./... [lint]`) the index says only that the word is there
    alone = question is not None and bool(question.empty) and len(question.terms) == 1
    strict = question is not None and (signed or alone or not _plain(question, typed))
    literal = typed.strip().strip('"') if question is not None and question.flat else None
    if literal is not None and len(literal.split()) > MAX_TERMS:
        literal = None  # a pasted page: no record is looked through for all of it
    words += _spelled(literal or "", words)
    ranking = _Ranking(asked, words, literal)
    few = question is not None and len(question.terms) <= SENTENCE
    ranking.crowded = few and asked.fold and asked.selection.session is None
    sentence = literal is not None and len(literal.split()) >= SENTENCE
    newest: Some | None = None
    first_page = asked.limit <= READ and not (asked.exhaustive or asked.seen)
    for nearby, verbatim in ((phrase, True), (near, False)):
        if not verbatim and first_page and asked.records() > LARGE:
            newest = asked.some(expression, CANDIDATES)
            if not newest:
                return ranking.hits(ranking.ordered())
        if nearby is not None:
            # Words as they were typed may stand anywhere. That common words are near each other is looked for
            # where all of them are: over a million records it takes 70 ms.
            low = newest.oldest if newest is not None and newest.count == CANDIDATES else None
            ids = asked.shortest(asked.some(nearby, NEARBY, low), side_by_side)
            ranking.read(ids, None, said=verbatim, strict=strict and verbatim)
            asked.as_typed |= sentence and any(one.verbatim for one in ranking.found.values())
            asked.answered |= bool(ranking.found)
            asked.with_left_out |= bool(ranking.found and question and question.exclude)
            if len(ranking.found) >= asked.limit:
                shown = ranking.ordered()
                if len(shown) >= asked.limit:
                    return ranking.hits(shown)
            whole = verbatim and expression == match_terms(literal or "") and len(ids) < SIDE_BY_SIDE
            if whole and ranking.found.keys() >= set(ids):
                # one quoted phrase: these are all there are, and bm25 would look for it twice more
                return ranking.hits(ranking.ordered())
    if newest is not None and newest.count == CANDIDATES:
        return _of_the_newest(ranking, newest)
    # on a later page as many more as were shown, so that pages go on to the last hit
    most = max(CANDIDATES, asked.limit) + len(asked.seen)
    every = asked.scored(expression, None if asked.exhaustive else most)
    asked.capped |= len(every) == most and not asked.exhaustive
    asked.answered |= bool(every)
    top = every[0][1] if every and every[0][1] < 0 else -1.0
    scores = {id_: max(score / top, 0.0) for id_, score in every}
    shown = [] if every else ranking.ordered()
    step = max(READ, asked.limit)
    unread = [id_ for id_, _ in every if id_ not in asked.seen] if asked.seen else [id_ for id_, _ in every]
    enough = max(MOST_READ, 2 * asked.limit) + len(asked.seen)
    for at in range(0, len(unread), step):
        ranking.read(unread[at : at + step], scores, said=False, strict=False)
        shown = ranking.ordered()
        if len(shown) >= asked.limit or len(ranking.found) >= enough:
            asked.more = at + step < len(unread)
            break
    return ranking.hits(shown)


def _of_the_newest(ranking: _Ranking, newest: "Some") -> "list[Hit]":
    """A page of what very many records have: of the newest of these the shortest, a step at a time."""
    asked = ranking.asked
    asked.capped = asked.answered = asked.more = True
    shown: list[Weighed] = []
    for most in (*range(READ, MOST_READ, READ), MOST_READ):
        ranking.read(asked.shortest(newest, most), None, said=False, strict=False)
        shown = ranking.ordered()
        if len(shown) >= asked.limit:
            break
    return ranking.hits(shown)


def _base(one: Weighed) -> tuple[float, bool, float, int, int]:
    return one.base


def _key(one: Weighed) -> tuple[float, bool, float, int, int]:
    return one.key


def _raw_text(row: "Row") -> bytes:
    try:
        return raw_text_of(*row[8:])
    except MemlogError:
        return b""  # verify's business; the others are still to be shown


def _side_by_side(question: "Question", typed: str) -> tuple[str | None, str | None]:
    """FTS5 expressions of the words as they were typed, and of them near each other in any order."""
    if not question.flat or not 1 < len(typed.split()) <= MAX_TERMS:
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


def _spelled(typed: str, words: list[str]) -> list[str]:
    """Typed words that have signs, as they were typed: of `[]struct` and `:=` the index has letters only."""
    said = (word.strip(_PUNCTUATION).lower() for word in typed.split())
    return [word for word in dict.fromkeys(said) if word and not word.isalnum() and word not in words]


def _bare(word: str) -> bool:
    """Whether a word is small letters and digits only, but for the signs of a sentence around it."""
    core = word.lstrip("\"'`(").rstrip(_PUNCTUATION + ")")
    return not core or (core.isalnum() and core == core.lower())


def _signed(question: "Question", typed: str) -> bool:
    """Whether a single word was typed that has signs: of `#15` and `C++` the index has `15` and `c`."""
    words = typed.split()
    if not question.flat or len(words) != 1 or words[0][-1] == "*":
        return False
    return not _bare(words[0].lower())


def _pieces(needle: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in needle.lower()).split()
