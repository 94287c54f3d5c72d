"""Payment links on the invoice's page: made, scanned, mailed and closed."""

import xml.etree.ElementTree as ET

from tests.web.clinic import Clinic, eventually
from tests.web.pages.desk import Desk, id_in
from tests.web.pages.test_receipts import owed


async def test_a_link_is_made_once_scanned_mailed_and_closed(clinic: Clinic, front_desk: Desk) -> None:
    invoice = await owed(clinic)
    home = f"/billing/invoices/{invoice}"
    page = await front_desk.read(home)
    made = [await front_desk.send(page, f"{home}/links") for _ in range(2)]
    assert made[0].headers["location"] == made[1].headers["location"]
    shown = await front_desk.read(made[0].headers["location"])
    link = id_in(made[0].headers["location"].rpartition("/")[2])
    [address] = [one["value"] for one in shown.having("id", "link-address")]
    code = shown.html[shown.html.index("<svg width") : shown.html.index("</svg>", shown.html.index("<svg width")) + 6]
    drawn = ET.fromstring(code)  # noqa: S314 - our own page
    assert drawn.find("title") is not None
    assert "style" not in code
    assert "script" not in code
    assert (await front_desk.http.get(address)).status_code == 200

    for _ in range(2):
        sent = await front_desk.send(shown, f"{home}/links/{link}/mail")
        assert sent.headers["location"] == home
    page = await eventually(lambda: front_desk.read(home), lambda page: "Sent" in page.text)
    [message] = [one for one in page.links if one.startswith("/messages/") and "mailbox" not in one]
    assert address in (await front_desk.read(message)).text

    assert (await front_desk.send(shown, f"{home}/links/{link}/closing")).headers["location"] == home
    assert "Closed" in (await front_desk.read(home)).text
    assert "any more" in (await front_desk.read(f"{home}/links/{link}")).text


async def test_a_link_closes_when_its_invoice_is_paid_otherwise(clinic: Clinic, owner: Desk) -> None:
    invoice = await owed(clinic)
    link = (await clinic.post("/payments/links", json={"invoice_id": invoice})).json()
    cash = {"invoice_id": invoice, "method": "cash", "amount": link["amount"]}
    assert (await clinic.post("/payments", json=cash)).status_code == 201
    listed = (await clinic.get("/payments/links", params={"invoice_id": invoice})).json()["items"]
    assert [one["status"] for one in listed] == ["closed"]
    assert (await clinic.post(f"/payments/links/{link['id']}/closing")).json()["status"] == "closed"
    assert "Closed" in (await owner.read(f"/billing/invoices/{invoice}")).text
