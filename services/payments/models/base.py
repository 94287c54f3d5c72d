from enum import StrEnum
from typing import Any, ClassVar, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from careconnect import db
from services.payments.states import GatewayKind, InvoiceStatus, Method, PaymentStatus, RefundStatus

W = TypeVar("W", bound=StrEnum)


class Word(TypeDecorator[W]):
    """One of the words of a `StrEnum`, kept as text."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, words: type[W]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: W | str | None, dialect: Dialect) -> str | None:
        """Write the word."""
        del dialect
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> W | None:
        """Read the word."""
        del dialect
        return None if value is None else self.words(value)


class Base(db.Base, DeclarativeBase):
    """The tables of `careconnect_billing_db`. Amounts are minor units in 64 bits."""

    metadata = db.new_metadata()
    type_annotation_map: ClassVar[dict[Any, Any]] = db.Base.type_annotation_map | {
        int: sa.BigInteger(),
        GatewayKind: Word(GatewayKind),
        InvoiceStatus: Word(InvoiceStatus),
        PaymentStatus: Word(PaymentStatus),
        RefundStatus: Word(RefundStatus),
        Method: Word(Method),
    }
