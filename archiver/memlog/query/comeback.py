"""How likely an agent comes back for what a compaction took: the weight of a fact.

A small formula over what was known when the compaction ended: the before-image and the summary, nothing
that came after. Its numbers were learned from real compactions; docs/post-mortem.md says how, and how well
it predicts sessions it was not learned from.
"""

import math
import os
import re
from collections import deque
from dataclasses import dataclass, field

from memlog.query import standing
from memlog.query.facts import shell
from memlog.query.facts.fact import Fact, Said

# Of the score, which is linear; a weight is its logistic.
USES = 0.45  # per e-fold of uses
TURNS = 0.2  # per e-fold of the user's turns it was used in
READ_LAST = 0.6  # a file that was read, and not changed since
MADE = 0.65  # a file the agent wrote whole
MENTION = -0.25  # per e-fold of records since a text named the file
LENGTH = -0.035  # per character of a command, to the 60th
ROUTINE = 0.5  # a short command that tests, builds, formats, pushes or shows the state
NAMED = 0.55  # the summary names it
NEXT = 0.3  # the summary's next step names it
# A folder that was only searched or listed, as a shell names it: `docs`, `apps` and `.` stand beside each
# other, and what is read are files in them. Searches of a whole path do come back.
FOLDER = -2.5
AGE = -0.25  # the rest, per e-fold of records since it was said
# Not fitted: a name in backquotes or a link is missed less than a file it stands in.
OF_KIND = {"identifier": -3.5, "test": -3.0, "url": -2.0, "error": -1.5, "branch": -1.0, "commit": -1.0}
RULE = 2.5  # not fitted: what holds from now on is broken by who has forgotten it, and it does not age
RULE_KEPT = 0.5  # where the new context still has it
DONE = -4.0  # an item of a plan that is finished
SAID_BY = {"user": 0.6, "agent": 0.0, "tool": -0.6}

NEAR = 400  # records: how far back a mention is looked for; farther ones all count as this old
TEXT = 100_000  # characters of a text that are held: names stand in calls and short answers
_LONGEST = 60  # characters of a command
_ROUTINE = re.compile(
    r"\b(?:tests?|lint|fmt|format|build|check|vet|status|push|pytest|tox|make|clippy|typecheck|tsc)\b"
)
_ROUTINE_MOST = 32
_DONE = frozenset(("completed", "complete", "done", "cancelled", "canceled", "deleted"))


@dataclass(slots=True)
class Seen:
    """What is known of a fact when its epoch ends. last: the latest citation; at: number of its record.

    forms: of a file, each way its name was written, by itself.
    """

    last: Fact
    uses: int = 0
    at: int = 0
    turns: int = 0
    turn: int = -1
    made: bool = False
    opened: bool = False
    forms: "dict[str, Seen]" = field(default_factory=dict)

    @property
    def form(self) -> "Seen":
        """Of a file written in several ways, what is known by the whole path, else by the way used most.

        A weight was fitted to that: names in shell commands foretell less than reads and edits.
        """
        whole = [seen for name, seen in self.forms.items() if name.startswith("/")]
        return max(whole or self.forms.values(), key=lambda seen: (seen.uses, seen.at), default=self)

    def also(self, fact: Fact, at: int, turn: int) -> None:
        """Count a use, also by the way a file's name was written."""
        self.again(fact, at, turn)
        if fact.kind == "file":
            self.forms.setdefault(fact.value, Seen(fact)).again(fact, at, turn)

    def again(self, fact: Fact, at: int, turn: int) -> None:
        """Count a use."""
        self.uses += 1
        self.at = at
        self.last = fact
        if turn != self.turn:
            self.turn = turn
            self.turns += 1
        self.made = self.made or fact.detail == "write"
        self.opened = self.opened or fact.detail not in ("search", "list")


class Mentions:
    """The latest texts, to ask how long ago one named a file."""

    def __init__(self) -> None:
        self._texts: deque[tuple[int, str]] = deque(maxlen=NEAR)

    def add(self, at: int, said: Said) -> None:
        """A record that is no call: what a call names is a use."""
        if said.kind != "tool_use":
            self._texts.append((at, said.text[:TEXT]))

    def age(self, name: str, now: int) -> int:
        """Records since a text held the name; NEAR where none of the latest did."""
        for at, text in reversed(self._texts):
            if now - at >= NEAR:
                break
            if name in text:
                return now - at
        return NEAR


def score(
    seen: Seen, *, now: int, mentions: Mentions, named: bool, next_step: bool, kept: bool = False,
    home: str | None = None,
) -> float:  # fmt: skip
    """Score of a fact at the end of its epoch.

    now: number of the epoch's last record. kept: whether the new context has it; asked of a rule alone.
    home: the session's own folder, which its host tells an agent anew: searched often, and not missed.
    """
    fact = seen.last
    found = USES * math.log(max(seen.uses, 1)) + TURNS * math.log(max(seen.turns, 1))
    found += NAMED * named + NEXT * next_step
    if fact.kind == "file":
        name = os.path.basename(fact.value.rstrip("/")) or fact.value
        folder = not seen.opened and "." not in name.strip(".") and not fact.value.startswith("/")
        own = home is not None and fact.value.rstrip("/") == home.rstrip("/")
        found += FOLDER * (folder or own)
        found += READ_LAST * (fact.detail == "read") + MADE * seen.made
        return found + MENTION * math.log1p(mentions.age(name, now))
    if fact.kind == "command":
        return found + LENGTH * min(len(fact.key), _LONGEST) + ROUTINE * is_routine(fact.value)
    if is_rule(fact):
        return found + (RULE_KEPT if kept else RULE) + SAID_BY.get(fact.by, 0.0)
    found += DONE * is_done(fact)
    return found + AGE * math.log1p(now - seen.at) + SAID_BY.get(fact.by, 0.0) + OF_KIND.get(fact.kind, 0.0)


def weight(found: float) -> float:
    """A score between 0 and 1."""
    return round(1 / (1 + math.exp(-found)), 4)


def is_rule(fact: Fact) -> bool:
    """What a user wants from now on, and not for the moment; also where it was said to correct."""
    if fact.kind == "instruction":
        return fact.detail == "rule" or standing.holds(fact.value)
    return fact.kind == "correction" and (standing.holds(fact.value) or standing.is_strict(fact.value))


def is_done(fact: Fact) -> bool:
    """An item of a plan nobody has to do any more."""
    return fact.kind == "todo" and fact.detail in _DONE


def is_routine(command: str) -> bool:
    """A short command an agent runs over and over: tests, builds, the state of the repository."""
    head = shell.head(command[:_LONGEST])
    return len(head) <= _ROUTINE_MOST and _ROUTINE.search(head) is not None


def next_step(summary: str) -> str:
    """The part of a summary that says what comes next: from its last heading of that name, else its end."""
    found = max((m.start() for m in _NEXT.finditer(summary)), default=-1)
    return summary[found:] if found >= 0 else summary[-1_000:]


_NEXT = re.compile(r"next steps?|nächste\w* schritt|próxim\w* pass|следующ\w+ шаг|下一步|次のステップ", re.I)
