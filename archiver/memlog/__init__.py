"""memlog, the flight recorder for LLM agents: record, archive, find again."""

__all__ = ["__version__"]
__version__ = "0.1.0"
