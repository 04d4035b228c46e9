"""The archive: one SQLite file beside a tree of snapshots."""

__all__: list[str] = []
