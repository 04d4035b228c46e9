"""What a person typed, as terms, groups, exclusions and filters; and that as an FTS5 expression.

Every text is a question: nothing here is ever a syntax error. Only --raw is FTS5's own language.
"""

from memlog.archive.prepare import is_version, match_quoted, match_word, searchable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

FILTERS = (
    "session", "project", "agent", "kind", "role", "tool", "path", "is", "epoch", "since", "until",
)  # fmt: skip
JOINED = ("session", "project", "agent", "kind", "role", "tool", "path", "is")  # `is:error OR kind:summary`
EITHER = "|"  # key of filters an OR joins; its value is their place among Question.unions
NEGATIVE = ("session", "project", "agent", "kind", "role", "tool", "path", "is")  # `-tool:Bash`
SEVERAL = ("kind", "role", "tool")  # `tool:Bash OR tool:Read` is `tool:Bash,Read`
_FAR = 10_000  # characters a group may take
DEPTH = 8  # groups within groups; deeper parentheses are punctuation
NAMED = 4  # of many words left out a remark names so many
MAX_TERMS = 64  # a pasted page is a question about its first words; each term is a scan of its hits

SENTENCE = 4  # so many words may be a question in any language
# Not marked in a snippet. stop_words.py has them by language.
STOP_WORDS = frozenset(
    """
    a about again all am an and any are as at be because been before being but by can could did do does
    doing done don down during each else ever few for from further get gets getting got had has have
    having he her here hers him his how i if in into is isn it its itself just let ll me more most my
    myself no nor not now of off on once one only or other our ours out over own please re s same she
    should so some such t tell than that the their theirs them then there these they this those through to
    too under until up us ve very was we were what when where which while who whom whose why will with
    would you your yours
    """.split()  # noqa: SIM905
)


class Term:
    """One word or "quoted phrase". prefix: it ended in `*`. quoted: to be met as it stands."""

    __slots__ = ("_match", "prefix", "quoted", "text")

    def __init__(self, text: str, prefix: bool = False, quoted: bool = False) -> None:
        self._match: str | None = None
        self.text = text
        self.prefix = prefix
        self.quoted = quoted

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Term) and self.match == other.match

    def __hash__(self) -> int:
        return hash(self.match)

    def __repr__(self) -> str:
        return f"Term({self.match})"

    @property
    def match(self) -> str:
        """Its FTS5 expression."""
        if self._match is None:
            self._match = (match_quoted if self.quoted else match_word)(self.text, self.prefix)
        return self._match

    def leaves(self) -> "list[Term]":
        """The words and phrases it is made of."""
        return [self]


class Group(Term):
    """`(a b OR c -d)`: terms of which every list must be met by any of it, and none of `exclude`."""

    __slots__ = ("exclude", "terms")

    def __init__(self, terms: list[list[Term]], exclude: list[Term]) -> None:
        super().__init__(" ".join(texts(terms)), quoted=True)
        self.terms = terms
        self.exclude = exclude

    @property
    def match(self) -> str:
        return f"({_without(' AND '.join(map(_either, self.terms)), self.exclude)})"

    def leaves(self) -> list[Term]:
        return [leaf for group in self.terms for term in group for leaf in term.leaves()]


