"""What a record is found by, as laws over all records."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careconnect.crypto import words
from careconnect.errors import InvalidInput
from services.patients.identifiers import national_id, reachable
from services.patients.likeness import similar_names
from services.patients.schemas import Demographics, EmergencyContact
from services.patients.search import asked_terms, record_terms
from tests.services.patients.desk import NIMAL

local_numbers = st.from_regex(r"07[0-8][0-9]{7}", fullmatch=True)
birth_days = st.dates(date(1930, 1, 1), date(2020, 1, 1))
letters = st.text(st.characters(categories=["L", "M"]), min_size=1, max_size=40).filter(
    lambda text: bool(words(text)) and "\u02bc" not in unicodedata.normalize("NFKD", text)
)


def somebody(**also: object) -> Demographics:
    return Demographics.model_construct(**{**Demographics.model_validate(NIMAL).__dict__, **also})


def found(query: str, person: Demographics, number: int = 1) -> bool:
    asked = asked_terms(query, "LK")
    return bool(asked) and set(asked) <= record_terms(person, number, "LK")


@given(local_numbers, st.integers(4, 10), st.sampled_from([" ", "-", "", ". "]), st.data())
def test_a_number_is_found_by_every_beginning_however_it_is_spaced(
    local: str, length: int, gap: str, data: st.DataObject
) -> None:
    person = somebody(phone="+94" + local[1:])
    typed = local[:length]
    cut = data.draw(st.integers(1, length - 1))
    spaced = typed[:cut] + gap + typed[cut:]
    assert found(spaced, person)
    assert found("+94 " + spaced[1:].strip(" -."), person)


@given(local_numbers, local_numbers)
def test_a_whole_number_finds_nobody_with_another_one(one: str, other: str) -> None:
    assert found(one, somebody(phone="+94" + other[1:])) == (one == other)


@given(birth_days, birth_days)
def test_a_date_of_birth_finds_those_born_on_it_in_both_ways_of_writing(day: date, other: date) -> None:
    for written in (day.isoformat(), f"{day.day:02}/{day.month:02}/{day.year}", f"{day.day}.{day.month}.{day.year}"):
        assert found(written, somebody(date_of_birth=day))
        assert found(written, somebody(date_of_birth=other)) == (day == other)


@given(letters, letters, st.data())
def test_a_name_in_any_script_is_found_by_the_beginning_of_any_of_its_words(
    first: str, last: str, data: st.DataObject
) -> None:
    person = somebody(first_name=first, last_name=last)
    word = data.draw(st.sampled_from(words(person.name)))
    assert found(word[: data.draw(st.integers(1, len(word)))], person)


@given(st.text(max_size=200))
def test_whatever_is_typed_is_read_without_a_fault_and_within_bounds(typed: str) -> None:
    asked = asked_terms(typed, "LK")
    assert len(asked) <= 8
    assert "" not in asked


@given(st.integers(1, 10**9))
def test_a_medical_record_number_is_found_as_it_is_printed(number: int) -> None:
    assert found(f"MRN-{number:06d}", somebody(), number)
    assert not found(f"MRN-{number + 1:06d}", somebody(), number)


@given(st.text(max_size=60))
def test_whatever_is_typed_as_a_number_is_a_number_or_refused(typed: str) -> None:
    try:
        kept = reachable(somebody(phone=typed), "LK").phone
    except InvalidInput:
        kept = None
    assert kept is None or (kept[0] == "+" and kept[1:].isdecimal())
    assert kept is None or reachable(somebody(phone=kept), "US").phone == kept


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("077 123 4567", "LK", "+94771234567"),
        ("+94 (0)77 123 4567", "LK", "+94771234567"),
        ("0094 77 123 4567", "LK", "+94771234567"),
        ("011 2 345 678", "LK", "+94112345678"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("+44 20 7946 0958", "LK", "+442079460958"),
    ],
)
def test_numbers_are_kept_in_the_international_form(typed: str, country: str, kept: str) -> None:
    contact = EmergencyContact(name="A", phone=typed)
    person = reachable(somebody(phone=typed, emergency_contact=contact), country)
    assert person.phone == kept
    assert person.emergency_contact == EmergencyContact(name="A", phone=kept)


@pytest.mark.parametrize(
    ("written", "country", "same"),
    [
        ("901030937V", "LK", "199010300937"),
        ("90 103 0937 x", "LK", "199010300937"),
        ("199010300937", "LK", "199010300937"),
        ("901030937V", "GB", "901030937V"),
        ("p-0455 667", "LK", "P0455667"),
    ],
)
def test_the_old_and_the_new_identity_card_carry_the_same_number(written: str, country: str, same: str) -> None:
    assert national_id(written, country) == same


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Nimal Perera", "Nimal Perera", True),
        ("Nimal Perera", "Perera Nimal", True),
        ("N Perera", "Nimal Perera", True),
        ("Mohamed Rahman", "Mohammed Rahuman", True),
        ("නිමල් පෙරේරා", "නිමල් පෙරේරා", True),
        ("Nimal Perera", "Sunila Perera", False),
        ("නිමල් පෙරේරා", "නාමල් සිල්වා", False),
        ("Kamal Silva", "Nimal Perera", False),
    ],
)
def test_names_are_alike_when_one_person_may_have_written_both(one: str, other: str, alike: bool) -> None:
    def named(name: str) -> Demographics:
        first, last = name.split()
        return somebody(first_name=first, last_name=last)

    assert similar_names(named(one), named(other)) is alike
    assert similar_names(named(other), named(one)) is alike
