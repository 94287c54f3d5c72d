"""Patients as they might be: a name, a birthday, a number in the telephone, an address, and sometimes an illness."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from operations.seed import names
from operations.seed.ground import Ground
from services.patients.schemas import Address, Demographics, EmergencyContact, MedicalInfo

_PREFIXES = ("70", "71", "72", "74", "75", "76", "77", "78")
_GROWN_UP = 16
_NEW_CARD_FROM = 2000
_OLD_CARD_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody to be registered: `number` counts within its group, from the first to register."""

    id: UUID
    number: int
    registered_at: datetime
    community: int
    male: bool
    born: date
    wants_sms: bool


@dataclass(frozen=True)
class Group:
    """Patients in the order of their registration."""

    name: str
    people: Sequence[Patient]

    def known_at(self, moment: datetime) -> int:
        """Count those who had registered before `moment`."""
        return bisect_left(self.people, moment, key=lambda patient: patient.registered_at)


def group(ground: Ground, name: str, size: int, ages_days: tuple[float, float], fresh: float = 0) -> Group:
    """Make up `size` patients, registered between so many days ago; a share of `fresh` within the last eight weeks."""
    dice = ground.dice("patients", name)
    longest, shortest = ages_days
    ages = sorted(
        (
            dice.uniform(0.05, shortest) if dice.random() < fresh else dice.uniform(shortest, longest)
            for _ in range(size)
        ),
        reverse=True,
    )
    return Group(name, [_patient(ground, name, number, age, dice) for number, age in enumerate(ages)])


def _patient(ground: Ground, name: str, number: int, age: float, dice: Random) -> Patient:
    shares = [community.share for community in names.COMMUNITIES]
    return Patient(
        id=ground.id("patient", name, number),
        number=number,
        registered_at=ground.moment - timedelta(days=age),
        community=dice.choices(range(len(shares)), shares)[0],
        male=dice.random() < 0.47,  # noqa: PLR2004 - women see a doctor a little more often
        born=ground.today - timedelta(days=int(dice.triangular(60, 88 * 365, 34 * 365))),
        wants_sms=dice.random() > 0.05,  # noqa: PLR2004 - one in twenty has said no
    )


def described(ground: Ground, name: str, patient: Patient) -> tuple[Demographics, MedicalInfo]:
    """Write down what the record of a patient says."""
    dice = ground.dice("record", name, patient.number)
    community = names.COMMUNITIES[patient.community]
    first = dice.choice(community.male if patient.male else community.female)
    last = dice.choice(community.family)
    adult = (ground.today - patient.born).days >= _GROWN_UP * 365
    person = Demographics(
        first_name=first,
        last_name=last,
        date_of_birth=patient.born,
        gender="male" if patient.male else "female",
        national_id=_national_id(patient, dice) if adult else None,
        phone=_phone(dice),
        email=_email(first, last, patient, dice) if adult else None,
        address=_address(dice),
        emergency_contact=_relative(community, last, dice),
        language=dice.choice(community.languages),
    )
    return person, _medical(dice)


def _national_id(patient: Patient, dice: Random) -> str:
    """Make up an identity card's number: year, day of the year (500 more for women), serial, check digit."""
    day = patient.born.timetuple().tm_yday + (0 if patient.male else 500)
    if patient.born.year < _NEW_CARD_FROM and dice.random() < _OLD_CARD_SHARE:
        return f"{patient.born.year % 100:02}{day:03}{dice.randrange(10_000):04}V"
    return f"{patient.born.year}{day:03}{dice.randrange(100_000):05}"


def _phone(dice: Random) -> str:
    return f"+94{dice.choice(_PREFIXES)}{dice.randrange(1_000_000, 9_999_999)}"


def _email(first: str, last: str, patient: Patient, dice: Random) -> str | None:
    if dice.random() < 0.25:  # noqa: PLR2004 - many have none
        return None
    return f"{first}.{last.replace(' ', '')}{patient.born.year % 100:02}@example.com".lower()


def _address(dice: Random) -> Address:
    line = f"{dice.randrange(1, 320)} {dice.choice(names.STREETS)} Road"
    return Address(line1=line, city=dice.choice(names.TOWNS), country="LK")


def _relative(community: names.Community, last: str, dice: Random) -> EmergencyContact:
    return EmergencyContact(name=f"{dice.choice(community.male + community.female)} {last}", phone=_phone(dice))


def _medical(dice: Random) -> MedicalInfo:
    return MedicalInfo(
        blood_group=dice.choice(names.BLOOD_GROUPS) if dice.random() < 0.7 else None,  # noqa: PLR2004
        allergies=dice.sample(names.ALLERGIES, k=dice.choice((0, 0, 0, 0, 1, 1, 2))),
        chronic_conditions=dice.sample(names.CONDITIONS, k=dice.choice((0, 0, 0, 0, 1, 1, 2))),
    )
