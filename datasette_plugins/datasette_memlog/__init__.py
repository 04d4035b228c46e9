"""The Datasette plugin of memlog."""
