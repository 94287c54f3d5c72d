"""What a form remembers between two tries: what was typed, what is wrong with it, and the key of its repeat."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from careconnect.errors import FieldError


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

    def blame(self, errors: Iterable[FieldError]) -> "Form":
        """Show each error beside its field; the first one of a field counts."""
        for error in errors:
            self.errors.setdefault(error.field, error.message)
        return self

    def object(self, message: str, name: str = "") -> "Form":
        """Show one sentence beside the field `name`, or above the whole form."""
        self.errors[name] = message
        return self

    @property
    def wrong(self) -> bool:
        """Whether anything is wrong with it."""
        return any(self.errors.values())
