"""Whatever the mail server or this service does, a message ends where it belongs, and none is lost or doubled."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from careconnect.config import MailSettings
from careconnect.ids import uuid7
from services.notifications.channels import smtp
from services.notifications.delivery import Delivery
from services.notifications.models import LEASE, PATIENCE
from tests.services.notifications.post import Desk, Postmaster, mail_server, message

JUST_AFTER = timedelta(seconds=1)


async def status(desk: Desk, message_id: object) -> dict[str, Any]:
    said: dict[str, Any] = (await desk.ask("GET", f"/messages/{message_id}")).json()
    return said


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"recipient": "550 5.1.1 nobody here"}, "refused_550"),
        ({"recipient": "553 no"}, "refused_553"),
        ({"data": "554 5.6.0 not that"}, "refused_554"),
    ],
)
async def test_what_the_server_refuses_for_good_has_failed_and_is_not_tried_again(
    desk: Desk, postmaster: Postmaster, answers: dict[str, str], reason: str
) -> None:
    for field, answer in answers.items():
        setattr(postmaster, field, answer)
    body, key = message(), uuid7()
    for _ in range(2):
        said = (await desk.put(body, key)).json()
        assert (said["status"], said["failure"], said["attempts"]) == ("failed", reason, 1)
    assert postmaster.asked == 1


@pytest.mark.parametrize("answers", [{"recipient": "451 4.2.1 later"}, {"data": "452 4.3.1 full"}])
async def test_what_the_server_puts_off_is_503_kept_and_sent_by_the_same_call_later(
    desk: Desk, postmaster: Postmaster, answers: dict[str, str]
) -> None:
    for field, answer in answers.items():
        setattr(postmaster, field, answer)
    body, key = message(), uuid7()
    put_off = await desk.put(body, key)
    assert (put_off.status_code, put_off.json()["code"]) == (503, "unavailable")
    assert int(put_off.headers["retry-after"]) > 0
    waiting = await status(desk, key)
    assert (waiting["status"], waiting["attempts"]) == ("queued", 1)
    assert waiting["failure"].startswith("deferred_45")
    postmaster.recipient = postmaster.data = "250 OK"
    sent = (await desk.put(body, key)).json()
    assert (sent["status"], sent["attempts"], sent["failure"]) == ("sent", 2, None)
    assert len(postmaster.taken) == 1


async def test_a_server_that_is_not_there_is_503_until_there_is_no_point_any_more(
    desk: Desk, mailing: Callable[[MailSettings], None], after: Callable[[timedelta], Any]
) -> None:
    async with mail_server(Postmaster()) as port:
        pass
    mailing(MailSettings(smtp_port=port))
    body, key = message(), uuid7()
    assert (await desk.put(body, key)).status_code == 503
    with after(PATIENCE + JUST_AFTER):
        said = (await desk.put(body, key)).json()
    assert (said["status"], said["failure"]) == ("failed", "unreachable")


async def test_a_server_that_never_says_a_word_is_503(
    desk: Desk, mailing: Callable[[MailSettings], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "PHASE", 0.1)
    done = asyncio.Event()

    async def listen(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        mailing(MailSettings(smtp_port=server.sockets[0].getsockname()[1]))
        body, key = message(), uuid7()
        assert (await desk.put(body, key)).status_code == 503
        done.set()
    assert (await status(desk, key))["failure"] == "unreachable"


async def test_a_wrong_password_for_the_mail_server_is_not_blamed_on_the_patient(
    desk: Desk, mailing: Callable[[MailSettings], None]
) -> None:
    async with mail_server(Postmaster()) as port:
        mailing(MailSettings(smtp_port=port, smtp_username="u", smtp_password="p"))
        body, key = message(), uuid7()
        assert (await desk.put(body, key)).status_code == 503
    assert (await status(desk, key))["failure"] == "unreachable"


async def test_an_address_that_the_server_cannot_write_has_failed(
    desk: Desk, mailing: Callable[[MailSettings], None]
) -> None:
    async with mail_server(Postmaster(), unicode_addresses=False) as port:
        mailing(MailSettings(smtp_port=port))
        sent = await desk.send(recipient={"name": "N", "email": "නිමල්@example.com"})
    assert (sent["status"], sent["failure"]) == ("failed", "address_not_supported")


async def test_without_an_sms_provider_a_short_message_has_failed_and_says_why(
    desk: Desk, mailing: Callable[[MailSettings], None], mail: MailSettings
) -> None:
    mailing(mail.model_copy(update={"mailbox": None}))
    sent = await desk.send(channel="sms")
    assert (sent["status"], sent["failure"]) == ("failed", "no_provider")


async def test_a_crash_after_the_server_took_the_mail_does_not_lose_it_and_the_mailbox_keeps_it_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, after: Callable[[timedelta], Any]
) -> None:
    body, key = message(), uuid7()

    async def crash(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(Delivery, "_note", crash)
        assert (await desk.put(body, key)).status_code >= 500
    assert (await status(desk, key))["status"] == "queued"
    assert (await desk.put(body, key)).status_code == 503, "somebody may still be delivering it"
    with after(LEASE + JUST_AFTER):
        sent = (await desk.put(body, key)).json()
    assert (sent["status"], sent["attempts"]) == ("sent", 2)
    assert [mail["key"] for mail in await desk.mails()] == [f"{key}.1"]


async def test_a_message_sent_once_more_is_a_second_mail(desk: Desk) -> None:
    sent = await desk.send()
    again = (await desk.ask("POST", f"/messages/{sent['id']}/resending", json={"version": sent["version"]})).json()
    assert (again["status"], again["attempts"]) == ("sent", 2)
    assert [mail["key"] for mail in await desk.mails()] == [f"{sent['id']}.2", f"{sent['id']}.1"]


async def test_a_second_click_on_sending_once_more_is_refused(desk: Desk) -> None:
    sent = await desk.send()
    path, body = f"/messages/{sent['id']}/resending", {"version": sent["version"]}
    assert (await desk.ask("POST", path, json=body)).status_code == 200
    second = await desk.ask("POST", path, json=body)
    assert (second.status_code, second.json()["code"]) == (409, "version_conflict")
    assert len(await desk.mails()) == 2


async def test_a_failed_message_goes_to_the_corrected_address(desk: Desk, postmaster: Postmaster) -> None:
    postmaster.recipient = "550 nobody"
    failed = await desk.send()
    postmaster.recipient = "250 OK"
    corrected = {"recipient": {"name": "Nimal Perera", "email": "right@example.com"}}
    sent = (await desk.ask("POST", f"/messages/{failed['id']}/resending", json=corrected)).json()
    assert (sent["status"], sent["failure"]) == ("sent", None)
    assert (await status(desk, failed["id"]))["recipient"] == "Nimal Perera <right@example.com>"
    assert b"right@example.com" in postmaster.taken[0]


async def test_nothing_is_sent_once_more_to_nobody(desk: Desk) -> None:
    skipped = await desk.send(recipient={"name": "Nimal"})
    answer = await desk.ask("POST", f"/messages/{skipped['id']}/resending", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_address")
