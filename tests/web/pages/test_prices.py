"""Price lists on the settings' page, and what a booking's offer says of its price."""

from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk


async def test_a_price_is_entered_seen_and_removed(owner: Desk, clinic: Clinic) -> None:
    page = await owner.read("/settings/prices")
    wanted = {"visit_type_id": clinic.desk_visit, "consultant_id": clinic.consultant, "price": "1,234.50"}
    done = await owner.send(page, "/settings/prices", wanted)
    assert done.status_code == 303
    listed = (await clinic.get("/price-lists")).json()["items"]
    (entered,) = [one for one in listed if one["price"]["amount"] == 123450]
    page = await owner.read("/settings/prices")
    assert "1,234.50" in page.text
    await owner.send(page, f"/settings/prices/{entered['id']}/removal")
    assert (await clinic.get(f"/price-lists/{entered['id']}")).status_code == 404


async def test_a_price_that_makes_no_sense_comes_back_with_what_is_wrong(owner: Desk) -> None:
    page = await owner.read("/settings/prices")
    answer = await owner.send(page, "/settings/prices", visit_type_id="", price="nothing")
    assert answer.status_code == 422
    assert "nothing" in answer.text  # nothing typed is lost
