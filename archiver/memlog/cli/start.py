"""`memlog`: the fast path of `query search`, and click for everything else.

click costs five times a bare interpreter's start; a search must not pay that.
"""

import sys


def main() -> int:
    """Run the command of sys.argv and return its exit code."""
    arguments = sys.argv[1:]
    at = 0
    while at < len(arguments) and arguments[at].startswith("--home"):
        at += 1 if "=" in arguments[at] else 2
    if arguments[at : at + 2] == ["query", "search"] and "--help" not in arguments:
        from memlog.cli import search

        return search.main(arguments)
    from memlog.cli import root

    return root.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
