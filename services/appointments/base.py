"""What the tables of this service share."""

from sqlalchemy.orm import DeclarativeBase

from careconnect import db


class Base(db.Base, DeclarativeBase):
    """The tables of this service."""

    metadata = db.new_metadata()
