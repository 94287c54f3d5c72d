"""The queue of today: who walks in, and each step on the board with its undoing."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk, Page, id_in, told


@pytest.fixture
async def own(edge: FastAPI, http: httpx.AsyncClient) -> Clinic:
    """Begin an organisation whose consultant nobody else keeps busy."""
    return await Clinic.begin(edge, http)


def cards(page: Page) -> dict[str, str]:
    """Tell in which column each appointment stands, by id."""
    found, column = {}, ""
    for _, said in page.tags:
        if said.get("id", "").startswith("queue-"):
            column = said["id"].removeprefix("queue-")
        if said.get("id", "").startswith("card-"):
            found[said["id"].removeprefix("card-")] = column
    return found


async def test_who_walks_in_is_queued_with_whoever_is_free_and_the_next_one_hears_when(
    edge: FastAPI, own: Clinic
) -> None:
    desk = await Desk.open(edge, own, "front_desk")
    form = await desk.read("/walk-ins/new", part="dialogs")
    assert "free now · nobody waits" in form.text
    nobody = await desk.send(form, "/walk-ins", script=True)
    assert nobody.status_code == 422
    assert Page(nobody.text).having("id", "walk-in-patient_id-error")
    first = await desk.send(form, "/walk-ins", script=True, patient_id=await own.patient())
    assert first.headers["hx-redirect"] == "/queue"
    board = await desk.read("/queue")
    assert list(cards(board).values()) == ["arrived"]
    assert "Registered: number 1 in the queue" in board.text
    again = await desk.read("/walk-ins/new", part="dialogs")
    assert "free at" in again.text
    assert "1 waits" in again.text
    refused = await desk.send(again, "/walk-ins", script=True, patient_id=await own.patient())
    said = Page(refused.text)
    assert refused.status_code == 409
    assert not said.having("name", "overbook_reason"), "the front desk may not overbook"
    assert (await desk.send(said, "/walk-ins", script=True, overbook_reason="Bleeding")).status_code == 403
    later = [one for one in said.links if one.startswith("/appointments/new?") and "slot=" in one]
    assert "patient_id=" in later[0]
    owner = await Desk.open(edge, own, "owner")
    form = await owner.read("/walk-ins/new", part="dialogs")
    form = Page((await owner.send(form, "/walk-ins", script=True, patient_id=await own.patient())).text)
    both = await owner.send(form, "/walk-ins", script=True, overbook_reason="Bleeding")
    assert both.headers["hx-redirect"] == "/queue"
    assert list(cards(await owner.read("/queue")).values()) == ["arrived", "arrived"]


async def test_who_may_still_come_is_not_offered_as_a_no_show(
    edge: FastAPI, own: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await Desk.open(edge, own, "front_desk")
    body = {"patient_id": await own.patient(), "consultant_id": own.consultant, "visit_type_id": own.desk_visit}
    answer = (await own.post("/walk-ins", json=body)).json()
    assert (await own.ask("DELETE", f"/appointments/{answer['id']}/arrival")).status_code == 200

    async def offered() -> set[str]:
        board = await desk.read("/queue", part="board")
        return {form.action.rpartition("/")[2] for form in board.forms if answer["id"] in form.action}

    assert await offered() == {"arrival", "check-in", "no-show"}
    start = datetime.fromisoformat(answer["start"])
    monkeypatch.setattr("careconnect.clock.now", lambda: start - timedelta(seconds=1))
    assert await offered() == {"arrival", "check-in"}


async def test_each_step_moves_a_patient_on_the_board_and_back(edge: FastAPI, own: Clinic) -> None:
    desk = await Desk.open(edge, own, "front_desk")
    body = {"patient_id": await own.patient(), "consultant_id": own.consultant, "visit_type_id": own.desk_visit}
    key = await own.made("/walk-ins", body)
    board = await desk.read("/queue", part="board")

    async def move(step: str, board: Page) -> tuple[Page, Any]:
        answer = await desk.http.post(
            f"/queue/{key}/{step}",
            data=board.form(f"/queue/{key}/{step}").fields,
            headers={"hx-request": "true", "hx-target": "board"},
        )
        return Page(answer.text), told(answer)["toast"]

    for step, column in (("check-in", "checked_in"), ("consultation", "with_consultant"), ("completion", "fulfilled")):
        board, toast = await move(step, board)
        assert cards(board)[key] == column
        assert id_in(toast["undo"]) == key
    back = await desk.post(toast["undo"], {"csrf_token": await desk.token()})
    assert back.headers["location"] == "/queue"
    assert cards(await desk.read("/queue"))[key] == "with_consultant"
    stale = await desk.http.post(f"/queue/{key}/no-show", data=board.forms[0].fields if board.forms else {
        "csrf_token": await desk.token()
    }, headers={"hx-request": "true", "hx-target": "board"})  # fmt: skip
    assert stale.status_code == 409
    assert told(stale)["toast"]["tone"] == "red"
    auditor = await Desk.open(edge, own, "auditor")
    seen = await auditor.read("/queue")
    assert cards(seen)[key] == "with_consultant"
    assert not [form for form in seen.forms if form.action.startswith("/queue/")]
    assert (await auditor.http.get("/walk-ins/new")).status_code == 403
