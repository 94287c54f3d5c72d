"""Somebody at a browser: signed in, reads pages, fills the forms that stand on them."""

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from fastapi import FastAPI

from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.identity import schemas
from services.identity.roles import ALL, Role
from tests.web.clinic import Clinic
from tests.web.conftest import ADDRESS

PASSWORD = "a long enough password"
BROWSER = {"accept": "text/html,application/xhtml+xml", "sec-fetch-site": "same-origin", "origin": ADDRESS}
HTMX = {"hx-request": "true", "accept": "text/html, */*"}


@dataclass
class Found:
    """One form of a page: where it goes, and what its fields hold."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """What a person gets from a page: its words, its links, its forms, what it says is wrong."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.texts: list[str] = []
        self.links: list[str] = []
        self.forms: list[Found] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._hushed = 0
        self._choosing, self._writing, self._first = "", "", False
        self.feed(html)

    @property
    def text(self) -> str:
        """All words, with single spaces."""
        return " ".join(" ".join(self.texts).split())

    def form(self, action: str) -> Found:
        """Find the form that goes to `action`."""
        return next(form for form in self.forms if urlsplit(form.action).path == action)

    def having(self, name: str, value: str | None = None) -> list[dict[str, str]]:
        """List the elements that have an attribute, perhaps with a value."""
        return [said for _, said in self.tags if name in said and value in (None, said[name])]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what counts."""
        said = {name: value or "" for name, value in attrs}
        self.tags.append((tag, said))
        if tag in {"script", "style", "template"}:
            self._hushed += 1
        if tag == "a":
            self.links.append(said.get("href", ""))
        if tag == "form":
            self.forms.append(Found(said.get("action", "")))
        if self.forms:
            self._field(tag, said)

    def handle_endtag(self, tag: str) -> None:
        """Hear again."""
        if tag == "textarea":
            self._writing = ""
        if tag in {"script", "style", "template"}:
            self._hushed -= 1

    def handle_data(self, data: str) -> None:
        """Collect what can be read."""
        if self._writing:
            self.forms[-1].fields[self._writing] += data
        if not self._hushed:
            self.texts.append(data)

    def _field(self, tag: str, said: dict[str, str]) -> None:
        fields, name = self.forms[-1].fields, said.get("name", "")
        if tag == "input" and said.get("type") in {"radio", "checkbox"}:
            if "checked" in said:
                fields[name] = said.get("value", "on")
        elif tag == "input" and name:
            fields[name] = said.get("value", "")
        elif tag in {"select", "textarea"} and name:
            self._choosing, self._first = name, tag == "select"
            self._writing = name if tag == "textarea" else ""
            fields[name] = ""
        elif tag == "option" and ("selected" in said or self._first):
            self._first = False
            fields[self._choosing] = said.get("value", "")


class Desk:
    """A browser whose cookies are one person's."""

    def __init__(self, http: httpx.AsyncClient, clinic: Clinic) -> None:
        self.http = http
        self.clinic = clinic

    @classmethod
    async def open(cls, edge: FastAPI, clinic: Clinic, *roles: Role, consultant_id: UUID | None = None) -> "Desk":
        """Engage somebody with `roles`, who may be a consultant, and sign them in."""
        email = f"{uuid7().hex[-12:]}@clinic.example"
        owner = Actor(id=uuid7(), tenant_id=clinic.tenant_id, kind="staff", scopes=ALL)
        said = {"name": "Ishara Perera", "email": email, "roles": list(roles), "consultant_id": consultant_id}
        details = schemas.StaffWrite.model_validate(said | {"password": PASSWORD})
        await clinic.gateway.identity.create_staff(owner, uuid7(), details)
        desk = cls(browser(edge), clinic)
        answer = await desk.http.post("/sign-in", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return desk

    async def read(self, path: str, *, status: int = 200, part: str | None = None) -> Page:
        """Read a page, or as a script does the part that goes into the element `part`."""
        headers = HTMX | {"hx-target": part} if part is not None else {}
        answer = await self.http.get(path, headers=headers)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:2000]}"
        return Page(answer.text)

    async def send(
        self, page: Page, action: str, typed: dict[str, str] | None = None, *, script: bool = False, **more: str
    ) -> httpx.Response:
        """Fill the form on `page` that goes to `action` and send it."""
        fields = page.form(action).fields | (typed or {}) | more
        return await self.post(page.form(action).action, fields, script=script)

    async def post(self, action: str, fields: dict[str, str], *, script: bool = False) -> httpx.Response:
        """Send fields as they are."""
        return await self.http.post(action, data=fields, headers=HTMX if script else {})

    async def token(self) -> str:
        """Read the CSRF token of a page."""
        return (await self.read("/settings")).having("name", "csrf-token")[0]["content"]


def browser(edge: FastAPI) -> httpx.AsyncClient:
    """Open a browser that nobody is signed in with."""
    transport = httpx.ASGITransport(app=edge, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=BROWSER)


def told(answer: httpx.Response) -> dict[str, Any]:
    """Read what an answer tells the scripts."""
    found: dict[str, Any] = json.loads(answer.headers.get("hx-trigger", "{}"))
    return found


def id_in(address: str) -> str:
    """Take the id out of an address."""
    found = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", address)
    assert found, address
    return found[0]
