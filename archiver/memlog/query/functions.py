"""What a connection somebody else opened needs to read an archive as ours do."""

from memlog.archive.connection import only_reads, register_functions

__all__ = ["only_reads", "register_functions"]
