"""What the answer of a tool says: how a command ended, errors, test results, commits and branches."""

from memlog.query.facts.fact import Said


def ending(said: Said) -> str | None:
    """How the command a result answers ended: `exit N`, `failed`, `ok`."""
    return "failed" if said.error else "ok"
