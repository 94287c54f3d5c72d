"""Several messages sent together: for each it is as if it were sent by itself."""

from collections.abc import Callable
from typing import Any

from careconnect.config import MailSettings
from careconnect.ids import uuid7
from tests.services.notifications.post import Desk, Postmaster, mail_server, message


def both(**also: Any) -> dict[str, Any]:
    """Say the same words by e-mail and as a short message."""
    alike = message(**also)
    return {"messages": [alike | {"id": str(uuid7()), "channel": channel} for channel in ("email", "sms")]}


async def together(desk: Desk, body: dict[str, Any]) -> dict[str, str]:
    answer = await desk.ask("PUT", "/messages", json=body)
    assert answer.status_code == 200, answer.text
    return {one["channel"]: one["status"] for one in answer.json()}


async def test_both_channels_are_told_once_however_often_it_is_asked(desk: Desk, postmaster: Postmaster) -> None:
    body = both()
    for _ in range(2):
        assert await together(desk, body) == {"email": "sent", "sms": "sent"}
    assert len(postmaster.taken) == 1
    assert (await desk.mail(body["messages"][1]["id"]))["channel"] == "sms"


async def test_who_wants_no_mail_still_gets_the_short_message(desk: Desk) -> None:
    body = both()
    wishes = f"/patients/{body['messages'][0]['patient_id']}/preferences"
    assert (await desk.ask("PUT", wishes, json={"email": False})).status_code == 200
    assert await together(desk, body) == {"email": "skipped", "sms": "sent"}


async def test_one_that_was_sent_before_is_not_sent_with_the_others(desk: Desk, postmaster: Postmaster) -> None:
    body = both()
    mail = dict(body["messages"][0])
    assert (await desk.put(mail, mail.pop("id"))).status_code == 200
    assert await together(desk, body) == {"email": "sent", "sms": "sent"}
    assert len(postmaster.taken) == 1


async def test_a_mail_server_that_is_down_keeps_no_short_message_back(
    desk: Desk, mailing: Callable[[MailSettings], None], mail: MailSettings
) -> None:
    body = both()
    async with mail_server(Postmaster()) as port:
        closed = port
    mailing(mail.model_copy(update={"smtp_port": closed}))
    assert (await desk.ask("PUT", "/messages", json=body)).status_code == 503
    assert [(await desk.ask("GET", f"/messages/{one['id']}")).json()["status"] for one in body["messages"]] == [
        "queued",
        "sent",
    ]
    mailing(mail)
    assert await together(desk, body) == {"email": "sent", "sms": "sent"}
