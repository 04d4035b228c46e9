"""What records say, as facts with citations: no model, no network, the same answer every time."""

__all__: list[str] = []
