"""The demo clinic as it is set up: where it is, what can be booked, who works there and when."""

from dataclasses import dataclass

from careconnect.money import Money
from operations.seed.ground import CURRENCY, ZONE
from services.consultants.schemas import (
    CalendarWrite,
    CancellationPolicy,
    FollowUpPolicy,
    HolidayPolicyWrite,
    Opening,
    PaymentPolicy,
    Tax,
    VisitTypeWrite,
)
from services.identity.schemas import Address, LocationWrite

NAME = "Serendib Medical Centres"
COUNTRY, LOCALE = "LK", "en_LK"

LOCATIONS = {
    "colombo7": LocationWrite(
        name="Colombo 7",
        zone=ZONE,
        address=Address(line1="48 Barnes Place", line2="Cinnamon Gardens", city="Colombo 7", country="LK"),
        phone="+94 11 269 4800",
    ),
    "nugegoda": LocationWrite(
        name="Nugegoda",
        zone=ZONE,
        address=Address(line1="215 High Level Road", city="Nugegoda", country="LK"),
        phone="+94 11 281 2150",
    ),
}


def _rupees(amount: int) -> Money:
    return Money(amount=amount * 100, currency=CURRENCY)


_BOOKING = PaymentPolicy(kind="full", when="booking")
_DESK = PaymentPolicy(kind="full", when="desk")
_FREE = PaymentPolicy(kind="none")
_FAIR = CancellationPolicy(free_until_hours=24, fee_percent=50, no_show_fee_percent=50)
_STRICT = CancellationPolicy(free_until_hours=48, fee_percent=50, no_show_fee_percent=100)
_KIND = CancellationPolicy(free_until_hours=2)


_DAY_BEFORE = PaymentPolicy(kind="full", when="before", hours_before=24)


def _deposit(amount: int) -> PaymentPolicy:
    return PaymentPolicy(kind="deposit", when="booking", deposit=_rupees(amount))


def _type(name: str, minutes: int, price: int, policy: PaymentPolicy, **also: object) -> VisitTypeWrite:
    said = {"name": name, "duration_minutes": minutes, "price": _rupees(price), "payment_policy": policy}
    return VisitTypeWrite.model_validate(said | {"cancellation_policy": _KIND} | also)


VISIT_TYPES = {
    "general": _type("General consultation", 20, 3000, _BOOKING, specialty="General Medicine",
                     cancellation_policy=_FAIR, slot_step_minutes=10),
    "check": _type("Health check", 45, 18000, _deposit(6000), specialty="General Medicine", colour="#2e7d4f",
                   buffer_after_minutes=5, cancellation_policy=_STRICT),
    "video": _type("Video consultation", 15, 2500, _BOOKING, specialty="General Medicine", mode="telehealth",
                   colour="#3d7f86", cancellation_policy=_FAIR, reminder_offsets_hours=[24, 2]),
    "child": _type("Child consultation", 20, 3500, _DESK, specialty="Paediatrics", colour="#8a4fa3",
                   slot_step_minutes=10),
    "heart": _type("Cardiology consultation", 30, 5500, _BOOKING, specialty="Cardiology", colour="#b03a5b",
                   cancellation_policy=_FAIR),
    "echo": _type("Echocardiogram", 45, 14500, _deposit(5000), specialty="Cardiology", colour="#b4532a",
                  buffer_after_minutes=15, cancellation_policy=_STRICT, room_needed=True, room_features=["ultrasound"]),
    "skin": _type("Dermatology consultation", 20, 4500, _BOOKING, specialty="Dermatology", colour="#a8682a",
                  slot_step_minutes=10, cancellation_policy=_FAIR),
    "skin_procedure": _type("Minor skin procedure", 40, 16000, _deposit(5000), specialty="Dermatology",
                            colour="#5c6f2d", buffer_before_minutes=5, buffer_after_minutes=10,
                            cancellation_policy=_STRICT, room_needed=True, room_features=["treatment"]),
    "antenatal": _type("Antenatal visit", 30, 4000, _DESK, specialty="Obstetrics and Gynaecology",
                       colour="#6a5acd", follow_up=FollowUpPolicy(visits=1, days=14)),
    "antenatal_class": _type("Antenatal class", 60, 1500, _DESK, specialty="Obstetrics and Gynaecology",
                             colour="#6a5acd", slot_step_minutes=30, capacity=8, room_needed=True,
                             room_features=["hall"]),
    "bones": _type("Orthopaedic consultation", 30, 5000, _BOOKING, specialty="Orthopaedics", colour="#2f6f8f",
                   cancellation_policy=_FAIR),
    "ear": _type("Ear, nose and throat consultation", 20, 4500, _DAY_BEFORE, specialty="Ear, Nose and Throat",
                 slot_step_minutes=10),
    "dental": _type("Dental check and cleaning", 45, 6500, _DESK, specialty="Dental Surgery", colour="#3d7f86",
                    buffer_after_minutes=5, room_needed=True, room_features=["dental chair"], tax=Tax(rate=1800)),
    "follow_up": _type("Follow-up", 15, 0, _FREE, colour="#6b7280", reminder_offsets_hours=[24, 2]),
}  # fmt: skip
"""The catalogue, by the names that this package uses."""

