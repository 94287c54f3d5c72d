from typing import Any

import sqlalchemy as sa

from services.payments.models import Base


class Doubled(Exception):  # noqa: N818 - a turn in the road, not an error
    """Somebody else wrote the same record at this very moment: start again, and find it."""


def values(row: Base) -> dict[str, Any]:
    """Give what a new row holds, by column, for an insert in one statement."""
    columns = sa.inspect(type(row)).column_attrs
    return {column.key: getattr(row, column.key) for column in columns}
