"""Signed links: what was signed comes back whole, and nothing else is let in."""

import base64
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from careconnect.config import Settings, TemporalSettings, WebSettings
from careconnect.ids import uuid7
from careconnect.links import LinkExpired, LinkInvalid, SignedLinks

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def links(file: Path, *keys: bytes) -> SignedLinks:
    """Make an installation's links."""
    file.write_text("\n".join(base64.urlsafe_b64encode(key).decode() for key in keys))
    web = WebSettings(public_url="https://clinic.example/")
    return SignedLinks(Settings(environment="test", temporal=TemporalSettings(codec_key_file=file), web=web))


@pytest.fixture
def ours(tmp_path: Path) -> SignedLinks:
    return links(tmp_path / "key", bytes(32))


@time_machine.travel(NOW, tick=False)
def test_what_was_signed_comes_back_until_its_moment(ours: SignedLinks) -> None:
    tenant, subject, expires = uuid7(), uuid7(), NOW + timedelta(hours=1)
    token = ours.make(tenant, "appointment", subject, expires, data={"step": "1"})
    link = ours.open(token, "appointment")
    assert (link.tenant_id, link.purpose, link.subject, link.expires) == (tenant, "appointment", subject, expires)
    assert link.data == {"step": "1"}
    assert ours.make(tenant, "appointment", subject, expires, data={"step": "1"}) == token
    assert ours.address("appointment", token) == f"https://clinic.example/p/appointment/{token}"
    assert len(ours.make(tenant, "appointment", subject, expires)) < 75
    with time_machine.travel(expires, tick=False), pytest.raises(LinkExpired):
        ours.open(token, "appointment")


def test_no_other_purpose_no_other_key_and_no_changed_character_opens_it(ours: SignedLinks, tmp_path: Path) -> None:
    token = ours.make(uuid7(), "appointment", uuid7(), datetime.now(UTC) + timedelta(days=1), data={"a": "b"})
    with pytest.raises(LinkInvalid):
        ours.open(token, "payment")
    with pytest.raises(LinkInvalid):
        links(tmp_path / "other", os.urandom(32)).open(token, "appointment")
    for place in range(len(token)):
        for mark in "AB_=":
            changed = token[:place] + mark + token[place + 1 :]
            if changed != token:
                with pytest.raises(LinkInvalid):
                    ours.open(changed, "appointment")
    for nonsense in ("", "x", "é" * 80, token + "=", token + "A", token[:-1]):
        with pytest.raises(LinkInvalid):
            ours.open(nonsense, "appointment")


def test_a_new_key_signs_while_the_older_one_still_verifies(tmp_path: Path) -> None:
    old, new = os.urandom(32), os.urandom(32)
    expires = datetime.now(UTC) + timedelta(days=1)
    before = links(tmp_path / "a", old).make(uuid7(), "appointment", uuid7(), expires)
    rotated = links(tmp_path / "b", new, old)
    assert rotated.open(before, "appointment")
    with pytest.raises(LinkInvalid):
        links(tmp_path / "c", old).open(rotated.make(uuid7(), "appointment", uuid7(), expires), "appointment")
