"""A whole instance as a newcomer starts it, for journeys, browsers and faults."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil

from careconnect.embedded.ports import pick

LONG = 240
_ASKS = 10
_APART = timedelta(hours=2)


@dataclass
class Instance:
    """A running instance: its folder, and how it is reached."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Where the pages and the REST contract are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def credentials(self) -> dict[str, Any]:
        """How to sign in."""
        found: dict[str, Any] = json.loads((self.folder / "credentials.json").read_text())
        return found

    def api(self, scope: str | None = None) -> httpx.Client:
        """Open a client on the REST contract, with an access token."""
        http = httpx.Client(base_url=f"{self.url}/api/v1", timeout=40)
        http.headers["authorization"] = f"Bearer {self.token(scope)}"
        return http

    def token(self, scope: str | None = None) -> str:
        """Get an access token as the documented API client."""
        known = self.credentials["api_client"]
        form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        answer = httpx.post(
            f"{self.url}/oauth/token", data=form, auth=(known["client_id"], known["client_secret"]), timeout=20
        )
        answer.raise_for_status()
        token: str = answer.json()["access_token"]
        return token

    def pid(self, part: str) -> int:
        """Tell the process of a part."""
        found: int = json.loads((self.folder / "runtime.json").read_text())["parts"][part]["process"]["pid"]
        return found

    def kill(self, part: str) -> None:
        """Kill a part and everything that it started, without a word; of several workers, all that live just now."""
        parts = json.loads((self.folder / "runtime.json").read_text())["parts"]
        for name, known in parts.items():
            if name.partition("_")[0] == part and known["process"]:
                head = psutil.Process(known["process"]["pid"])
                for process in [*head.children(recursive=True), head]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.send_signal(signal.SIGKILL)

    def verify(self) -> tuple[int, str]:
        """Check every law; gives the exit code and what was printed."""
        return run("verify", "--data", str(self.folder))

    def wait_ready(self, seconds: float = 60) -> None:
        """Wait until the edge says that nothing is missing."""
        until(lambda: _ready(f"{self.url}/readyz"), seconds, "the instance is ready")


def run(*arguments: str, timeout: float = LONG) -> tuple[int, str]:
    """Run a command of the command line; gives its exit code and what it printed."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "careconnect.cli", *arguments],
        capture_output=True, text=True, timeout=timeout, check=False, env=clean_environment(),
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def clean_environment() -> dict[str, str]:
    """Give the environment without settings of another instance."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CARECONNECT_")}


@contextmanager
def instance(folder: Path, *options: str) -> Iterator[Instance]:
    """Start an instance on `folder` with ports of its own, and stop it at the end."""
    port, engine = pick(), pick()
    code, said = run(
        "up", "--data", str(folder), "--port", str(port), "--temporal-port", str(engine), "--detach", *options
    )
    assert code == 0, said
    started = Instance(folder, port)
    try:
        _keep_open(started)
        yield started
    finally:
        run("down", "--data", str(folder))


def _keep_open(started: Instance) -> None:
    """Work on public holidays too: what falls on them depends on the day on which the tests run."""
    with started.api() as http:
        policy = http.get("/holiday-policy").json()
        kept = {name: policy[name] for name in ("country", "subdivision", "version")}
        answer = http.put("/holiday-policy", json=kept | {"closed": False})
        assert answer.status_code == httpx.codes.OK, answer.text


def until(true: Callable[[], bool], seconds: float, what: str, left: Callable[[], object] = str) -> None:
    """Wait until something is true; fail with what was waited for, and with what is `left` of it."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what} {left()}"
        time.sleep(0.2)


def _ready(url: str) -> bool:
    try:
        return httpx.get(url, timeout=3).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _somebody() -> dict[str, str]:
    name = f"Newcomer-{uuid4().hex[:10]}"
    contact = {"email": f"{name.lower()}@example.com", "phone": f"+9477{secrets.randbelow(10**7):07}"}
    return {"first_name": "Nimali", "last_name": name, "date_of_birth": "1984-02-29", "gender": "female"} | contact


class Desk:
    """A receptionist's knowledge of the demo clinic, for tests that book."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        types = self._items("/visit-types", limit=200)
        self.paid = next(
            one
            for one in types
            if one["active"] and one["payment_policy"]["kind"] == "full" and one["payment_policy"]["when"] == "booking"
        )
        self.patients = [one["id"] for one in self._items("/patients", limit=200)]
        """Those of the demo clinic, who may have a visit at the time that is wanted."""

    def newcomers(self, count: int) -> list[str]:
        """Register people who have nothing else to do at any time."""
        return [self._made("/patients", _somebody())["id"] for _ in range(count)]

    def newcomer(self) -> str:
        """Register somebody who has nothing else to do at any time."""
        return self.newcomers(1)[0]

    def free(self, count: int, days_ahead: int = 25) -> list[dict[str, Any]]:
        """Find free times that do not overlap each other."""
        moment = datetime.now(UTC) + timedelta(days=days_ahead)
        kept: list[dict[str, Any]] = []
        given: dict[str, list[datetime]] = {}
        for day in range(40):
            start = moment + timedelta(days=day)
            span = {"from": start.isoformat(), "to": (start + timedelta(days=1)).isoformat()}
            for slot in self._items("/slots", visit_type_id=self.paid["id"], limit=200, **span):
                at, others = datetime.fromisoformat(slot["start"]), given.setdefault(slot["consultant_id"], [])
                if all(abs(at - other) >= _APART for other in others):
                    others.append(at)
                    kept.append(slot)
            if len(kept) >= count:
                break
        return kept[:count]

    def wish(self, slot: dict[str, Any], patient: str, token: str = "pm_card_visa") -> dict[str, Any]:  # noqa: S107
        """Say what to book."""
        return {
            "patient_id": patient,
            "consultant_id": slot["consultant_id"],
            "location_id": slot["location_id"],
            "visit_type_id": slot["visit_type_id"],
            "start": slot["start"],
            "payment": {"method": "card", "token": token},
        }

    def book(self, wish: dict[str, Any], key: str | None = None) -> httpx.Response:
        """Book; where it is still being decided, or too many asked in this second, ask the same again."""
        return self._post("/appointments", wish, key)

    def _post(self, path: str, body: dict[str, Any], key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key or str(uuid4())}
        answer = self.http.post(path, json=body, headers=headers)
        for _ in range(_ASKS):
            if answer.status_code not in {httpx.codes.ACCEPTED, httpx.codes.TOO_MANY_REQUESTS}:
                break
            if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                time.sleep(float(answer.headers["retry-after"]))
            answer = self.http.post(path, json=body, headers=headers)
        return answer

    def _made(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._post(path, body)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def _items(self, path: str, **params: Any) -> list[dict[str, Any]]:
        answer = self.http.get(path, params=params)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["items"]
        return found
