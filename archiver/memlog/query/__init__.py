"""Questions to the archive: one function each, returning dataclasses."""

__all__: list[str] = []
