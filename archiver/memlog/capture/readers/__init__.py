"""One reader per agent: what its transcript lines mean."""

__all__: list[str] = []
