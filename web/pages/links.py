"""Addresses that keep what they were called with."""

from typing import Any
from urllib.parse import urlencode


def link(path: str, /, **query: Any) -> str:
    """Give `path` with those of `query` that say something."""
    said = {name: value for name, value in query.items() if value not in (None, "", False)}
    return f"{path}?{urlencode(said)}" if said else path