class Question:
    """What was typed. terms: every inner list must be met, by any of its terms.

    filters: (key, value, as typed), the key of `-tool:Bash` is `-tool`; a value its key cannot take goes
    back among the terms. unions: (key, value) of filters of which one must hold. empty: words that hold
    nothing the index knows. notes: what a person should know about how it was read; without: what was left
    out by a minus that may have been meant as a hyphen.
    """

    __slots__ = ("_known", "empty", "exclude", "filters", "notes", "terms", "unions", "without")

    def __init__(self) -> None:
        self.terms: list[list[Term]] = []
        self.exclude: list[Term] = []
        self.empty: list[str] = []
        self.filters: list[tuple[str, str, str]] = []
        self.unions: list[list[tuple[str, str]]] = []
        self.notes: list[str] = []
        self.without: list[str] = []
        self._known: set[str] = set()

    @property
    def may_be_plain(self) -> bool:
        """Whether it may be asked in plain words: cheap, where stop_words.py would be loaded to know."""
        return len(self.terms) >= SENTENCE or any(
            term.text.lower() in STOP_WORDS for group in self.terms for term in group
        )

    @property
    def versions(self) -> list[str]:
        """Those of its words that are met only as they stand: the index takes 1.2.3 for 1,2,3."""
        return versions(self.terms)

    @property
    def every(self) -> str | None:
        """FTS5 expression of all of it; None where there is no term."""
        return all_of(self)

    @property
    def flat(self) -> bool:
        """Whether it is words, alternatives and exclusions only: no group in it."""
        return not any(isinstance(t, Group) for group in (*self.terms, self.exclude) for t in group)

    def add(self, term: Term, *, alternative: bool = False) -> None:
        """One more term that must be met; alternative: or the one before it."""
        if self._takes(term):
            _join(self.terms, term, alternative)

    def leave_out(self, term: Term) -> None:
        """One more term that must not be met."""
        if self._takes(term):
            self.exclude.append(term)
            if not term.quoted and term.text not in self.without:
                self.without.append(term.text)

    def remarks(self, as_typed: bool = False) -> list[str]:
        """The notes, and what was left out. as_typed: but for records in which it stands as it was typed."""
        if not self.without:
            return self.notes
        some = ", ".join(self.without[:NAMED]) + " …" * (len(self.without) > NAMED)
        where = "first as it was typed, then without" if as_typed else "without"
        return [*self.notes, f'{where} {some}; to look for it: "-{self.without[0]}"']

    def note(self, sentence: str) -> None:
        """Something to be said once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def note_cut(self) -> None:
        """Say that there were more words."""
        self.note(f"only the first {MAX_TERMS} words were asked for")

    def _takes(self, term: Term) -> bool:
        if isinstance(term, Group):
            return True  # its leaves were asked one by one
        if not searchable(term.text):
            self.empty.append(term.text)
            return False
        if term.match in self._known:
            return True
        if len(self._known) >= MAX_TERMS:
            self.note_cut()
            return False
        self._known.add(term.match)
        return True


def _join(terms: list[list[Term]], term: Term, alternative: bool) -> None:
    if alternative and terms:
        if term not in terms[-1]:
            terms[-1].append(term)
    elif [term] not in terms:
        terms.append([term])


def _spread(terms: list[list[Term]]) -> list[list[Term]]:
    """The same without groups that are no more than their terms."""
    found: list[list[Term]] = []
    known: set[tuple[str, ...]] = set()
    for group in terms:
        only = group[0]
        if len(group) == 1 and isinstance(only, Group) and not only.exclude:
            found += [part for part in only.terms if part not in found]
            continue
        flat: list[Term] = []
        for term in group:
            simple = isinstance(term, Group) and len(term.terms) == 1 and not term.exclude
            flat += [t for t in (term.terms[0] if simple else [term]) if t not in flat]  # type: ignore[attr-defined]
        key = tuple(term.match for term in flat)
        if key not in known:
            known.add(key)
            found.append(flat)
    return found


def parse(text: str) -> Question:
    """The question of a text.

    Shape: words; `"a phrase"`; `-not`; `begin*`; `this OR that`, which joins its neighbours;
    `(a b) OR c`; `key:value` for the keys of FILTERS. `--long-option`, `http://x`, `f(x)` and
    `foo:bar` are words.
    """
    question = Question()
    question.terms, question.exclude = _Reader(question, text, 0).read()
    return question


class _Reader:
    """One level of a text: the whole of it, or what stands between two parentheses."""

    __slots__ = ("at", "depth", "exclude", "question", "single", "terms", "text")

    def __init__(self, question: Question, text: str, depth: int) -> None:
        self.question = question
        self.text = text
        self.depth = depth
        self.at = 0
        self.terms: list[list[Term]] = []
        self.exclude: list[Term] = []
        self.single: set[str] = set()  # terms that stand alone: a word that comes again is met already

    def read(self) -> tuple[list[list[Term]], list[Term]]:
        """What must be met, and what must not."""
        either = False
        or_at = 0  # where the last OR stands
        filtered = None  # the filter just read, as an OR after it sees it
        while self.at < len(self.text):
            if self.text[self.at].isspace():
                self.at += 1
                continue
            start = self.at
            negative = self._takes_minus()
            term = self._phrase() or self._group(negative)
            if term is None:
                word = self.text[self.at : _end(self.text, self.at)]
                if self._filter(word, start, negative, filtered if either else None):
                    if either and " OR " not in self.question.filters[-1][2]:
                        self._says_or(or_at)
                    filtered, either = self.question.filters[-1][0], False
                    continue
                self.at = _end(self.text, self.at)
                if not negative and self._connects(word, filtered):
                    if word == "OR":
                        either, or_at = True, start
                    continue
                term = Term(word.rstrip("*"), prefix=word.endswith("*"))
            if either and filtered:
                self._says_or(or_at)
            self._add(term, negative, either and not negative)
            either, filtered = either and negative, None
        terms = _spread(self.terms)
        if len(terms) > MAX_TERMS:
            self.question.note_cut()
        return terms[:MAX_TERMS], self.exclude

    def _says_or(self, at: int) -> None:
        typed = self.question.filters[-1][2]
        self.question.notes.append(
            f"the OR{'' if self.depth else f' at column {at + 1}'} is left out, {typed} holds for all of it: "
            "an OR joins words with words, and filters but for times and epochs with each other"
        )

    def _add(self, term: Term, negative: bool, alternative: bool) -> None:
        question = self.question
        if isinstance(term, Group) and not term.terms:
            if not negative and not alternative:  # `(-a -b)`
                self.exclude += term.exclude
        elif not negative:
            alone = not (alternative and self.terms) and not self._or_follows()
            if (alone and term.match in self.single) or not question._takes(term):
                return
            if alternative and self.terms:
                _join(self.terms, term, alternative)
            else:
                self.terms.append([term])
            if alone:
                self.single.add(term.match)
        elif isinstance(term, Group) or searchable(term.text):
            before = len(question.exclude)
            question.leave_out(term)
            self.exclude += [one for one in question.exclude[before:] if one not in self.exclude]
            del question.exclude[before:]

    def _or_follows(self) -> bool:
        at = self.at
        while at < len(self.text) and self.text[at].isspace():
            at += 1
        return self.text.startswith("OR", at) and self.text[at + 2 : at + 3].isspace()

    def _takes_minus(self) -> bool:
        after = self.text[self.at + 1 : self.at + 2]
        negative = self.text[self.at] == "-" and after not in ("", "-") and not after.isspace()
        self.at += negative
        return negative

    def _phrase(self) -> Term | None:
        if self.text[self.at] != '"':
            return None
        stop = _closing(self.text, self.at + 1)
        if stop == len(self.text) and not self.depth:
            self.question.notes.append(f"the quote at column {self.at + 1} is not closed: it goes to the end")
        term = Term(self.text[self.at + 1 : stop], quoted=True)
        self.at = stop + 1
        if self.text[self.at : self.at + 1] == "*":
            term.prefix = True
            self.at += 1
        return term

    def _group(self, negative: bool) -> Term | None:
        """A parenthesis that means something: beside an OR, around one, or after a minus."""
        if self.text[self.at] != "(" or self.depth >= DEPTH:
            return None
        stop = _partner(self.text, self.at)
        if stop is None:
            return None
        inside, after = self.text[self.at + 1 : stop], self.text[stop + 1 :].split(None, 1)[:1]
        before = self.text[: self.at].split()[-1:]
        if not (negative or ["OR"] in (before, after) or "OR" in inside.split()):
            return None
        self.at = stop + 1
        return Group(*_Reader(self.question, inside, self.depth + 1).read())

    def _filter(self, word: str, start: int, negative: bool, joined: str | None) -> bool:
        """True when it is one. joined: the key of the filter an OR joins it to."""
        key, colon, value = word.partition(":")
        key = key.lower()
        if not colon or key not in FILTERS:
            return False
        if negative and key not in NEGATIVE:
            self.question.note(f"-{word} is a word: what a minus leaves out is {', '.join(NEGATIVE)}")
            return False
        stop = self.at + len(word)
        if value.startswith('"'):
            quote = self.at + len(key) + 1
            stop = _closing(self.text, quote + 1) + 1
            value = self.text[quote + 1 : stop - 1]
        if not value:
            self.question.note(f"{key}: is searched for as a word: its value follows at once, {key}:VALUE")
            return False
        filters = self.question.filters
        typed = self.text[start:stop]
        if joined == key and key in SEVERAL:
            _, other, before = filters.pop()
            value, typed = f"{other},{value}", f"{before} OR {typed}"
        elif not negative and key in JOINED and joined in (EITHER, *JOINED):
            key, value, typed = self._union(key, value, typed)
        filters.append((f"-{key}" if negative else key, value, typed))
        self.at = stop
        return True

    def _union(self, key: str, value: str, typed: str) -> tuple[str, str, str]:
        """The filter before, and this one: either."""
        unions = self.question.unions
        before, which, said = self.question.filters.pop()
        if before != EITHER:
            unions.append([(before, which)])
            which = str(len(unions) - 1)
        unions[int(which)].append((key, value))
        return EITHER, which, f"{said} OR {typed}"

    def _connects(self, word: str, filtered: str | None) -> bool:
        """An OR or AND between two things."""
        return word in ("OR", "AND") and bool(self.terms or filtered) and bool(self.text[self.at :].strip())


def _closing(text: str, at: int) -> int:
    """Where the phrase that began before `at` ends: a phrase nobody closed goes to the end."""
    found = text.find('"', at)
    return len(text) if found < 0 else found


def _partner(text: str, at: int) -> int | None:
    """Where the parenthesis at `at` is closed, if a word ends there; quotes hide theirs."""
    open_, quoted = 0, False
    for n in range(at, min(len(text), at + _FAR)):
        c = text[n]
        if c == '"':
            quoted = not quoted
        elif c == "(" and not quoted:
            open_ += 1
        elif c == ")" and not quoted:
            open_ -= 1
            if not open_:
                rest = text[n + 1 : n + 2]
                return n if not rest or rest.isspace() else None
    return None


def _end(text: str, at: int) -> int:
    while at < len(text) and not text[at].isspace():
        at += 1
    return at


def all_of(question: Question) -> str | None:
    """FTS5 expression: every term; None where there is no term."""
    return every_one(question.terms, question)


def every_one(groups: list[list[Term]], question: Question) -> str | None:
    """FTS5 expression: each of these terms, and nothing the question excludes; None for no terms."""
    return _without(" AND ".join(map(_either, groups)), question.exclude)


def any_of(
    groups: list[list[Term]], question: Question, *, must: "list[list[Term]] | None" = None
) -> str | None:
    """FTS5 expression: any of these terms, and one of those in `must`; None for no terms."""
    some = " OR ".join(map(_either, groups))
    if must and some:
        some = f"({' OR '.join(map(_either, must))}) AND ({some})"
    return _without(some, question.exclude)


def excluded(question: Question) -> str | None:
    """FTS5 expression of what was excluded."""
    return " OR ".join(term.match for term in question.exclude) or None


def needles(question: Question) -> list[str]:
    """What a snippet looks for in the original text: terms that say something, else all."""
    every = marks(question.terms)
    return [text for text in every if text.lower() not in STOP_WORDS] or every


def marks(groups: "Iterable[list[Term]]") -> list[str]:
    """What was typed of these terms, with a star where a word may go on."""
    leaves = [leaf for group in groups for term in group for leaf in term.leaves()]
    return [leaf.text + "*" * leaf.prefix for leaf in leaves]


def texts(groups: "Iterable[list[Term]]") -> list[str]:
    """What was typed of these terms."""
    return [leaf.text for group in groups for term in group for leaf in term.leaves()]


def versions(groups: "Iterable[list[Term]]") -> list[str]:
    """Words that have digits on both sides of a dot, where nothing else will do instead."""
    return [
        word.strip("*") + "*" * term.prefix
        for group in groups
        if len(group) == 1 and "." in (term := group[0]).text and not isinstance(term, Group)
        for word in term.text.split()
        if is_version(word)
    ]


def needles_of_raw(text: str) -> list[str]:
    """Words of an expression in FTS5's own language."""
    words = "".join(c if c.isalnum() or c == "*" else " " for c in text.replace(" *", "*")).split()
    return [word for word in words if word not in ("AND", "OR", "NOT", "NEAR", "text", "tags", "*")]


def _either(group: list[Term]) -> str:
    return group[0].match if len(group) == 1 else "(" + " OR ".join(term.match for term in group) + ")"


def _without(expression: str, exclude: list[Term]) -> str | None:
    if not expression or not exclude:
        return expression or None
    return f"({expression}) NOT ({' OR '.join(term.match for term in exclude)})"
