"""The declarative base of the consultants database."""

from datetime import date
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase

from careconnect import db


class Base(db.Base, DeclarativeBase):
    """Tables of `careconnect_consultant_db`."""

    metadata = db.new_metadata()
    type_annotation_map: ClassVar[dict[Any, Any]] = db.Base.type_annotation_map | {date: sa.Date()}
