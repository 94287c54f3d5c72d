"""Price lists on the settings' page, and what a booking's offer says of its price."""

from fastapi import FastAPI

from careconnect.ids import uuid7
from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk, Page


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


async def payer(clinic: Clinic, name: str) -> str:
    return await clinic.made("/payers", {"name": name, "code": uuid7().hex[-12:]})


async def test_a_payers_price_is_chosen_by_name_and_seen_beside_the_visit_type(owner: Desk, clinic: Clinic) -> None:
    key = await payer(clinic, "Ceylon Mutual")
    page = await owner.read("/settings/prices")
    wanted = {"visit_type_id": clinic.paid_visit, "payer_id": key, "price": "2,750.00"}
    assert (await owner.send(page, "/settings/prices", wanted)).status_code == 303
    page = await owner.read(f"/settings/prices?visit_type_id={clinic.paid_visit}")
    assert "Ceylon Mutual" in page.text
    assert "2,750.00" in page.text
    assert "Ceylon Mutual: LKR 2,750.00" in (await owner.read(f"/settings/visit-types/{clinic.paid_visit}")).text
    elsewhere = await owner.read(f"/settings/prices?visit_type_id={clinic.desk_visit}")
    assert "2,750.00" not in elsewhere.text
    (entered,) = [one for one in (await clinic.get("/price-lists")).json()["items"] if one["payer_id"] == key]
    assert entered["price"] == {"amount": 275000, "currency": "LKR"}


async def test_a_price_is_changed_in_its_dialog(owner: Desk, clinic: Clinic) -> None:
    first, second = await payer(clinic, "First Mutual"), await payer(clinic, "Second Mutual")
    row = {"visit_type_id": clinic.paid_visit, "payer_id": first, "price": {"amount": 100000, "currency": "LKR"}}
    price = await clinic.made("/price-lists", row)
    path = f"/settings/prices/{price}"
    page = await owner.read(path)
    assert page.form(path).fields["payer_id"] == first
    assert page.form(path).fields["price"] == "1000.00"
    wrong = await owner.send(page, path, price="much", valid_from="2027-01-01")
    assert wrong.status_code == 422
    assert Page(wrong.text).having("id", "price-price-error")
    unknown = await owner.send(page, path, payer_id=str(uuid7()))
    assert Page(unknown.text).having("id", "price-payer_id-error")
    done = await owner.send(page, path, payer_id=second, price="1,200", valid_from="2027-01-01")
    assert done.status_code == 303
    kept = (await clinic.get(f"/price-lists/{price}")).json()
    assert (kept["payer_id"], kept["price"]["amount"], kept["valid_from"]) == (second, 120000, "2027-01-01")
    stale = await owner.send(page, path, price="1,300")
    assert stale.status_code == 409
    assert "Somebody else has changed this meanwhile" in Page(stale.text).text


async def test_a_clinician_sees_prices_without_the_names_of_payers(edge: FastAPI, clinic: Clinic) -> None:
    key = await payer(clinic, "Hidden Mutual")
    row = {"visit_type_id": clinic.desk_visit, "payer_id": key, "price": {"amount": 1, "currency": "LKR"}}
    await clinic.made("/price-lists", row)
    clinician = await Desk.open(edge, clinic, "clinician")
    page = await clinician.read("/settings/prices")
    assert "One payer" in page.text
    assert "Hidden Mutual" not in page.text
    assert (await clinician.http.get("/options/payers")).status_code == 403