ROOMS = (
    ("colombo7", "Echo room", ["ultrasound"]),
    ("colombo7", "Procedure room", ["treatment"]),
    ("colombo7", "Dental surgery", ["dental chair"]),
    ("colombo7", "Lecture hall", ["hall"]),
    ("nugegoda", "Ultrasound room", ["ultrasound"]),
    ("nugegoda", "Procedure room", ["treatment"]),
    ("nugegoda", "Dental surgery", ["dental chair"]),
)
"""The rooms, each with what it is and has; no two consultants of the clinic are at work in one of them at once."""

HOLIDAYS = HolidayPolicyWrite(country=COUNTRY)
CALENDARS = {
    "colombo7": CalendarWrite(
        zone=ZONE, opening=[Opening(weekday=day, opens="07:00", closes="21:00") for day in range(7)], holidays="open"
    ),
    "nugegoda": CalendarWrite(
        zone=ZONE, opening=[Opening(weekday=day, opens="07:30", closes="20:00") for day in range(7)]
    ),
}
"""When the locations are open: the first one on public holidays too."""


@dataclass(frozen=True)
class Hiring:
    """A consultant to be: `hours` are (weekdays, location, blocks), Monday = 0, blocks in local wall time."""

    first_name: str
    last_name: str
    specialty: str
    hours: tuple[tuple[str, str, tuple[str, ...]], ...]
    title: str = "Dr"
    bio: str = ""
    on_leave: bool = False


_MORNING, _AFTERNOON, _EVENING = "08:30-12:30", "13:30-17:00", "17:30-20:30"
_DAY = (_MORNING, _AFTERNOON)

CONSULTANTS = (
    Hiring("Anula", "Wickramasinghe", "General Medicine", (("01234", "colombo7", _DAY),),
           bio="Family physician; long-term conditions and preventive care."),
    Hiring("Ruwan", "Jayasuriya", "General Medicine",
           (("024", "nugegoda", _DAY), ("13", "colombo7", (_AFTERNOON, _EVENING)), ("6", "colombo7", _DAY))),
    Hiring("Fathima", "Nazeer", "General Medicine", (("12345", "nugegoda", ("09:00-13:00", "14:00-17:30")),),
           bio="Consults in English, Sinhala and Tamil."),
    Hiring("Dilani", "Gunawardena", "Paediatrics", (("0123", "colombo7", _DAY), ("5", "nugegoda", ("09:00-13:00",))),
           bio="Children's health from birth to sixteen; vaccinations."),
    Hiring("Suresh", "Kandasamy", "Paediatrics",
           (("0124", "nugegoda", ("09:00-12:30", "16:00-19:30")), ("6", "nugegoda", _DAY))),
    Hiring("Nihal", "Amarasekara", "Cardiology", (("024", "colombo7", _DAY), ("3", "nugegoda", (_MORNING,))),
           title="Prof", bio="Interventional cardiologist; heart failure clinic on Fridays."),
    Hiring("Meera", "Sivanathan", "Cardiology",
           (("13", "colombo7", _DAY), ("56", "colombo7", (_MORNING, "16:00-20:00")))),
    Hiring("Chathurika", "Weerasinghe", "Dermatology",
           (("013", "colombo7", ("10:00-13:00", "15:00-19:00")), ("5", "nugegoda", ("09:00-12:30",)))),
    Hiring("Shanthi", "Rajapaksa", "Obstetrics and Gynaecology",
           (("024", "colombo7", _DAY), ("13", "nugegoda", (_AFTERNOON,)))),
    Hiring("Roshan", "de Vos", "Orthopaedics", (("134", "nugegoda", _DAY), ("0", "colombo7", (_AFTERNOON, _EVENING))),
           bio="Knee and shoulder; sports injuries."),
    Hiring("Imran", "Cader", "Ear, Nose and Throat", (("0234", "colombo7", ("09:00-12:30", "14:30-18:00")),),
           on_leave=True),
    Hiring("Thilini", "Herath", "Dental Surgery",
           (("0134", "nugegoda", _DAY), ("2", "colombo7", _DAY), ("56", "nugegoda", ("09:00-13:00", "14:00-18:00")))),
)  # fmt: skip
