"""What stands in a text: words, phrases, filters and groups, each a term or a tree, joined by OR or not."""

from memlog.archive.prepare import searchable
from memlog.query.expression import ALL, ANY, FILTER, NOT, WORDS, Node, negated
from memlog.query.words import DEPTH, FILTERS, MAX_TERMS, NEGATIVE, Group, Question, Term, join

_FAR = 10_000  # characters a group may take
_SCANNED = 50 * _FAR  # that are looked through for where groups end: a page full of open ones took a minute

TYPE_CHECKING = False
if TYPE_CHECKING:
    Item = Term | Node
    Items = list[list[Item]]


class Words(Node):
    """A term in a tree."""

    __slots__ = ("term",)

    def __init__(self, term: Term) -> None:
        super().__init__(WORDS, (term.match,), term.text)
        self.term = term


def tree(items: "Items") -> Node:
    """What items say as one tree."""
    every = tuple(
        _one(either[0]) if len(either) == 1 else Node(ANY, tuple(dict.fromkeys(map(_one, either))))
        for either in items
    )
    return every[0] if len(every) == 1 else Node(ALL, every)


def _one(item: "Item") -> Node:
    return Words(item) if isinstance(item, Term) else item


def spread(terms: list[list[Term]]) -> list[list[Term]]:
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


class Reader:
    """One level of a text: the whole of it, or what stands between two parentheses.

    begins: how many characters stand before it.
    """

    __slots__ = ("at", "begins", "depth", "items", "question", "single", "text")

    def __init__(self, question: Question, text: str, depth: int, begins: int) -> None:
        self.question = question
        self.text = text
        self.depth = depth
        self.begins = begins
        self.at = 0
        self.items: Items = []
        self.single: set[str] = set()  # terms that stand alone: a word that comes again is met already

    def read(self) -> "Items":
        """What must be met: every list, by any of its items."""
        either = negative = False
        while self.at < len(self.text):
            if self.text[self.at].isspace():
                self.at += 1
                continue
            minus = self._takes_minus()
            item = self._phrase() or self._group(minus or negative) or self._filter(minus)
            if item is None:
                word = self.text[self.at : _end(self.text, self.at)]
                self.at += len(word)
                if not minus and self._connects(word):
                    either |= word == "OR"
                    negative |= word == "NOT"
                    continue
                item = Term(word.rstrip("*"), prefix=word.endswith("*"))
            self._add(item, minus != negative, either)
            either = negative = False
        return self.items

    def _add(self, item: "Item", negative: bool, either: bool) -> None:
        either = either and bool(self.items)
        if isinstance(item, Node):
            if item.op == ALL and not item.parts:  # `(?!)`
                return
            self._put(negated(item) if negative else item, either)
        elif negative:
            if isinstance(item, Group) or searchable(item.text):
                self._put(negated(Words(item)), either)
        else:
            alone = not either and not self._or_follows()
            if (alone and item.match in self.single) or not self.question.takes(item):
                return
            self._put(item, either)
            if alone:
                self.single.add(item.match)

    def _put(self, item: "Item", either: bool) -> None:
        if not either:
            self.items.append([item])
        elif isinstance(item, Term) and all(isinstance(one, Term) for one in self.items[-1]):
            join(self.items, item)
        else:
            self.items[-1].append(item)

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
        stop = closing(self.text, self.at + 1)
        if stop == len(self.text) and not self.depth:
            self.question.notes.append(f"the quote at column {self.at + 1} is not closed: it goes to the end")
        term = Term(self.text[self.at + 1 : stop], quoted=True)
        self.at = stop + 1
        if self.text[self.at : self.at + 1] == "*":
            term.prefix = True
            self.at += 1
        return term

    def _group(self, negative: bool) -> "Item | None":
        """A parenthesis that means something: beside an OR, around one or a filter, or after a minus."""
        if self.text[self.at] != "(":
            return None
        stop = self._closed()
        if stop is None:
            return None
        inside, after = self.text[self.at + 1 : stop], self.text[stop + 1 :].split(None, 1)[:1]
        before = self.text[: self.at].split()[-1:]
        alone = inside.lstrip()[:1] == "-" and _only_filters(self.text[: self.at] + self.text[stop + 1 :])
        joins = negative or alone or ["OR"] in (before, after) or "OR" in inside.split()
        if not (joins or _selects(inside)):
            return None
        if self.depth >= DEPTH:
            column = self.begins + self.at + 1
            self.question.note(f"the parenthesis at column {column} is a sign: {DEPTH} can be in each other")
            return None
        begins = self.begins + self.at + 1
        self.at = stop + 1
        items = Reader(self.question, inside, self.depth + 1, begins).read()
        return _grouped(items) if items else Node(ALL, ())

    def _closed(self) -> int | None:
        """Where the parenthesis here is closed; of too long a text full of open ones the last are signs."""
        question = self.question
        if question.scanned >= _SCANNED:
            question.note("the last of these parentheses are signs: too many of them are not closed")
            return None
        stop = _partner(self.text, self.at)
        question.scanned += (min(len(self.text), self.at + _FAR) if stop is None else stop) - self.at
        return stop

    def _filter(self, negative: bool) -> Node | None:
        word = self.text[self.at : _end(self.text, self.at)]
        key, colon, value = word.partition(":")
        key = key.lower()
        if not colon or key not in FILTERS:
            return None
        if negative and key not in NEGATIVE:
            self.question.note(f"-{word} is a word: what a minus leaves out is {', '.join(NEGATIVE)}")
            return None
        stop = self.at + len(word)
        if value[:1] == '"' or (value[:1] == "'" and "'" in self.text[self.at + len(key) + 2 :]):
            quote = self.at + len(key) + 1
            stop = closing(self.text, quote + 1, value[0]) + 1
            value = self.text[quote + 1 : stop - 1]
        if not value:
            self.question.note(f"{key}: is searched for as a word: its value follows at once, {key}:VALUE")
            return None
        typed, at = self.text[self.at : stop], self.begins + self.at + 1
        self.at = stop
        return Node(FILTER, (key, value), typed, at)

    def _connects(self, word: str) -> bool:
        """An OR, AND or NOT between two things."""
        if word not in ("OR", "AND", "NOT") or not self.items:
            return False
        after = self.text[self.at :].split(None, 1)[:1]
        if word != "NOT" or not after:
            return bool(after)
        beside = [one for one in (*self.text[: self.at].split()[-2:-1], *after) if one not in ("OR", "AND")]
        return not any(one.isalpha() and one.isupper() for one in beside)  # DO NOT EDIT: a word


