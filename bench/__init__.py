"""Benchmarks and the made-up records they run on; `python -m bench`."""

__all__: list[str] = []
