"""What a person typed, as terms, exclusions and filters; and those as an FTS5 expression.

Every text is a question: nothing here is ever a syntax error. Only --raw is FTS5's own language.
"""

from memlog.archive.prepare import match_terms, searchable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

FILTERS = ("session", "project", "agent", "kind", "role", "tool", "epoch", "since", "until")
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

    __slots__ = ("prefix", "quoted", "text")

    def __init__(self, text: str, prefix: bool = False, quoted: bool = False) -> None:
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
        """Its FTS5 string."""
        return match_terms(self.text) + ("*" if self.prefix else "")


class Question:
    """What was typed. terms: every inner list must be met, by any of its terms.

    filters: (key, value, as typed); a value its key cannot take goes back among the terms.
    empty: words that hold nothing the index knows. notes: what a person should know about how it was read.
    """

    __slots__ = ("empty", "exclude", "filters", "notes", "terms")

    def __init__(self) -> None:
        self.terms: list[list[Term]] = []
        self.exclude: list[Term] = []
        self.empty: list[str] = []
        self.filters: list[tuple[str, str, str]] = []
        self.notes: list[str] = []

    @property
    def may_be_plain(self) -> bool:
        """Whether it may be asked in plain words: cheap, where stop_words.py would be loaded to know."""
        return len(self.terms) >= SENTENCE or any(
            term.text.lower() in STOP_WORDS for group in self.terms for term in group
        )

    def add(self, term: Term, *, alternative: bool = False) -> None:
        """One more term that must be met; alternative: or the one before it."""
        if not searchable(term.text):
            self.empty.append(term.text)
            return
        if alternative and self.terms:
            if term not in self.terms[-1]:
                self.terms[-1].append(term)
        elif [term] not in self.terms:
            if len(self.terms) < MAX_TERMS:
                self.terms.append([term])
            elif not self.notes:
                self.notes.append(f"only the first {MAX_TERMS} words were asked for")


def parse(text: str) -> Question:
    """The question of a text.

    Shape: words; `"a phrase"`; `-not`; `begin*`; `this OR that`; `key:value` for the keys of
    FILTERS. `--long-option`, `http://x` and `foo:bar` are words.
    """
    question = Question()
    at, either = 0, False
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        start = at
        negative = text[at] == "-" and text[at + 1 : at + 2] not in ("", "-") and not text[at + 1].isspace()
        at += negative
        if text[at] == '"':
            stop = _closing(text, at + 1)
            term, at = Term(text[at + 1 : stop], quoted=True), stop + 1
            if text[at : at + 1] == "*":
                term.prefix = True
                at += 1
        else:
            at = _end(text, at)
            word = text[start + negative : at]
            key, colon, value = word.partition(":")
            if colon and not negative and key.lower() in FILTERS:
                if value.startswith('"'):
                    at = _closing(text, start + len(key) + 2) + 1
                    value = text[start + len(key) + 2 : at - 1]
                if value:
                    question.filters.append((key.lower(), value, text[start:at]))
                    continue
            if word == "OR" and not negative and question.terms:
                either = True
                continue
            term = Term(word.rstrip("*"), prefix=word.endswith("*"))
        if not negative:
            question.add(term, alternative=either)
            either = False
        elif searchable(term.text) and len(question.exclude) < MAX_TERMS:
            question.exclude.append(term)
            if not term.quoted:
                question.notes.append(f'without {term.text}; to look for it: "-{term.text}"')
    return question


def _closing(text: str, at: int) -> int:
    """Where the phrase that began before `at` ends: a phrase nobody closed goes to the end."""
    found = text.find('"', at)
    return len(text) if found < 0 else found


def _end(text: str, at: int) -> int:
    while at < len(text) and not text[at].isspace():
        at += 1
    return at


def all_of(question: Question) -> str | None:
    """FTS5 expression: every term; None where there is no term."""
    return every_one(question.terms, question)


def every_one(groups: list[list[Term]], question: Question) -> str | None:
    """FTS5 expression: each of these terms, and nothing the question excludes; None for no terms."""
    return _without(" AND ".join(map(_either, groups)), question)


def any_of(
    groups: list[list[Term]], question: Question, *, must: "list[list[Term]] | None" = None
) -> str | None:
    """FTS5 expression: any of these terms, and one of those in `must`; None for no terms."""
    some = " OR ".join(map(_either, groups))
    if must and some:
        some = f"({' OR '.join(map(_either, must))}) AND ({some})"
    return _without(some, question)


def excluded(question: Question) -> str | None:
    """FTS5 expression of what was excluded."""
    return " OR ".join(term.match for term in question.exclude) or None


def needles(question: Question) -> list[str]:
    """What a snippet looks for in the original text: terms that say something, else all."""
    every = texts(question.terms)
    return [text for text in every if text.lower() not in STOP_WORDS] or every


def texts(groups: "Iterable[list[Term]]") -> list[str]:
    """What was typed of these terms."""
    return [term.text for group in groups for term in group]


def needles_of_raw(text: str) -> list[str]:
    """Words of an expression in FTS5's own language."""
    words = "".join(c if c.isalnum() else " " for c in text).split()
    return [word for word in words if word not in ("AND", "OR", "NOT", "NEAR", "text", "tags")]


def _either(group: list[Term]) -> str:
    return group[0].match if len(group) == 1 else "(" + " OR ".join(term.match for term in group) + ")"


def _without(expression: str, question: Question) -> str | None:
    unwanted = excluded(question)
    if not expression or unwanted is None:
        return expression or None
    return f"({expression}) NOT ({unwanted})"
