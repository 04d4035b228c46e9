"""memlog, the flight recorder for LLM agents: record, archive, find again.

An agent of your own records with three lines; any process of this user may:

    import memlog

    with memlog.open_ring(agent="my-bot", session="chat-7") as ring:
        ring.write("Where is the tide table?", role="user")
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.capture.writer import open_ring

__all__ = ["__version__", "open_ring"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    # Every command and hook imports this package, and hardly any writes.
    if name != "open_ring":
        raise AttributeError(f"module 'memlog' has no attribute {name!r}")
    from memlog.capture.writer import open_ring

    return open_ring
