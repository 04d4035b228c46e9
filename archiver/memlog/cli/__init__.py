"""The commands: words in, exit code out."""

__all__: list[str] = []
