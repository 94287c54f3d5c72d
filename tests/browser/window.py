"""A browser window on a running instance that notes everything it should not see."""

import json
import re
from collections.abc import Iterable

from playwright.sync_api import ConsoleMessage, Page, Response, expect

from tests.running import Instance

_STATUS = re.compile(r"the server responded with a status of (\d{3})")


class Window:
    """One page of one browser context.

    `complaints` are errors and warnings of the console, uncaught errors of scripts, failed requests of the server,
    and pages without the strict policy. Refusals that a test asks for are named in `expected`.
    """

    def __init__(self, page: Page, running: Instance, expected: Iterable[int] = ()) -> None:
        self.page = page
        self.url = running.url
        self.staff: dict[str, str] = running.credentials["admin"]
        self.expected = set(expected)
        self.complaints: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", self._answered)

    def open(self, path: str) -> None:
        """Open a page by its address."""
        self.page.goto(f"{self.url}{path}")

    def go(self, name: str, heading: str | re.Pattern[str] = "") -> None:
        """Open a screen from the navigation, as a person does."""
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()
        self.see_heading(heading or name)

    def sign_in(self) -> None:
        """Sign in on the page that asks for it."""
        self.page.get_by_label("E-mail").fill(self.staff["email"])
        self.page.get_by_label("Password").fill(self.staff["password"])
        self.page.get_by_role("button", name="Sign in").click()

    def see_heading(self, words: str | re.Pattern[str]) -> None:
        """Wait until the page has this heading."""
        expect(self.page.get_by_role("heading", level=1, name=words)).to_be_visible()

    def quiet(self) -> None:
        """Wait until no part of the page is being fetched."""
        expect(self.page.locator("html.working")).to_have_count(0)
        expect(self.page.locator(".htmx-request")).to_have_count(0)

    def _said(self, message: ConsoleMessage) -> None:
        refused = _STATUS.search(message.text)
        if message.type not in {"error", "warning"} or (refused and int(refused[1]) in self.expected):
            return
        self.complaints.append(f"{self.page.url}: {message.type}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.complaints.append(f"{response.request.method} {response.url}: {response.status}")
        if response.request.resource_type == "document" and response.status not in range(300, 400):
            policy = response.headers.get("content-security-policy", "")
            strict = "script-src 'self';" in policy and "style-src 'self';" in policy and "unsafe" not in policy
            if not strict:
                self.complaints.append(f"{response.url}: content security policy {json.dumps(policy)}")
