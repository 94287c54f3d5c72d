"""Lists that stay fast at any depth: keyset pagination, from a cursor and not from an offset."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from fastapi import Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import InstrumentedAttribute

from careconnect.db import ReadSession
from careconnect.errors import FieldError, InvalidInput

T = TypeVar("T")
M = TypeVar("M")


class Page(BaseModel, Generic[T]):
    """One page of a list; `next_cursor` asks for the next one, and is null on the last."""

    items: list[T]
    next_cursor: str | None = None
    total: int | None = None


@dataclass(frozen=True)
class Rows(Generic[T]):
    """One page of entities, before they are shaped for the wire."""

    items: list[T]
    next_cursor: str | None
    total: int | None

    def of(self, shape: Callable[[T], M]) -> Page[M]:
        """Give the page with each entity shaped by `shape`."""
        items = [shape(item) for item in self.items]
        page: Page[M] = Page.model_construct(items=items, next_cursor=self.next_cursor, total=self.total)
        return page


class Paging(BaseModel):
    """Which page, how long, and whether to count the whole."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=1000)
    count: bool = False


async def _paging(  # async, or FastAPI would send it to a thread
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
    *,
    count: bool = False,
) -> Paging:
    return Paging(limit=limit, cursor=cursor, count=count)


PagingQuery = Annotated[Paging, Depends(_paging)]

Order = InstrumentedAttribute[Any] | sa.UnaryExpression[Any]


def ordered(sort: str, by: Mapping[str, Sequence[InstrumentedAttribute[Any]]]) -> list[Order]:
    """Give the order that `sort` names among `by`; a minus before the name turns it round."""
    columns = by[sort.removeprefix("-")]
    return [one.desc() for one in columns] if sort.startswith("-") else [*columns]


async def keyset(session: ReadSession, statement: sa.Select[Any], order: Sequence[Order], paging: Paging) -> Rows[Any]:
    """Read one page of entities.

    `order` names columns of the selected entity, all ascending or all `desc(...)`, the last of them unique; the rows
    that follow the cursor are found by comparing them as one tuple, which the index with the same columns serves.

    Raises:
        InvalidInput: the cursor is not one of ours.
    """
    columns = [_column(one) for one in order]
    page = _following(statement, order, paging)
    found = list((await session.scalars(page)).all())
    total = None
    if paging.count:
        total = await session.scalar(sa.select(sa.func.count()).select_from(statement.order_by(None).subquery()))
    items, cursor = _cut(found, columns, paging)
    return Rows(items=items, next_cursor=cursor, total=total)


async def keyset_of_columns(
    session: ReadSession, statement: sa.Select[Any], order: Sequence[Order], *, limit: int, cursor: str | None
) -> Rows[Any]:
    """Read one page of a statement that selects columns, those of `order` among them; as `keyset`, however long."""
    paging = Paging.model_construct(limit=limit, cursor=cursor, count=False)
    found = list((await session.execute(_following(statement, order, paging))).all())
    items, following = _cut(found, [_column(one) for one in order], paging)
    return Rows(items=items, next_cursor=following, total=None)


def _following(statement: sa.Select[Any], order: Sequence[Order], paging: Paging) -> sa.Select[Any]:
    """Select what follows the cursor, and one more, which tells whether there is another page."""
    columns = [_column(one) for one in order]
    descending = [isinstance(one, sa.UnaryExpression) for one in order]
    page = statement.order_by(*order).limit(paging.limit + 1)
    if paging.cursor:
        row = sa.tuple_(*columns)
        after = sa.tuple_(
            *(_bound(value, column) for value, column in zip(_decode(paging.cursor, columns), columns, strict=True))
        )
        page = page.where(row < after if descending[0] else row > after)
    return page


def _cut(found: list[Any], columns: Sequence[Any], paging: Paging) -> tuple[list[Any], str | None]:
    items = found[: paging.limit]
    more = len(found) > paging.limit
    return items, _encode([getattr(items[-1], column.key) for column in columns]) if more else None


def _column(one: Order) -> Any:
    return one.element if isinstance(one, sa.UnaryExpression) else one


def _bound(value: Any, column: Any) -> Any:
    return sa.bindparam(None, value, type_=column.type, unique=True)


def _encode(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([_tag(value) for value in values]).encode()).decode().rstrip("=")


def _tag(value: Any) -> list[Any]:
    if isinstance(value, UUID):
        return ["u", value.hex]
    if isinstance(value, datetime):
        return ["t", value.isoformat()]
    if isinstance(value, date):
        return ["d", value.isoformat()]
    return ["v", value]


_READ: dict[str, Callable[[Any], Any]] = {
    "u": UUID,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "v": lambda value: value,
}


def _decode(cursor: str, columns: Sequence[Any]) -> list[Any]:
    try:
        tagged = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [_READ[tag](value) for tag, value in tagged]
        kinds = [column.type.python_type for column in columns]
        if len(values) != len(kinds) or not all(map(isinstance, values, kinds)):
            raise ValueError  # noqa: TRY301 - told below, with every other way of being wrong; one of another order
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        wrong = FieldError(field="cursor", code="invalid_cursor", message="Use the next_cursor of the page before.")
        raise InvalidInput("The cursor is not one of ours.", errors=[wrong]) from error
    return values