def _grouped(items: "Items") -> "Item":
    """The inside of parentheses: a term where it is words that are met or left out, else a tree."""
    terms: list[list[Term]] = []
    exclude: list[Term] = []
    for either in items:
        found = [one for one in either if isinstance(one, Term)]
        if len(found) == len(either):
            terms.append(found)
            continue
        only = either[0]
        left = only.parts[0] if len(either) == 1 and isinstance(only, Node) and only.op == NOT else None
        if not isinstance(left, Words):
            return tree(items)
        if left.term not in exclude:
            exclude.append(left.term)
    return Group(spread(terms)[:MAX_TERMS], exclude) if terms else tree(items)


def _only_filters(beside: str) -> bool:
    """Whether no word stands beside a group: there `f (-1)` is what it looks like."""
    return all(_selects(word) for word in beside.split())


def _selects(inside: str) -> bool:
    """Whether a filter stands among these words, or parentheses with a minus."""
    if "-(" in inside:
        return True
    for word in inside.split():
        key, colon, value = word.lstrip("-(").partition(":")
        if colon and value and key.lower() in FILTERS:
            return True
    return False


def closing(text: str, at: int, quote: str = '"') -> int:
    """Where the phrase that began before `at` ends: a phrase nobody closed goes to the end."""
    found = text.find(quote, at)
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
