"""What answers a question where no record has all of its words: those that say the most of it.

A word counts by how rare it is, in the forms English gives it; and one that was said a few records
before or after counts in part: what people say is spread over turns. A search loads this only then.
"""

from math import log

from memlog.query import stop_words, vocabulary, words
from memlog.query.forms import forms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.query.hit import Hit, Hits
    from memlog.query.search import Asked
    from memlog.query.words import Term

    Weights = dict[int, float]

# Chosen on five conversations of LoCoMo, where others near them differ by a hundredth (docs/search.md).
AROUND = (0.6, 0.4, 0.2, 0.1)  # what a word counts one, two, three, four records away
OFTEN = 0.3  # of a word's weight, what depends on how often and in how short a text it was said
HITS = 1_000  # records of one word; of one that more have, the newest, and those with a rarer word
COUNTED = 50_000
_OWN_IS_MOST = AROUND[0] <= 1 - OFTEN  # what a record says itself counts more than what is said near it
_BLOCK = 3  # bits of an id: no fewer records than AROUND reaches
_CHECKED = 150  # of the best: whether what counts for them was said in their session

# primary keys all the way
SESSIONS_SQL = "SELECT id, session_id, kind FROM record WHERE id IN (SELECT value FROM json_each(:ids))"
SIZE_SQL = "SELECT coalesce(sum(records + metas), 0) FROM session"


def without_lines(asked: "Asked", question: words.Question, hits: "Hits") -> words.Question:
    """The question with `file.go` for `file.go:907`, where no record has the line; its hits are added."""
    bare = words.Question()
    bare.filters, bare.exclude, bare.unions = question.filters, question.exclude, question.unions
    dropped: list[tuple[str, str]] = []
    for group in question.terms:
        bare.terms.append([_file(term, dropped) for term in group])
    expression = words.all_of(bare)
    if not dropped or expression is None:
        return question
    asked.saying(bare.versions)
    needles, asked.needles = asked.needles, words.needles(bare)
    found = asked.run(expression, bare, " ".join(words.texts(bare.terms)))
    if not found and not asked.answered:
        asked.needles = needles
    hits += found
    for hit in hits:
        hit.matched = "most"
    hits.relaxed, hits.said = bool(hits), words.texts(bare.terms)
    if found or asked.answered:
        hits.have = 0, asked.count(expression, COUNTED)
    if not asked.seen:
        hits.notes += [
            f"no record has {typed}: {file} is looked for, whatever its line" for typed, file in dropped
        ]
    return bare


def _file(term: "Term", dropped: list[tuple[str, str]]) -> "Term":
    """The term without `:907` or `:907:12`, where that stands behind what may be a file."""
    if term.quoted or term.prefix:
        return term
    typed = core = term.text.strip("?!.,;:'\"()[]`")
    while True:
        head, colon, line = core.rpartition(":")
        if not (colon and line.replace("-", "").isdigit()):
            break
        core = head
    named = ("." in core or "/" in core) and any(c.isalpha() for c in core)
    if core == typed or not named:
        return term
    dropped.append((typed, core))
    return words.Term(core)


def relax(asked: "Asked", question: words.Question, hits: "Hits") -> None:
    """Fill up the hits: `most` have every word that says something, `any` have some of these.

    A question in plain words is filled up; another one, or one by time, only where there is no hit.
    """
    said = stop_words.said(question.terms)
    plain = len(said) < len(question.terms) or _is_sentence(question.terms)
    if (hits or asked.answered) and (asked.newest or not plain):
        return
    hits.said = [text.strip("?!.,;:") or text for text in words.texts(said)]
    asked.needles = words.texts(said)
    for hit in _best(asked, question, said, hits):
        hits.append(hit)
        if len(hits) >= asked.limit:
            break
    expression = words.any_of(said, question)
    if expression is not None:
        before = len(hits)
        asked.events(expression, hits)
        for hit in hits[before:]:
            hit.matched = "any"
    if asked.newest:
        hits.sort(key=lambda hit: -hit.ts_ns)
    hits.relaxed = any(hit.matched != "all" for hit in hits)


def _is_sentence(groups: "list[list[Term]]") -> bool:
    """Whether there are several words and nothing else: a line of code or of a log has signs in it."""
    typed = [term for group in groups for term in group]
    words_only = all(not t.quoted and not t.prefix and t.text.strip("?!.,;:").isalpha() for t in typed)
    return len(groups) == len(typed) >= words.SENTENCE and words_only


def _best(asked: "Asked", question: words.Question, said: "list[list[Term]]", hits: "Hits") -> "list[Hit]":
    counted = []
    needles: list[str] = []
    for group in said:
        asked.saying(words.versions([group]))
        spoken = _spoken(asked, _forms(group))
        needles += words.marks([spoken])
        expression = words.any_of([spoken], question) or ""
        scored = dict(asked.scored(expression, HITS))
        count = asked.count(expression, COUNTED) if len(scored) == HITS else len(scored)
        counted.append((count, expression, scored))
    asked.needles = needles
    asked.saying(question.versions)
    size = max(asked.con.execute(SIZE_SQL).fetchone()[0], 1)
    counted.sort(key=lambda one: one[0])
    terms: list[Weights] = []
    rarer: list[str] = []
    for count, expression, scored in counted:
        if count:
            if count > HITS and rarer:
                scored |= dict(asked.scored(f"({expression}) AND ({' OR '.join(rarer)})", HITS))
            terms.append(_weights(scored, count, max(size, count)))
            rarer.append(expression)
    held: dict[int, int] = {}
    for term in terms:
        for id_ in term:
            held[id_] = held.get(id_, 0) + 1
    hits.have = asked.count(words.all_of(question), COUNTED), sum(n == len(said) for n in held.values())
    hits.have_more = bool(terms) and len(terms[0]) >= HITS
    asked.saying([])
    if asked.seen:
        held = {id_: n for id_, n in held.items() if id_ not in asked.seen}
    order = _roughly(terms, held, max(_CHECKED, 2 * asked.limit))
    asked.more = len(order) < len(held)
    exact, kinds = _within_sessions(asked, terms, order)
    order.sort(key=lambda id_: (_is_last(asked, kinds, id_), -exact[id_], -id_))
    return _shown(asked, order, exact, held, len(said), hits)


