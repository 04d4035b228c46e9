"""Rings: where a record is safe from the death of its writer."""

__all__: list[str] = []
