"""The demo clinic's year so far: three hundred patients, eight weeks that were and four that come."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import exp

from operations.seed import clinic
from operations.seed.diary import Booker, Place, chosen, packed
from operations.seed.doctors import Doctor, hired
from operations.seed.fates import Visit, fate
from operations.seed.ground import Ground
from operations.seed.people import Group, group

PATIENTS = 300
PAST, COMING = 1500, 400
_PAST_DAYS, _COMING_DAYS = 56, 28
_NEAR = 8.0
"""Days after which the diary is filled to a third or so of what it is filled to today."""


@dataclass(frozen=True)
class Demo:
    """Everything that is told of the clinic."""

    doctors: list[Doctor]
    patients: Group
    visits: list[Visit]


def demo(ground: Ground) -> Demo:
    """Make up the clinic's diary."""
    doctors = hired(ground, clinic.CONSULTANTS)
    people = group(ground, "clinic", PATIENTS, (420.0, float(_PAST_DAYS)), fresh=0.25)
    start, end = _midnight(ground, -_PAST_DAYS), _midnight(ground, _COMING_DAYS)
    places = [place for doctor in doctors for place in packed(ground, doctor, start, end)]
    past = [place for place in places if place.start <= ground.moment]
    coming = [place for place in places if place.start > ground.moment and not place.doctor.hiring.on_leave]
    dice = ground.dice("demand")
    kept = chosen(past, (_weight(ground, place) for place in past), PAST, dice)
    kept += chosen(coming, (_weight(ground, place) for place in coming), COMING, dice)
    return Demo(doctors, people, [fate(ground, entry) for entry in Booker(ground, people).entries(kept)])


def _weight(ground: Ground, place: Place) -> float:
    """Make the coming days denser, the nearer the denser; today is as dense before the moment as after it."""
    days = (place.start.astimezone(ground.zone).date() - ground.today).days
    return exp(-days / _NEAR) if days >= 0 else 0.55


def _midnight(ground: Ground, days: int) -> datetime:
    return datetime.combine(ground.today + timedelta(days=days), time(), tzinfo=ground.zone)