def _roughly(terms: "list[Weights]", held: dict[int, int], most: int) -> list[int]:
    """The best records if all were of one session, the best first.

    Looked at by blocks of neighbours, those with the largest words first, until no other can be better.
    """
    bounds: dict[int, float] = {}
    for term in terms:
        tops: dict[int, float] = {}
        for id_, weight in term.items():
            block = id_ >> _BLOCK
            if weight > tops.get(block, 0.0):
                tops[block] = weight
        near: Weights = dict(tops)
        for block, weight in tops.items():
            part = weight * AROUND[0]
            for other in (block - 1, block + 1):
                if part > near.get(other, 0.0):
                    near[other] = part
        for block, weight in near.items():
            bounds[block] = bounds.get(block, 0.0) + weight
    blocks: dict[int, list[int]] = {}
    for id_ in held:
        blocks.setdefault(id_ >> _BLOCK, []).append(id_)
    found: list[tuple[float, int]] = []
    worst = 0.0
    for block in sorted(blocks, key=lambda block: -bounds[block]):
        if len(found) >= most and bounds[block] < worst:
            break
        found += [(-sum(_at(term, id_, None) for term in terms), -id_) for id_ in blocks[block]]
        if len(found) >= most:
            found.sort()
            del found[most:]
            worst = -found[-1][0]
    found.sort()
    return [-id_ for _, id_ in found[:most]]


def _is_last(asked: "Asked", kinds: dict[int, str], id_: int) -> bool:
    return asked.meta_last and kinds.get(id_) == "meta"


def _weights(scored: "Weights", count: int, size: int) -> "Weights":
    """What the records that have a word gain by it."""
    rare = log(1 + (size - count + 0.5) / (count + 0.5))
    top = min(scored.values(), default=0.0) or -1.0
    return {id_: rare * (1 - OFTEN + OFTEN * score / top) for id_, score in scored.items()}


def _at(term: "Weights", id_: int, sessions: dict[int, int] | None) -> float:
    """What a word counts for a record: said in it, or near it in the same session, as far as is known."""
    best = term.get(id_, 0.0)
    if best and _OWN_IS_MOST:
        return best
    for n, part in enumerate(AROUND, 1):
        for other in (id_ - n, id_ + n):
            weight = term.get(other)
            if weight is None or weight * part <= best:
                continue
            if sessions is None or sessions.get(other) == sessions.get(id_):
                best = weight * part
    return best


def _within_sessions(
    asked: "Asked", terms: "list[Weights]", ids: list[int]
) -> tuple["Weights", dict[int, str]]:
    far = len(AROUND)
    near = {other for id_ in ids for other in range(id_ - far, id_ + far + 1)}
    rows = asked.con.execute(SESSIONS_SQL, {"ids": str(sorted(near))}).fetchall()
    sessions = {row[0]: row[1] for row in rows}
    kinds = {row[0]: row[2] for row in rows}
    return {id_: sum(_at(term, id_, sessions) for term in terms) for id_ in ids}, kinds


def _shown(
    asked: "Asked", order: list[int], scores: "Weights", held: dict[int, int], every: int, hits: "Hits"
) -> "list[Hit]":
    """Hits in order, those with the same text as one, without those that are there."""
    there = {id_ for hit in hits for id_ in (hit.id, *hit.same)}
    seen = {hit.identity for hit in hits} | asked.seen_parts
    texts: dict[str, Hit] = {}
    found = asked.hits(order, {id_: -scores[id_] for id_ in order})
    shown: list[Hit] = []
    for id_ in order:
        hit = found.get(id_)
        if hit is None or id_ in there or hit.identity in seen:
            continue
        seen.add(hit.identity)
        text = " ".join(hit.text.split())
        first = texts.get(text) if asked.fold else None
        if first is not None:
            first.same.append(id_)
            continue
        texts[text] = hit
        hit.matched = "most" if held[id_] == every else "any"
        hit.parts_of_score = {"words": float(held[id_]), "around": scores[id_]}
        shown.append(hit)
        if len(shown) + len(hits) >= asked.limit:
            break
    for hit in shown:
        hit.same.sort(reverse=True)
    return shown


def _spoken(asked: "Asked", forms: "list[Term]") -> "list[Term]":
    """Those of a word's forms that some record has: to look costs less than to weigh by one."""
    if len(forms) == 1:
        return forms
    itself, *others = [form.match for form in forms]  # most words are said as they are, in few other forms
    there = {*vocabulary.spoken(asked.con, [itself]), *vocabulary.spoken(asked.con, others)}
    return [form for form in forms if form.match in there] or forms[:1]


def _forms(group: "list[Term]") -> "list[Term]":
    """A word's forms as alternatives; what was quoted, or ends in `*`, as it is."""
    if len(group) > 1 or group[0].quoted or group[0].prefix:
        return group
    bare = group[0].text.strip("?!.,;:'\"()")
    bare = bare[:-2] if bare[-2:] in ("'s", "’s") else bare
    return [group[0], *(words.Term(form) for form in forms(bare))]
