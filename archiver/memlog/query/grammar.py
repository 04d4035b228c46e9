"""How what was typed is read: words, phrases, filters and parentheses, joined by OR, AND, NOT and minus.

An OR joins its two neighbours, all else is AND. What holds words only becomes terms, which are ranked; what
mixes words and filters becomes a tree (expression.py), which selects.
"""

from memlog.query.expression import ANY, FILTER, NOT, WORDS, Node, conjuncts
from memlog.query.reader import Reader, Words, spread, tree
from memlog.query.words import COMMAS, EITHER, MAX_TERMS, SEVERAL, Question, Term

_TIMES = ("since", "until", "epoch")  # no words of the index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.query.reader import Items


def read(question: Question, text: str) -> None:
    """Fill the question with what the text says."""
    _settle(question, Reader(question, text, 0, 0).read())
    question.without = [one for one in question.without if f"-{one}" in text]  # a NOT is meant
    terms = spread(question.terms)
    if len(terms) > MAX_TERMS:
        question.note_cut()
    question.terms = terms[:MAX_TERMS]


def _settle(question: Question, items: "Items") -> None:
    """What must hold as terms and exclusions where it is words, as filters, as trees where it is both."""
    for either in items:
        terms = [one for one in either if isinstance(one, Term)]
        if len(terms) == len(either):
            question.terms.append(terms)
            continue
        for node in conjuncts(tree([either])):
            _take(question, node)


def _take(question: Question, node: Node) -> None:
    inner = node.parts[0] if node.op == NOT else node
    minus = "-" * (node.op == NOT)
    words = [one.term for one in inner.parts if isinstance(one, Words)] if inner.op == ANY else []
    if isinstance(inner, Words):
        if minus:
            question.leave_out(inner.term)
        else:
            question.terms.append([inner.term])
    elif words and not minus and len(words) == len(inner.parts):
        question.terms.append(words)
    elif inner.op == FILTER:
        key, value = inner.parts
        _filter(question, minus + key, value, minus + inner.typed)
    elif (key := _one_key(inner)) in SEVERAL and not minus:
        values = ",".join(one.parts[1] for one in inner.parts)
        _filter(question, key, values, " OR ".join(one.typed for one in inner.parts))
    else:
        _tree(question, _timeless(question, node))


def _filter(question: Question, key: str, value: str, typed: str) -> None:
    """One more filter; one of a list's is either with those of its key before."""
    if key[0] == "-":  # each leaves out
        question.filters.append((key, value, typed))
        return
    for n, (other, before, said) in enumerate(question.filters):
        if other == key and key in COMMAS:
            question.filters[n] = (key, f"{before},{value}", f"{said} {typed}")
            return
        if other == key and key == "project":
            question.filters.pop(n)
            parts = (Node(FILTER, (key, before), said), Node(FILTER, (key, value), typed))
            _tree(question, Node(ANY, parts))
            return
        if other == EITHER and key == "project" and _one_key(question.unions[int(before)]) == key:
            union = question.unions[int(before)]
            union.parts = (*union.parts, Node(FILTER, (key, value), typed))
            question.filters[n] = (EITHER, before, f"{said} {typed}")
            return
        if other == key and key in ("since", "until"):
            question.note(f"{said} does not count: {typed} stands after it")
    question.filters.append((key, value, typed))


def _tree(question: Question, node: Node) -> None:
    question.unions.append(node)
    question.filters.append((EITHER, str(len(question.unions) - 1), _bare(str(node))))


def _bare(typed: str) -> str:
    return typed[1:-1] if typed[0] == "(" else typed


def _one_key(node: Node) -> str:
    """The key all alternatives of a node are filters of; "" where they are not."""
    keys = {one.parts[0] if one.op == FILTER else "" for one in node.parts} if node.op == ANY else {""}
    return keys.pop() if len(keys) == 1 else ""


def _timeless(question: Question, node: Node) -> Node:
    """The tree with words for what no index knows: times, and epochs."""
    if node.op == FILTER and node.parts[0] in _TIMES:
        question.note(
            f"{node.typed} at column {node.at} is searched for as words: a time or epoch holds for all of a "
            "question, it stands beside no OR and in no parentheses with a minus"
        )
        return Node(WORDS, (Term(node.typed).match,), node.typed, node.at)
    if node.op in (FILTER, WORDS):
        return node
    return Node(node.op, tuple(_timeless(question, part) for part in node.parts), node.typed, node.at)
