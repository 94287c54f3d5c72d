"""The paths of a payment as a table: policy x method x outcome x the call at which everything dies x the moment."""

from dataclasses import dataclass
from itertools import product

MOMENTS = ("before", "during", "after")
PRICE = 350_000


@dataclass(frozen=True)
class Path:
    """One way that money may go; `call` and `moment` say where the processes are killed, which is never for None."""

    policy: str
    method: str
    outcome: str
    call: str | None = None
    moment: str | None = None
    token: str | None = "pm_card_visa"

    @property
    def name(self) -> str:
        """What this path is called, in idempotency keys too."""
        parts = (self.policy, self.method, self.outcome, self.call, self.moment)
        return " ".join(part for part in parts if part)

    @property
    def booked(self) -> bool:
        """Whether it begins with a booking."""
        return self.policy in {"full", "deposit", "before", "none"}

    @property
    def comes(self) -> bool:
        """Whether the patient is expected in the end."""
        return self.outcome in {"paid", "kept", "unpaid", "owed"}

    @property
    def charged(self) -> bool:
        """Whether anybody is asked for money at all."""
        return self.outcome not in {"kept", "owed", "called off"}


def paths() -> list[Path]:
    """List them all, and each kind once without a death."""
    found: list[Path] = []
    for policy, (call, moment) in product(("full", "deposit"), [*product(("authorise", "capture"), MOMENTS), _NEVER]):
        found.append(Path(policy, "card", "paid", call, moment))
    for moment in MOMENTS:
        found += [
            Path("full", "card", "declined", "authorise", moment, "pm_card_chargeDeclined"),
            Path("full", "card", "refused", "void", moment, "pm_sandbox_capture_fails"),
            Path("full", "card", "cancelled", "refund", moment),
            Path("desk", "card", "returned", "refund", moment),
            Path("desk", "card", "let go", "void", moment),
            Path("deposit", "card", "declined", "authorise", moment, "pm_card_chargeDeclined"),
            Path("desk", "card", "declined", "authorise", moment, "pm_card_chargeDeclined"),
            Path("desk", "card", "in part", "capture", moment),
            Path("before", "card", "cancelled", "refund", moment),
        ]
    found += [Path("full", "card", "paid", "authorise", moment, "pm_sandbox_flaky") for moment in ("during", "after")]
    for call, moment in [*product(("authorise", "capture"), MOMENTS), _NEVER]:
        found.append(Path("desk", "card", "paid", call, moment))
    for moment in MOMENTS:  # the card is kept at booking, and charged when the visit is moved so near that it is due
        found += [
            Path("before", "card", "kept", "keep", moment),
            Path("before", "card", "paid", "authorise", moment),
            Path("before", "card", "paid", "capture", moment),
            Path("desk", "card", "renewed", "renew", moment),
        ]
    found.append(Path("before", "card", "unpaid", "authorise", "during", "pm_card_chargeCustomerFail"))
    for method in ("cash", "card_terminal", "bank_transfer"):
        found.append(Path("desk", method, "paid", "authorise", "after", None))
        found.append(Path("desk", method, "returned", "refund", "after", None))
    found += [Path("before", "card", "called off"), Path("none", "none", "owed", token=None)]
    return found


_NEVER: tuple[str | None, str | None] = (None, None)
