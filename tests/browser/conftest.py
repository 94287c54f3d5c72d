"""One Chromium and one instance for all browser tests."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, StorageState, expect, sync_playwright

from tests.browser.window import Window
from tests.running import Desk, Instance, instance

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_PATIENCE = 20_000
"""Milliseconds until a test gives up waiting for something to appear."""

expect.set_options(timeout=_PATIENCE)


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Start the demo clinic."""
    with instance(tmp_path_factory.mktemp("clinic") / "data") as started:
        yield started


# Of the package, not the session: while it runs, no other event loop can.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Start the Chromium of this machine."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    assert found, "The browser tests need Chromium; bin/test says how to get it."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Make contexts: each is a person with a browser of their own."""
    with ExitStack() as made:

        def make(**options: Any) -> BrowserContext:
            chosen = {"viewport": {"width": 1440, "height": 900}, "timezone_id": "Asia/Colombo", "locale": "en-GB"}
            one = chromium.new_context(**(chosen | {"reduced_motion": "reduce"} | options))
            made.callback(one.close)
            one.set_default_timeout(_PATIENCE)
            return one

        yield make


@pytest.fixture
def window(context: Callable[..., BrowserContext], running: Instance) -> Iterator[Window]:
    """Open a window of somebody who has not signed in; at the end nothing may have gone wrong in it."""
    one = Window(context().new_page(), running)
    yield one
    assert one.complaints == []


@pytest.fixture(scope="package")
def session(chromium: Browser, running: Instance) -> StorageState:
    """Sign in once for all tests that are not about signing in."""
    one = chromium.new_context()
    try:
        first = Window(one.new_page(), running)
        first.open("/")
        first.sign_in()
        first.see_heading("Good")
        return one.storage_state()
    finally:
        one.close()


@pytest.fixture
def newcomer(running: Instance) -> str:
    """Register somebody who has nothing else to do at any time; gives the last name."""
    with running.api() as http:
        found: str = http.get(f"/patients/{Desk(http).newcomer()}").json()["last_name"]
        return found


@pytest.fixture
def desk(context: Callable[..., BrowserContext], running: Instance, session: StorageState) -> Iterator[Window]:
    """Open a window of somebody who is signed in; at the end nothing may have gone wrong in it."""
    one = Window(context(storage_state=session).new_page(), running)
    yield one
    assert one.complaints == []
