"""The declarative base of the identity database."""

from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase

from careconnect import db
from services.identity.roles import Role


class Base(db.Base, DeclarativeBase):
    """Tables of `careconnect_identity_db`."""

    metadata = db.new_metadata()
    type_annotation_map: ClassVar[dict[Any, Any]] = db.Base.type_annotation_map | {
        list[Role]: ARRAY(sa.Text()),
        list[UUID]: ARRAY(sa.Uuid()),
    }
