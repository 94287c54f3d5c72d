"""What each service answered for one view of the dashboard, when, and what is kept of it while it is silent."""

from datetime import date
from typing import Generic, Literal, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from careconnect.money import Currency

SourceName = Literal["patients", "consultants", "appointments", "payments"]


class Figures(BaseModel):
    """One service's numbers, all of one moment: `watermark` is the last event of its outbox that they include."""

    # A service may tell more than the dashboard shows, and may begin to before this one knows of it.
    model_config = ConfigDict(extra="ignore")

    watermark: int = Field(ge=0)

    def beyond_period(self) -> Self | None:
        """Keep what is still true once the period is over; without an override, nothing is."""
        return None


class PatientFigures(Figures):
    """Patients who are not archived, and of them those registered in the period and in the one before."""

    total: int
    new: int | None = None
    previous_new: int | None = None

    def beyond_period(self) -> Self | None:
        """Keep the total, which belongs to no period."""
        return self.model_copy(update={"new": None, "previous_new": None})


class ConsultantFigures(Figures):
    """Consultants who are not archived, and of them the active ones and those on leave."""

    total: int
    active: int
    on_leave: int

    def beyond_period(self) -> Self | None:
        """Keep everything: none of it belongs to a period."""
        return self


class HourCount(BaseModel):
    """How many appointments start in one hour of the local day (0 to 23), in one state."""

    hour: int = Field(ge=0, le=23)
    status: str
    count: int


class AppointmentFigures(Figures):
    """Appointments that start in the period, those of the period before, and how many wait for a person."""

    total: int
    previous_total: int
    by_status: dict[str, int]
    by_hour: list[HourCount]
    attention: int


class DayAmount(BaseModel):
    """What one local day brought: captured less refunded, in minor units."""

    day: date
    amount: int


class PaymentFigures(Figures):
    """Money captured less refunded in the period and in the one before, in minor units; payments pending or failed."""

    currency: Currency
    revenue: int
    previous_revenue: int | None = None
    by_day: list[DayAmount]
    pending: int
    failed: int


class Answers(BaseModel):
    """What the services answered for one view; a silent one is left out."""

    model_config = ConfigDict(extra="forbid")

    patients: PatientFigures | None = None
    consultants: ConsultantFigures | None = None
    appointments: AppointmentFigures | None = None
    payments: PaymentFigures | None = None


F = TypeVar("F", bound=Figures)


class Kept(BaseModel, Generic[F]):
    """The last figures of one service, when it gave them, and whether it has been silent since."""

    as_of: AwareDatetime | None = None
    stale: bool = True
    figures: F | None = None

    def take(self, answer: F | None, as_of: AwareDatetime, *, same_period: bool) -> Self:
        """Take a new answer; without one keep the last, as far as it still speaks of the period."""
        if answer is not None:
            return self.model_copy(update={"as_of": as_of, "stale": False, "figures": answer})
        kept = self.figures if same_period or self.figures is None else self.figures.beyond_period()
        return self.model_copy(update={"stale": True, "figures": kept})


AnyKept = Kept[PatientFigures] | Kept[ConsultantFigures] | Kept[AppointmentFigures] | Kept[PaymentFigures]


class Sources(BaseModel):
    """What is kept of each service, for one view."""

    patients: Kept[PatientFigures] = Kept[PatientFigures]()
    consultants: Kept[ConsultantFigures] = Kept[ConsultantFigures]()
    appointments: Kept[AppointmentFigures] = Kept[AppointmentFigures]()
    payments: Kept[PaymentFigures] = Kept[PaymentFigures]()

    def take(self, answers: Answers, as_of: AwareDatetime, *, same_period: bool) -> "Sources":
        """Take what was answered at `as_of`."""
        return Sources(
            patients=self.patients.take(answers.patients, as_of, same_period=same_period),
            consultants=self.consultants.take(answers.consultants, as_of, same_period=same_period),
            appointments=self.appointments.take(answers.appointments, as_of, same_period=same_period),
            payments=self.payments.take(answers.payments, as_of, same_period=same_period),
        )

    def each(self) -> dict[SourceName, AnyKept]:
        """Give them by name."""
        return {
            "patients": self.patients,
            "consultants": self.consultants,
            "appointments": self.appointments,
            "payments": self.payments,
        }

    def silent(self) -> list[SourceName]:
        """Name the services that did not answer last time."""
        return [name for name, kept in self.each().items() if kept.stale]
