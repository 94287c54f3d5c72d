from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert

from careconnect.db import table_of
from services.payments.models import Base


class Doubled(Exception):  # noqa: N818 - a turn in the road, not an error
    """Somebody else wrote the same record at this very moment: start again, and find it."""


def values(row: Base) -> dict[str, Any]:
    """Give what a new row holds, by column, for an insert in one statement."""
    columns = sa.inspect(type(row)).column_attrs
    return {column.key: getattr(row, column.key) for column in columns}


def many(entity: type[Base], names: Sequence[str]) -> Insert:
    """Insert rows through one array per column, by `columns`: made and compiled once, however many rows there are."""
    kinds = [sa.inspect(entity).columns[name].type for name in names]
    arrays = [sa.bindparam(f"all_{name}", type_=ARRAY(kind)) for name, kind in zip(names, kinds, strict=True)]
    given = [sa.column(name, kind) for name, kind in zip(names, kinds, strict=True)]
    table = sa.func.unnest(*arrays).table_valued(*given, name="given").render_derived()
    return insert(table_of(entity)).from_select(names, sa.select(*(table.c[name] for name in names)))


def columns(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """Give rows as `many` takes them."""
    return {f"all_{name}": [row[name] for row in rows] for name in rows[0]}
