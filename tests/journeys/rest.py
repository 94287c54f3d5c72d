"""The journeys of another system over REST, through everything real; where its processes run is another question."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.running import Desk, Instance, until


class RestJourney:
    """What works in one process and in many; a test class below it says in which."""

    def test_a_new_patient_is_registered_booked_paid_and_reminded(self, http: httpx.Client, desk: Desk) -> None:
        person = {"first_name": "Anoma", "last_name": "Journey", "date_of_birth": "1988-02-29", "gender": "female"}
        person |= {"email": "anoma.journey@example.com", "phone": "+94 77 765 4321"}
        patient = http.post("/patients", json=person)
        assert patient.status_code == 201, patient.text
        wish = desk.wish(desk.free(1)[0], patient.json()["id"])
        booked = desk.book(wish, "journey-1")
        assert booked.status_code == 201, booked.text
        body = booked.json()
        states = [body["status"], body["payment"]["status"], body["invoice"]["status"]]
        assert states == ["booked", "captured", "balanced"]
        assert body["patient"]["name"] == "Anoma Journey"
        assert {reminder["channel"] for reminder in body["reminders"]} == {"email", "sms"}
        assert desk.book(wish, "journey-1").json() == body
        other = desk.book(wish | {"reason": "another body"}, "journey-1")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")
        until(lambda: _mailed(http, body["id"]), 20, "the confirmation was sent")

    def test_the_console_shows_the_four_kinds_of_process(self, running: Instance, desk: Desk) -> None:
        desk.book(desk.wish(desk.free(1, 27)[0], desk.newcomer()))
        with signed_in(running) as staff:
            kinds: set[str] = set()

            def all_seen() -> bool:
                answer = staff.get("/console/api/v1/namespaces/careconnect/workflows", params={"query": ""})
                assert answer.status_code == 200, answer.text
                kinds.update(one["type"]["name"] for one in answer.json().get("executions", []))
                return kinds >= {"AppointmentBooking", "PaymentCapture", "AppointmentReminders", "DashboardAggregation"}

            until(all_seen, 60, f"all kinds of process are listed, not only {kinds}")

    def test_a_declined_card_frees_the_time_at_once_and_keeps_nothing(self, http: httpx.Client, desk: Desk) -> None:
        slot = desk.free(1, 28)[0]
        person = {"first_name": "Declan", "last_name": "Journey", "date_of_birth": "1971-07-01", "gender": "male"}
        patient = http.post("/patients", json=person).json()["id"]
        declined = desk.book(desk.wish(slot, patient, "pm_card_chargeDeclined"))
        assert (declined.status_code, declined.json()["code"]) == (402, "card_declined")
        payments = http.get("/payments", params={"patient_id": patient}).json()["items"]
        assert [(one["status"], one["captured"]["amount"]) for one in payments] == [("declined", 0)]
        assert desk.book(desk.wish(slot, desk.newcomer())).status_code == 201

    def test_a_hundred_bookings_of_one_time_give_one_appointment_and_the_nearest_free_times(self, desk: Desk) -> None:
        slot = desk.free(1, 30)[0]
        crowd = desk.newcomers(100)
        with ThreadPoolExecutor(100) as clients:
            answers = list(clients.map(lambda patient: desk.book(desk.wish(slot, patient)), crowd))
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 99}
        refused = [answer.json() for answer in answers if answer.status_code == 409]
        assert {one["code"] for one in refused} == {"slot_taken"}
        # They are a courtesy, for which nobody is kept waiting while a hundred ask at once.
        assert any(one.get("alternatives") for one in refused)
        late = desk.book(desk.wish(slot, desk.newcomer()))
        assert (late.status_code, bool(late.json()["alternatives"])) == (409, True)

    @pytest.mark.parametrize("token", ["pm_sandbox_flaky", "pm_sandbox_slow"])
    def test_a_shaky_gateway_charges_once_and_books(self, http: httpx.Client, desk: Desk, token: str) -> None:
        booked = desk.book(desk.wish(desk.free(1, 31)[0], desk.newcomer(), token), f"shaky-{token}")
        assert booked.status_code == 201, booked.text
        payments = http.get("/payments", params={"appointment_id": booked.json()["id"]}).json()["items"]
        assert [one["status"] for one in payments] == ["captured"]

    def test_a_capture_that_fails_leaves_no_appointment_and_no_money(self, desk: Desk) -> None:
        slot, patient = desk.free(1, 32)[0], desk.newcomer()
        refused = desk.book(desk.wish(slot, patient, "pm_sandbox_capture_fails"))
        assert refused.status_code == 402, refused.text
        assert desk.book(desk.wish(slot, patient)).status_code == 201

    def test_a_visit_goes_its_way_and_a_cancelled_one_is_refunded(self, http: httpx.Client, desk: Desk) -> None:
        (slot,) = desk.free(1, 33)
        visit = _walk_in(http, desk.wish(slot, desk.newcomer()))
        for verb, status in (("check-in", "checked_in"), ("completion", "fulfilled")):
            answer = http.post(f"/appointments/{visit['id']}/{verb}")
            assert (answer.status_code, answer.json()["status"]) == (200, status)
        cancelled = desk.book(desk.wish(slot, desk.newcomer())).json()
        answer = http.post(f"/appointments/{cancelled['id']}/cancellation", json={"reason": "pat"})
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")

        def refunded() -> bool:
            payment = http.get(f"/payments/{cancelled['payment']['id']}").json()
            return bool(payment["refunded"] == payment["captured"])

        until(refunded, 15, "the refund was made")

    def test_after_all_of_it_every_law_holds(self, running: Instance) -> None:
        code, said = running.verify()
        assert code == 0, said


def _mailed(http: httpx.Client, appointment_id: str) -> bool:
    found = http.get("/messages", params={"appointment_id": appointment_id, "limit": 50}).json()["items"]
    return any(one["template"] == "booking_confirmation" and one["status"] == "sent" for one in found)


@contextmanager
def signed_in(running: Instance) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.url, follow_redirects=True, timeout=20) as staff:
        page = staff.get("/sign-in")
        token = page.text.split('name="csrf_token" value="')[1].split('"')[0] if "csrf_token" in page.text else ""
        answer = staff.post("/sign-in", data=running.credentials["admin"] | {"csrf_token": token})
        assert answer.status_code == 200, answer.text
        yield staff


def _walk_in(http: httpx.Client, wish: dict[str, Any]) -> dict[str, Any]:
    """Have somebody seen at once, whatever the hour: overbooked."""
    place = {name: value for name, value in wish.items() if name not in {"start", "payment"}}
    answer = http.post("/walk-ins", json=place | {"overbook": {"reason": "an emergency"}})
    assert (answer.status_code, answer.json()["status"]) == (201, "arrived"), answer.text
    found: dict[str, Any] = answer.json()
    return found
