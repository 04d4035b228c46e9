"""Exports: what a person takes away, readable without memlog."""

__all__: list[str] = []
