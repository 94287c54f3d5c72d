from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert

from services.payments.models import Base


class Doubled(Exception):  # noqa: N818 - a turn in the road, not an error
    """Somebody else wrote the same record at this very moment: start again, and find it."""


def values(row: Base) -> dict[str, Any]:
    """Give what a new row holds, by column, for an insert in one statement."""
    columns = sa.inspect(type(row)).column_attrs
    return {column.key: getattr(row, column.key) for column in columns}


def many(entity: type[Base], rows: Sequence[dict[str, Any]]) -> Insert:
    """Insert rows through one array per column: a statement that is compiled once, however many rows there are."""
    names = list(rows[0])
    kinds = [sa.inspect(entity).columns[name].type for name in names]
    arrays = [
        sa.bindparam(None, [row[name] for row in rows], type_=ARRAY(kind), unique=True)
        for name, kind in zip(names, kinds, strict=True)
    ]
    columns = [sa.column(name, kind) for name, kind in zip(names, kinds, strict=True)]
    table = sa.func.unnest(*arrays).table_valued(*columns, name="given").render_derived()
    return insert(entity).from_select(names, sa.select(*(table.c[name] for name in names)))
