"""What a form remembers between two tries: what was typed, what is wrong, and the key that makes a repeat harmless."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID, uuid4

from pydantic import ValidationError

from careconnect.errors import FieldError, Refusal
from careconnect.money import Money, minor_digits
from web.words import gettext, refused

_TOO_MUCH = 10**15
_NUMBER = re.compile(r"(?=.*\d)(?:\d*|\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3})(?:\.(?P<fraction>\d*))?")
"""Digits, with commas before the last three and before every three, or every two, in front of them."""
_EITHER = re.compile(r"[\d.,]*\d,[\d.,]*")
"""Digits with a comma of which somebody may have thought as a point."""
_THOUSANDTHS = 3


def _empty() -> defaultdict[str, str]:
    return defaultdict(str)


@dataclass
class Form:
    """A form as a template shows it.

    `id` prefixes the ids of its fields; `errors` has a sentence by field name, and under "" one for the whole form.
    `key` is minted when the form is first shown and comes back with every try, so a double click books once.
    """

    id: str
    csrf: str
    key: str = field(default_factory=lambda: str(uuid4()))
    values: defaultdict[str, str] = field(default_factory=_empty)
    errors: defaultdict[str, str] = field(default_factory=_empty)

    def fill(self, values: Mapping[str, object]) -> "Form":
        """Show `values` in the fields; None shows as nothing."""
        self.values.update({name: "" if value is None else str(value) for name, value in values.items()})
        return self

    def object(self, message: str, name: str = "") -> "Form":
        """Show one sentence beside the field `name`, or above the whole form."""
        self.errors[name] = message
        return self

    def blame(self, errors: Iterable[FieldError], names: Mapping[str, str] | None = None) -> "Form":
        """Show each error beside its field; `names` maps what a model calls a field to what the form does."""
        for error in errors:
            name = (names or {}).get(error.field, error.field.partition(".")[0])
            self.errors[name] = self.errors[name] or error.message
        return self

    def blame_validation(self, error: ValidationError, names: Mapping[str, str] | None = None) -> "Form":
        """Show what a model found wrong, in sentences for people."""
        found = [
            FieldError(
                field=".".join(map(str, one["loc"])),
                code=one["type"],
                message=_sentence(one["type"], one["msg"], one.get("ctx", {})),
            )
            for one in error.errors()
        ]
        return self.blame(found, names)

    def refuse(self, refusal: Refusal, names: Mapping[str, str] | None = None) -> "Form":
        """Show why a service said no, beside the fields that it names or above the form."""
        self.blame(refusal.errors, names)
        return self if refusal.errors else self.object(refused(refusal))

    def renew(self) -> "Form":
        """Mint a new key: the last try has been answered, the next one is another request."""
        self.key = str(uuid4())
        return self

    def chosen(self, name: str) -> UUID | None:
        """Read the id that was chosen in a field."""
        try:
            return UUID(self.values[name])
        except ValueError:
            return None

    def money(self, name: str, currency: str, *, or_nothing: bool = False) -> Money | None:
        """Read an amount as people write it: 4,500.00; note in the form if it is none.

        It is above zero, or not below it with `or_nothing`, and has no more digits than `currency` is paid in.
        """
        digits = minor_digits(currency)
        above = gettext("Write an amount above zero, such as %(example)s")
        said = gettext("Write an amount, such as %(example)s") if or_nothing else above
        said %= {"example": Decimal(45 * 10 ** (digits + 2)).scaleb(-digits)}
        typed = self.number(name, digits, said)
        if typed is None:
            return None
        minor = int(typed.scaleb(digits))
        if minor >= _TOO_MUCH or not (minor or or_nothing):
            self.object(said, name)
            return None
        return Money(amount=minor, currency=currency)

    def number(self, name: str, places: int, otherwise: str) -> Decimal | None:
        """Read a number with at most `places` digits behind its point: 4,500.25, and also 4,50,000.

        Where it is none, the sentence `otherwise` is noted in the form. A comma is taken where it sets off thousands
        and cannot be a point: what is meant by 12,50, or by 1,250 where there are thousandths, is asked for.
        """
        typed = self.values[name].strip()
        found = _NUMBER.fullmatch(typed)
        lone = places >= _THOUSANDTHS and typed.count(",") == 1 and "." not in typed
        if found and not lone and len(found["fraction"] or "") <= places:
            return Decimal(typed.replace(",", ""))
        unclear = gettext("Set off a fraction by a point, and only thousands by commas: 12.50 or 1,250.00")
        self.object(unclear if _EITHER.fullmatch(typed) else otherwise, name)
        return None


def _sentence(kind: str, message: str, limits: Mapping[str, object]) -> str:
    """Say for people what a model's own message says for programmers; the services' own messages stay."""
    if kind == "value_error" and "email" in message:
        return gettext("This is not an e-mail address")
    if kind in {"greater_than_equal", "less_than_equal"}:
        words = gettext("At least %(limit)s") if "ge" in limits else gettext("At most %(limit)s")
        return words % {"limit": limits.get("ge", limits.get("le"))}
    said = (
        (("missing", "string_too_short", "string_type", "date_type", "blank"), gettext("Fill this in")),
        (("int_",), gettext("Write a whole number")),
        (("date_", "datetime_"), gettext("Write a date")),
        (("string_too_long", "too_long"), gettext("This is too long")),
        (
            ("literal_error", "enum", "uuid_parsing", "value_error", "string_pattern_mismatch"),
            gettext("This does not look right"),
        ),
    )
    return next((words for kinds, words in said if kind.startswith(kinds)), message)
