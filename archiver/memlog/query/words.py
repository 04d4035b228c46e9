"""What a person typed, as terms, groups, exclusions and filters; and that as an FTS5 expression.

Every text is a question: nothing here is ever a syntax error. Only --raw is FTS5's own language.
"""

from memlog.archive.prepare import beginning, is_version, match_quoted, match_word, searchable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from memlog.query.expression import Node

FILTERS = (
    "session", "project", "agent", "kind", "role", "tool", "path", "is", "epoch", "since", "until",
)  # fmt: skip
EITHER = "|"  # key of a tree of filters and words; its value is its place among Question.unions
NEGATIVE = ("session", "project", "agent", "kind", "role", "tool", "path", "is", "epoch")  # `-tool:Bash`
COMMAS = ("kind", "role", "tool", "session", "agent", "epoch")  # `tool:Bash tool:Read` is `tool:Bash,Read`
SEVERAL = ("kind", "role", "tool", "epoch")  # and so is `tool:Bash OR tool:Read`
DEPTH = 8  # groups within groups; deeper parentheses are punctuation
_SHOWN = 80  # characters of what was typed that a remark repeats
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
    """One word or "quoted phrase". prefix: it ended in `*`. quoted: to be met as it stands.

    cut: it held more than MAX_TERMS words and is its beginning. Each is one more look for where it stands.
    """

    __slots__ = ("_match", "cut", "prefix", "quoted", "text")

    def __init__(self, text: str, prefix: bool = False, quoted: bool = False) -> None:
        self._match: str | None = None
        self.text = text if len(text) <= MAX_TERMS else beginning(text, MAX_TERMS)
        self.cut = len(self.text) < len(text)
        self.prefix = prefix and not self.cut
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
    back among the terms. unions: trees of filters and words that must hold. idle: why filters with a minus
    leave nothing out. empty: words that hold nothing the index knows. notes: what a person should know about
    how it was read; without: what was left out by a minus that may have been meant as a hyphen. scanned:
    characters that were looked through for the ends of groups.
    """

    __slots__ = (
        "_known", "empty", "exclude", "filters", "idle", "notes", "scanned", "terms", "unions", "without",
    )  # fmt: skip

    def __init__(self) -> None:
        self.terms: list[list[Term]] = []
        self.exclude: list[Term] = []
        self.empty: list[str] = []
        self.filters: list[tuple[str, str, str]] = []
        self.unions: list[Node] = []
        self.idle: list[str] = []
        self.notes: list[str] = []
        self.without: list[str] = []
        self._known: set[str] = set()
        self.scanned = 0

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
        if self.takes(term):
            if alternative and self.terms:
                join(self.terms, term)
            elif [term] not in self.terms:
                self.terms.append([term])

    def leave_out(self, term: Term) -> None:
        """One more term that must not be met."""
        if term not in self.exclude and self.takes(term):
            self.exclude.append(term)
            if not term.quoted and term.text not in self.without:
                self.without.append(term.text)

    def remarks(self, as_typed: bool | None = None) -> list[str]:
        """The notes, and what was left out. as_typed: some rows have it as it was typed; None: none could."""
        if not self.without:
            return self.notes
        some = ", ".join(self.without[:NAMED]) + " …" * (len(self.without) > NAMED)
        where = "first as it was typed, then without" if as_typed else "without"
        also = ", also where it stands as it was typed" * (
            as_typed is None and self.flat and not self.filters
        )
        return [*self.notes, f'{where} {some}{also}; to look for it: "-{self.without[0]}"']

    def note(self, sentence: str) -> None:
        """Something to be said once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def note_empty(self, text: str) -> None:
        """Say that nothing in a text can be searched for."""
        self.note(f"nothing in {short(text)!r} can be searched for: it has neither letter nor digit")

    def note_joined(self) -> None:
        """Say how records come that words joined with filters select."""
        if any(node.has_words for node in self.unions):
            self.note("newest first: words that are joined with filters select and do not rank")

    def note_cut(self) -> None:
        """Say that there were more words."""
        self.note(f"only the first {MAX_TERMS} words were asked for")

    def takes(self, term: Term) -> bool:
        """Whether the index can be asked for it, among so many others."""
        if isinstance(term, Group):
            return True  # its leaves were asked one by one
        if not searchable(term.text):
            self.empty.append(term.text)
            return False
        if term.cut:
            self.note_cut()
        if term.match in self._known:
            return True
        if len(self._known) >= MAX_TERMS:
            self.note_cut()
            return False
        self._known.add(term.match)
        return True


def short(text: str, most: int = _SHOWN) -> str:
    """The text, or its beginning, for a sentence."""
    return text if len(text) <= most else f"{text[:most]} …"


def join(terms: "list[list[Any]]", term: Term) -> None:
    """The term as an alternative to the last."""
    if term not in terms[-1]:
        terms[-1].append(term)


def parse(text: str) -> Question:
    """The question of a text.

    Shape: words; `"a phrase"`; `-not`, `this NOT that`; `begin*`; `this OR that`, which joins its
    neighbours; `(a b) OR c`; `key:value` for the keys of FILTERS. `--long-option`, `http://x`, `f(x)` and
    `foo:bar` are words.
    """
    question = Question()
    if _is_plain(text):
        for word in text.split():
            question.add(Term(word.rstrip("*"), prefix=word.endswith("*")))
        return question
    from memlog.query.grammar import read  # it is made of what is here

    read(question, text)
    return question


def _is_plain(text: str) -> bool:
    """Whether nothing in it joins, quotes, leaves out or filters: then there is nothing to load for it."""
    if '"' in text or "(" in text or ":" in text:
        return False
    said = text.split()
    if "-" in text and any(word[0] == "-" for word in said):
        return False
    return not ("OR" in said or "AND" in said or "NOT" in said)


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
    words = "".join(c if c.isalnum() or c == "*" else " " for c in _without_distances(text)).split()
    return [word for word in words if word not in ("AND", "OR", "NOT", "NEAR", "text", "tags", "*")]


def _without_distances(text: str) -> str:
    """An expression without the 2 of `NEAR(a b, 2)`."""
    first, *rest = text.replace(" *", "*").split(",")
    return " ".join([first, *(part.lstrip().lstrip("0123456789") for part in rest)])


def _either(group: list[Term]) -> str:
    return group[0].match if len(group) == 1 else "(" + " OR ".join(term.match for term in group) + ")"


def _without(expression: str, exclude: list[Term]) -> str | None:
    if not expression or not exclude:
        return expression or None
    return f"({expression}) NOT ({' OR '.join(term.match for term in exclude)})"
