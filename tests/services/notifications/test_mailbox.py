"""The local mailbox: a real mail server that keeps each mail once, safely, and shows it to its tenant."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest

from careconnect.config import MailSettings, Settings
from services.notifications.mailbox import Mailbox, serve_mailbox
from tests.services.notifications.post import Desk, message

MAIL = b"Message-ID: <one@example.com>\r\nSubject: =?utf-8?b?4LeA?=\r\n\r\nHello\r\n"


async def hand_over(port: int, raw: bytes) -> tuple[Any, str]:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as server:
        return await server.sendmail("a@example.com", ["b@example.com"], raw)


async def test_a_mail_is_on_disk_in_a_maildir_when_the_server_says_so(mail: MailSettings, maildir: Path) -> None:
    raw = MAIL.replace(b"one@", b"kept@")
    _, answer = await hand_over(mail.smtp_port, raw)
    assert "Kept" in answer
    files = [path for path in (maildir / "new").iterdir() if path.read_bytes() == raw]
    assert len(files) == 1
    assert list((maildir / "tmp").iterdir()) == []


async def test_of_ten_deliveries_of_one_message_id_at_once_one_is_kept(tmp_path: Path) -> None:
    box = Mailbox(tmp_path)
    kept = await asyncio.gather(*(box.keep(MAIL + str(one).encode()) for one in range(10)))
    assert sorted(kept) == [False] * 9 + [True]
    assert len(list((tmp_path / "new").iterdir())) == 1


async def test_mails_without_a_message_id_are_told_apart_by_what_they_say(tmp_path: Path) -> None:
    box = Mailbox(tmp_path)
    one, other = b"Subject: a\r\n\r\nx", b"Subject: b\r\n\r\nx"
    assert [await box.keep(raw) for raw in (one, other, one)] == [True, True, False]


async def test_a_mail_is_found_by_its_message_id(tmp_path: Path) -> None:
    box = Mailbox(tmp_path)
    await box.keep(MAIL)
    found = await box.find("<one@example.com>")
    assert found is not None
    assert found.mail["Subject"] == "\u0dc0"
    assert await box.find("<two@example.com>") is None
    assert await box.find("../../etc/passwd") is None


async def test_a_mailbox_that_cannot_be_written_asks_to_come_back(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    spoilt = MailSettings(smtp_port=0, mailbox=tmp_path / "file")
    async with serve_mailbox(settings.model_copy(update={"mail": spoilt})) as port:
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await hand_over(port, MAIL)
    assert refused.value.code == 451


async def test_without_a_folder_there_is_no_mail_server(settings: Settings) -> None:
    with pytest.raises(ValueError, match="CARECONNECT_MAIL__MAILBOX"):
        async with serve_mailbox(settings):
            pass


async def test_a_taken_port_is_told_at_once(settings: Settings, mail: MailSettings) -> None:
    with pytest.raises(OSError, match=r"address already in use|in use"):
        async with serve_mailbox(settings.model_copy(update={"mail": mail})):
            pass


async def test_staff_open_their_mails_newest_first_and_page_through_them(desk: Desk) -> None:
    sent = [await desk.send(channel=channel) for channel in ("email", "sms", "email")]
    assert [mail["message_id"] for mail in await desk.mails()] == [one["id"] for one in reversed(sent)]
    first = (await desk.ask("GET", "/mailbox", params={"limit": 2})).json()
    rest = (await desk.ask("GET", "/mailbox", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [one["message_id"] for one in first["items"] + rest["items"]] == [one["id"] for one in reversed(sent)]
    assert rest["next_cursor"] is None


async def test_a_mail_shows_both_its_bodies_as_text(desk: Desk) -> None:
    sent = await desk.send()
    mail = await desk.mail(sent["id"])
    assert mail["subject"] == "Reminder: your appointment on Tuesday, 1 December 2026 at 09:30"
    assert mail["text"].startswith("Dear Nimal Perera,\n")
    assert "<p" in mail["html"]
    assert "\r" not in mail["text"] + mail["html"]


@pytest.mark.parametrize("key", ["x", "..", "%2e%2e%2fetc", "{id}", "{id}.0", "{id}.99999", "{id}.x"])
async def test_a_key_of_another_form_is_refused(desk: Desk, key: str) -> None:
    answer = await desk.ask("GET", f"/mailbox/{key.format(id=message()['patient_id'])}")
    assert answer.status_code in {404, 422}


async def test_a_delivery_that_never_was_is_not_found(desk: Desk) -> None:
    sent = await desk.send()
    answer = await desk.ask("GET", f"/mailbox/{sent['id']}.2")
    assert (answer.status_code, answer.json()["code"]) == (404, "mail_not_found")


async def test_an_installation_with_a_mail_server_of_its_own_has_no_mailbox(
    desk: Desk, mailing: Callable[[MailSettings], None], mail: MailSettings
) -> None:
    mailing(mail.model_copy(update={"mailbox": None}))
    answer = await desk.ask("GET", "/mailbox")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_mailbox")


async def test_nobody_else_on_the_machine_reads_the_mailbox(desk: Desk, maildir: Path) -> None:
    await desk.send()
    if os.name == "posix":
        assert {oct((maildir / name).stat().st_mode & 0o777) for name in ("tmp", "new", "cur")} == {"0o700"}
