"""Capture: from an agent's transcript to records, in a hook or an import."""

__all__: list[str] = []
