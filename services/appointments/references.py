"""The references of appointments, as they are given and as people type them."""

from typing import Annotated

from pydantic import AfterValidator

from careconnect.ids import read_reference

PREFIX = "CC"


def as_reference(typed: str) -> str | None:
    """Read a reference such as CC-7F3KT-9QH2, however it was typed; None if it cannot be one."""
    return read_reference(PREFIX, typed)


def _expected(typed: str) -> str:
    found = as_reference(typed)
    if found is None:
        message = "a reference reads like CC-7F3KT-9QH2"
        raise ValueError(message)
    return found


Reference = Annotated[str, AfterValidator(_expected)]
"""A reference in any case, with or without its prefix and dashes; read into the one form in which it is kept."""
