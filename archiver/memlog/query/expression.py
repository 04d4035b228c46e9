"""What a question asks for as a tree: words and filters, joined by AND, OR and NOT; and that in FTS5.

The index has words and filters in two columns, so a tree is one FTS5 expression and a sign. FTS5 knows
`a NOT b` but no NOT of everything: what a tree leaves out alone is left to SQL.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ALL, ANY, NOT, WORDS, FILTER = "all", "any", "not", "words", "filter"
NONE = '{tags} : "s0"'  # sessions are numbered from 1


class Node:
    """A part of what was asked. parts: of WORDS one FTS5 expression, of FILTER its key and value, else nodes.

    typed: as it was written; at: the column where, from 1.
    """

    __slots__ = ("at", "op", "parts", "typed")

    def __init__(self, op: str, parts: "tuple[Any, ...]", typed: str = "", at: int = 0) -> None:
        self.op = op
        self.parts = parts
        self.typed = typed
        self.at = at

    @property
    def has_words(self) -> bool:
        """Whether words are in it, not filters alone."""
        if self.op in (WORDS, FILTER):
            return self.op == WORDS
        return any(part.has_words for part in self.parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and (self.op, self.parts) == (other.op, other.parts)

    def __hash__(self) -> int:
        return hash((self.op, self.parts))

    def __repr__(self) -> str:
        return f"Node({self.op}, {self.parts})"

    def __str__(self) -> str:
        if self.op == FILTER:
            return self.typed or ":".join(self.parts)
        if self.op == WORDS:
            return self.typed or self.parts[0]
        if self.op == NOT:
            return f"-{self.parts[0]}"
        joined = (" OR " if self.op == ANY else " ").join(map(str, self.parts))
        return joined if len(self.parts) == 1 else f"({joined})"


def negated(node: Node) -> Node:
    """All but what this finds."""
    return node.parts[0] if node.op == NOT else Node(NOT, (node,), f"-{node.typed}", node.at)


def conjuncts(node: Node) -> list[Node]:
    """Nodes all of which must hold, for this to hold: as many and as small as it can be taken apart."""
    if node.op == ALL or (node.op == ANY and len(node.parts) == 1):
        return [one for part in node.parts for one in conjuncts(part)]
    if node.op != NOT:
        return [node]
    inner = node.parts[0]
    if inner.op == NOT:
        return conjuncts(inner.parts[0])
    if inner.op == ANY or (inner.op == ALL and len(inner.parts) == 1):
        return [one for part in inner.parts for one in conjuncts(negated(part))]
    return [node]


def signed(node: Node, filter_: "Callable[[str, str], str]") -> tuple[bool, str]:
    """FTS5 expression of a tree; False: what is meant is all that it does not find.

    filter_: the expression of a filter's key and value.
    """
    if node.op == WORDS:
        return True, f"({{text}} : ({node.parts[0]}))"
    if node.op == FILTER:
        return True, filter_(*node.parts)
    parts = [signed(part, filter_) for part in node.parts]
    if node.op == NOT:
        return not parts[0][0], parts[0][1]
    yes = [expression for sign, expression in parts if sign]
    no = [expression for sign, expression in parts if not sign]
    if node.op == ALL:
        return _both(yes, no)
    if not parts:
        return True, f"({NONE})"
    sign, expression = _both(no, yes)  # a or b: all but what neither finds
    return not sign, expression


def both(found: list[tuple[bool, str]]) -> tuple[str | None, str | None]:
    """What must be found, and what must not, of several signed expressions."""
    yes = " AND ".join(expression for sign, expression in found if sign)
    no = " OR ".join(expression for sign, expression in found if not sign)
    return yes or None, no or None


def _both(yes: list[str], no: list[str]) -> tuple[bool, str]:
    if not yes:
        return False, f"({' OR '.join(no)})"
    wanted = f"({' AND '.join(yes)})"
    return True, f"({wanted} NOT ({' OR '.join(no)}))" if no else wanted
