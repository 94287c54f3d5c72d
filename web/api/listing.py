"""Lists: one shape for all of them, with `total` only where it was asked for."""

from typing import Any, TypeVar

from careconnect.pagination import Page

T = TypeVar("T")
LIST: dict[str, Any] = {"response_model_exclude_unset": True}
"""What the endpoint of a list is declared with: what was not said, such as `total`, does not go over the wire."""


def listed(page: Page[T]) -> Page[T]:
    """Give a service's page as this contract has it."""
    if page.total is None:
        page.__pydantic_fields_set__.discard("total")
    return page


def whole(items: list[T]) -> Page[T]:
    """Give all there is of something as one page, where there are never many."""
    return Page[T](items=items, next_cursor=None)
