"""The witness: drains rings into the archive, the one process that writes it."""

__all__: list[str] = []
